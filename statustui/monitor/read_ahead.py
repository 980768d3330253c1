"""Read very many new runs in processes beside this one, which makes something of them meanwhile."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

import statustui
from statustui.core.reading import PackedSignature
from statustui.core.run import RunDir
from statustui.monitor.counted_runs import CountedRuns
from statustui.monitor.outlined_run import OutlinedRun
from statustui.monitor.reader_process import Answers, Extent, request
from statustui.monitor.snapshot import RunSnapshot
from statustui.scheduler.processes import reap_later

_MANY_RUNS = 5000
"""Runs for which processes are started."""
_FIRST_RUNS = 1000
"""Those of them that are read here meanwhile."""
_BLOCK = 128
"""Runs that a process is asked for at a time: so few that it is never silent for long."""
_FEW = 16
"""Runs that are read here while no answer has come: so few that it need not wait for long."""
_DEPTH = 4
"""Blocks that each process is asked for ahead."""
_LEAST_CAPACITY = 1 << 14
"""Bytes that a pipe takes where it cannot be asked."""
_PROGRAM = """\
import gc, sys
gc.disable()
sys.path.append(sys.argv[1])
from statustui.monitor.reader_process import serve
serve(open(0, "rb"), open(1, "wb"), sys.argv[2])
"""


class Known(NamedTuple):
    """What is known of runs, so that those that are as they were need not be read."""

    signatures: Callable[[Sequence[RunDir]], Sequence[PackedSignature | None]]
    """Returns the signatures that the status files of some runs had; None for a run to be read."""
    device: int | None = None
    """Number of the device that these files were on; None if that does not matter."""


_NOTHING_KNOWN = Known(lambda places: [None] * len(places))


def read_ahead(  # noqa: PLR0913 - those who ask differ in each
    places: Iterable[RunDir],
    spare: threading.Semaphore,
    extent: Extent,
    count: Callable[[CountedRuns], object] = lambda _runs: None,
    *,
    known: Known = _NOTHING_KNOWN,
    is_helping: bool = False,
) -> Generator[Sequence[OutlinedRun | RunSnapshot | RunDir], None, None]:
    """Read runs in other processes if there are very many.

    Args:
        places: Where the runs are, those of one root.
        spare: How many more processes may be started, for all roots together.
        extent: How to read them.
        count: Takes those that are only to be counted, and those that are as they were.
        known: What is known of them.
        is_helping: Whether whoever asks reads some of them meanwhile, on a processor of its own.

    Yields:
        Some after the others of those that are not counted, in their order unless `is_helping`; in
        place of a run, where it is, if whoever asks has to read it.
    """
    places = iter(places)
    first = list(islice(places, _MANY_RUNS))
    is_many = len(first) == _MANY_RUNS
    processors = _processors()
    most = processors - is_helping if processors > 1 else 0
    own, rest = first[:_FIRST_RUNS], chain(first[_FIRST_RUNS:], places)
    readers = _Readers(spare, most if is_many else 0, lambda: _Reader(extent, count, known))
    asked = _Asked(rest, readers)
    try:
        while own:
            asked.ask_more()
            yield from (own[start : start + _FEW] for start in range(0, len(own), _FEW))
            yield from asked.take(is_helping=is_helping)
            own = list(islice(rest, _BLOCK))
    finally:
        readers.end()


class _Reader:
    """A process that reads runs.

    Args:
        extent: As `read_ahead` has it.
        count: The same.
        known: The same.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(
        self, extent: Extent, count: Callable[[CountedRuns], object], known: Known
    ) -> None:
        self._known = known
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            asked, asking = _pipe(theirs, ours)
            answers, answering = _pipe(ours, theirs)
            self._max_bytes = _capacity(asking) // _DEPTH
            """Bytes of a request, such that writing as many as are asked ahead waits for nobody."""
            self._pid = _spawn(asked, answering, extent)
            ours.pop_all()
        self._requests: BinaryIO = os.fdopen(asking, "wb")
        # Without a buffer, from which it could not be told whether there is an answer.
        self._stream = os.fdopen(answers, "rb", buffering=0)
        self._answers = Answers(self._stream, extent, count)
        self.is_lost = False
        """Whether it answers no more, or not as it should."""

    def ask(self, places: Sequence[RunDir]) -> bool:
        """Ask for the runs at some places; return whether that was possible."""
        data = request(places, self._known.signatures(places), self._known.device)
        if self.is_lost or len(data) > self._max_bytes:
            return False
        try:
            self._requests.write(data)
            self._requests.flush()
        except OSError:
            self.is_lost = True
        return not self.is_lost

    def fileno(self) -> int:
        """Return the descriptor from which the answers come."""
        return self._stream.fileno()

    def answer(self, places: list[RunDir]) -> Sequence[OutlinedRun | RunSnapshot | RunDir]:
        """Return the runs that were asked for next, or their places, but for what is counted."""
        if not self.is_lost:
            try:
                return self._answers.next(places)
            except (EOFError, OSError, LookupError, TypeError, ValueError, struct.error):
                self.is_lost = True
        return places

    def end(self) -> None:
        """Let the process end, which it does when nobody asks it or reads from it any more."""
        for stream in (self._requests, self._stream):
            with contextlib.suppress(OSError):
                stream.close()
        # It may sleep in the kernel, in a file call.
        reap_later(partial(_wait_for, self._pid), self._pid)


class _Readers:
    """The processes that read runs of one root.

    Args:
        spare: How many more may be started, for all roots together.
        most: How many to start at most.
        start: Starts one; raises `OSError` if that is not possible.
    """

    def __init__(self, spare: threading.Semaphore, most: int, start: Callable[[], _Reader]) -> None:
        self._spare = spare
        self._most = most
        self._start = start
        self._all: list[_Reader] = []

    def add(self) -> _Reader | None:
        """Start one more, and return it; None if there are as many as may be."""
        if len(self._all) >= self._most or not self._spare.acquire(blocking=False):
            return None
        try:
            self._all.append(self._start())
        except OSError:
            self._spare.release()
            self._most = 0
            return None
        return self._all[-1]

    def end(self) -> None:
        """Let all of them end."""
        for reader in self._all:
            reader.end()
            self._spare.release()


class _Asked:
    """What was asked of processes, in the order in which it is wanted.

    Args:
        places: Where the runs are.
        readers: The processes.
    """

    def __init__(self, places: Iterator[RunDir], readers: _Readers) -> None:
        self._places = places
        self._readers = readers
        self._blocks: deque[tuple[_Reader, list[RunDir], bool]] = deque()
        self._is_exhausted = False
        """Whether there is nothing left to ask for."""

    def ask_more(self) -> None:
        """Ask one more process, if one is spare: that of another root may be by now."""
        reader = None if self._is_exhausted else self._readers.add()
        if reader is not None:
            for _ in range(_DEPTH):
                self._ask(reader)

    def _ask(self, reader: _Reader) -> None:
        places = list(islice(self._places, _BLOCK))
        self._is_exhausted = len(places) < _BLOCK
        if places:
            self._blocks.append((reader, places, reader.ask(places)))

    def _find_ready(self) -> int | None:
        """Return which block can be taken at once, whoever reads it; None if there is none."""
        earliest: dict[int, int] = {}
        poll = select.poll()
        for number, (reader, _places, is_asked) in enumerate(self._blocks):
            if reader.is_lost or not is_asked:
                return number
            if reader.fileno() not in earliest:
                earliest[reader.fileno()] = number
                poll.register(reader, select.POLLIN)
        # That a process has ended is an answer, too.
        answered = poll.poll(0)
        return earliest[answered[0][0]] if answered else None

    def take(self, *, is_helping: bool) -> Iterator[Sequence[OutlinedRun | RunSnapshot | RunDir]]:
        """Yield what has been asked for, and ask for more meanwhile.

        Args:
            is_helping: Whether to yield the places of others while there is no answer.
        """
        while self._blocks:
            self.ask_more()
            number = self._find_ready() if is_helping else 0
            if number is None:
                others = list(islice(self._places, _FEW))
                # Of what is left at the end, the last comes last to whoever was asked for it.
                yield others or self._blocks.pop()[1]
                continue
            reader, places, is_asked = self._blocks[number]
            del self._blocks[number]
            found = reader.answer(places) if is_asked else places
            self._ask(reader)
            yield found


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _pipe(reading: contextlib.ExitStack, writing: contextlib.ExitStack) -> tuple[int, int]:
    """Return the ends of a pipe, each of which is closed with its stack."""
    ends = os.pipe()
    reading.callback(os.close, ends[0])
    writing.callback(os.close, ends[1])
    return ends


def _capacity(descriptor: int) -> int:
    """Return how many bytes a pipe takes before writing waits."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ)
    except (AttributeError, OSError):
        return _LEAST_CAPACITY


def _wait_for(pid: int) -> None:
    # Whoever has started this program may have it ignore the ends of processes.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _spawn(requests: int, answers: int, extent: Extent) -> int:
    """Start a process, and return its id.

    Raises:
        OSError: It cannot be started.
    """
    where = getattr(statustui, "__file__", None)
    if not (sys.executable and where):
        raise OSError(errno.ENOENT, "there is no program to start")
    words = [
        sys.executable,
        *("-I", "-S", "-X", f"utf8={sys.flags.utf8_mode}", "-c", _PROGRAM),
        os.path.dirname(os.path.dirname(where)),
        extent,
    ]
    return os.posix_spawn(
        sys.executable,
        words,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, requests, 0),
            (os.POSIX_SPAWN_DUP2, answers, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
        # The keys of the terminal are not for it.
        setpgroup=0,
    )
