"""Have processes beside this one read very many runs; it makes something of them meanwhile."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import select
import signal
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

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
_LEAST_RUNS = 256
"""Runs of one directory from which it is worth asking processes that were started before."""
_FIRST_RUNS = 1000
"""Those of them that are read here meanwhile."""
_BLOCK = 128
"""Runs that a process is asked for at a time: so few that it is never silent for long."""
_FEW = 16
"""Runs that are read here while no answer has come: so few that it need not wait for long."""
_DEPTH = 4
"""Blocks that each process is asked for ahead."""
_MAX_SILENCE = 5.0
"""Seconds without an answer after which a process is given up: it may have been stopped."""
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


class ReadAhead:
    """Reads runs in other processes if there are very many; close it when all are read.

    Args:
        spare: How many more processes may be started, for all roots together.
        extent: How to read the runs.
        take: Takes those that are only to be counted, and those that are as they were.
        known: What is known of them.
        is_helping: Whether whoever asks reads some of them meanwhile, on a processor of its own.
    """

    def __init__(
        self,
        spare: threading.Semaphore,
        extent: Extent,
        take: Callable[[CountedRuns], object] = lambda _runs: None,
        *,
        known: Known = _NOTHING_KNOWN,
        is_helping: bool = False,
    ) -> None:
        self._is_helping = is_helping
        self._readers = _Readers(spare, lambda: _Reader(extent, take, known))
        self._seen = 0
        """How many runs were found, up to those for which processes are started."""

    def close(self) -> None:
        """Let the processes end; what is read later begins anew."""
        self._readers.end()
        self._seen = 0

    def read(
        self, places: Iterable[RunDir]
    ) -> Generator[Sequence[OutlinedRun | RunSnapshot | RunDir], None, None]:
        """Read runs; processes that were started before go on.

        Args:
            places: Where the runs are, those of one root.

        Yields:
            Some after the others of those that `take` does not get, in their order unless
            whoever asks is helping; in place of a run, where it is, if whoever asks has to read it.
        """
        places = iter(places)
        least = max(_LEAST_RUNS, _MANY_RUNS - self._seen)
        first = list(islice(places, least))
        self._seen = min(self._seen + len(first), _MANY_RUNS)
        if len(first) < least:
            yield from _in_parts(first)
            return
        own = [] if self._readers else first[:_FIRST_RUNS]
        asked = _Asked(chain(first[len(own) :], places), self._readers, self._most())
        try:
            asked.begin()
            while True:
                yield from _in_parts(own)
                yield from asked.take(is_helping=self._is_helping)
                own = asked.next_block()
                if not own:
                    return
                asked.ask_more()
        finally:
            if asked.are_left:
                # Their answers would be taken for others.
                self._readers.end()

    def _most(self) -> int:
        """Return how many processes to start at most."""
        processors = _processors()
        return processors - self._is_helping if processors > 1 else 0


def _in_parts(places: Sequence[RunDir]) -> Iterator[Sequence[RunDir]]:
    return (places[start : start + _FEW] for start in range(0, len(places), _FEW))


class _Reader:
    """A process that reads runs.

    Args:
        extent: As `ReadAhead` has it.
        take: The same.
        known: The same.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, extent: Extent, take: Callable[[CountedRuns], object], known: Known) -> None:
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
        self._stream = _Patient(answers)
        self._answers = Answers(self._stream, extent, take)
        self.is_lost = False
        """Whether it answers no more, or not as it should."""

    def ask(self, places: Sequence[RunDir]) -> bool:
        """Ask for the runs at some places; return whether that was possible."""
        if self.is_lost:
            return False
        data = request(places, self._known.signatures(places), self._known.device)
        if len(data) > self._max_bytes:
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
        """Return the runs that were asked for next, or their places, but for what is taken."""
        if not self.is_lost:
            try:
                return self._answers.next(places)
            except (EOFError, OSError, LookupError, TypeError, ValueError, struct.error):
                self.is_lost = True
        return places

    def end(self) -> None:
        """End the process, whether or not it answers."""
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        for stream in (self._requests, self._stream):
            with contextlib.suppress(OSError):
                stream.close()
        # It may sleep in the kernel, in a file call.
        reap_later(partial(_wait_for, self._pid), self._pid)


class _Patient(io.FileIO):
    """The answers of a process, which must not be silent for long."""

    def read(self, size: int | None = -1, /) -> bytes | Any:  # noqa: ANN401 - as it is overridden
        """Read what has come, at most `size` bytes.

        Raises:
            OSError: Nothing has come for long, or it cannot be read.
        """
        poll = select.poll()
        poll.register(self, select.POLLIN)
        if not poll.poll(_MAX_SILENCE * 1000):
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return super().read(size)


class _Readers:
    """The processes that read runs of one root.

    Args:
        spare: How many more may be started, for all roots together.
        start: Starts one; raises `OSError` if that is not possible.
    """

    def __init__(self, spare: threading.Semaphore, start: Callable[[], _Reader]) -> None:
        self._spare = spare
        self._start = start
        self._all: list[_Reader] = []
        self._can_start = True

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def __iter__(self) -> Iterator[_Reader]:
        """Yield those that answer."""
        return (reader for reader in self._all if not reader.is_lost)

    def add(self, most: int) -> _Reader | None:
        """Start one more, and return it; None if there are as many as may be.

        Args:
            most: How many there may be.
        """
        is_full = len(self._all) >= most or not self._can_start
        if is_full or not self._spare.acquire(blocking=False):
            return None
        try:
            self._all.append(self._start())
        except OSError:
            self._spare.release()
            self._can_start = False
            return None
        return self._all[-1]

    def end(self) -> None:
        """Let all of them end."""
        for reader in self._all:
            reader.end()
            self._spare.release()
        self._all = []
        self._can_start = True


class _Asked:
    """What was asked of processes, in the order in which it is wanted.

    Args:
        places: Where the runs are.
        readers: The processes.
        most: How many of them there may be.
    """

    def __init__(self, places: Iterator[RunDir], readers: _Readers, most: int) -> None:
        self._places = places
        self._readers = readers
        self._most = most
        self._blocks: deque[tuple[_Reader, list[RunDir], bool]] = deque()
        self._is_exhausted = False
        """Whether there is nothing left to ask for."""
        self._are_dropped = False
        """Whether answers will come that nobody takes."""

    @property
    def are_left(self) -> bool:
        """Whether answers may come that have not been taken."""
        return bool(self._blocks) or self._are_dropped

    def next_block(self) -> list[RunDir]:
        """Return where the next runs are that no process was asked for; empty without any."""
        places = list(islice(self._places, _BLOCK))
        self._is_exhausted = len(places) < _BLOCK
        return places

    def begin(self) -> None:
        """Ask all processes, and one more, if one is spare."""
        first = next(self._places, None)
        if first is None:
            return
        self._places = chain([first], self._places)
        self._readers.add(self._most)
        for _ in range(_DEPTH):
            for reader in self._readers:
                self._ask(reader)

    def ask_more(self) -> None:
        """Ask one more process, if one is spare: that of another root may be by now."""
        reader = None if self._is_exhausted else self._readers.add(self._most)
        if reader is not None:
            for _ in range(_DEPTH):
                self._ask(reader)

    def _ask(self, reader: _Reader) -> None:
        places = self.next_block()
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
                if not others:
                    # Of what is left at the end, the last comes last to whoever was asked for it.
                    _reader, others, _is_asked = self._blocks.pop()
                    self._are_dropped = True
                yield others
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
