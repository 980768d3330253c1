"""An application on injected batches and a clock that stands still."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import FileIO
from typing import Any

from textual.pilot import Pilot

from statustui.core.documents import Document
from statustui.core.durations import StateDurations
from statustui.core.history import History
from statustui.core.logs import MERGED, Log, LogTail, telling_logs
from statustui.core.members import Members
from statustui.core.run import Run, RunDir, RunMetadata
from statustui.core.run_builder import make_run, make_unread_run
from statustui.core.status_summary import StatusSummary
from statustui.monitor.batch import Batch, Deliver, RootHealth
from statustui.monitor.run.inspection import (
    Documents,
    InspectionResult,
    LentLog,
    Logs,
    Search,
    Unreadable,
)
from statustui.monitor.run.log_text import LogPage, LogText, PageRequest, SearchPattern
from statustui.monitor.run.match_counter import MatchCounter
from statustui.monitor.usage import RootUsage, Usage
from statustui.scheduler.answers import Call
from statustui.settings.config import Config
from statustui.settings.session_state import SessionState
from statustui.tui.app import StatusApp
from statustui.tui.widgets.key_line import KeyLine
from tests.histories import history_of
from tests.waiting import DEADLINE

_NOTHING = Config()
NOW = 1_795_476_000.0
ROOT = "./working_dir"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, now: float) -> None:
        """Start with this time, in seconds."""
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now


class StandInInspection:
    """Looks at what a `StandIn` has, without files and without threads."""

    def __init__(
        self,
        source: StandIn,
        run: Run,
        peers: Sequence[str],
        deliver: Callable[[InspectionResult], object],
    ) -> None:
        """Begin."""
        self._source = source
        self._run = run
        self._deliver_now = deliver
        self._held: list[InspectionResult] = []
        self._followed: str | None = None
        self.silent = 0.0
        self.stopped = False
        self.check(run)
        if peers:
            deliver(StateDurations.learn(source.history(path).timeline for path in peers))

    def _deliver(self, finding: InspectionResult) -> None:
        if self._source.holds:
            self._held.append(finding)
        else:
            self._deliver_now(finding)

    def release(self) -> None:
        """Tell what has been held back."""
        held, self._held = self._held, []
        for finding in held:
            self._deliver_now(finding)

    def check(self, run: Run) -> None:
        """Tell everything again."""
        self._run = run
        source = self._source
        if source.broken is not None:
            self._deliver(Unreadable(run.status_path, source.broken))
            return
        self._deliver(source.history(run.path))
        logs = [Log(name, f"{run.path}/{name}.log") for name in source.logs]
        telling = telling_logs((run.problem or run.current).state, logs)
        trace = None
        for log in telling:
            lines = self._text(log.path).tail().lines
            if lines and trace is None:
                written = int((NOW - 60) * 1e9)
                trace = LogTail(log, tuple(line.text for line in lines), (0, 0, written, written))
        self._deliver(Logs(tuple(logs), telling[0] if telling else None, trace))
        self.show_log(self._followed)

    def _text(self, path: str) -> LogText:
        if path == MERGED.path:
            data = b"".join(self._source.logs.values())
            return LogText(lambda size, offset: data[offset : offset + size], len(data))
        data = self._source.logs[path.rpartition("/")[2].removesuffix(".log")]
        return LogText(lambda size, offset: data[offset : offset + size], len(data))

    def show_log(self, path: str | None) -> None:
        """Tell the last page."""
        self._followed = path
        if path is not None:
            self.request_page(path, PageRequest("tail"))

    def request_page(self, path: str, request: PageRequest) -> None:
        """Deliver another page."""
        self._deliver_page(path, lambda text: text.read_page(request))

    def _deliver_page(self, path: str, read: Callable[[LogText], LogPage]) -> None:
        if path in self._source.unreadable:
            self._deliver(Unreadable(path, "Stale file handle"))
            return
        self._deliver(replace(read(self._text(path)), path=path, modified=NOW - 60))

    def lend_log(self, path: str, purpose: str) -> None:
        """Lend what is open of the source, if anything is."""
        lent, self._source.lent = self._source.lent, None
        self._deliver(LentLog(path, lent, purpose, "" if lent else "Permission denied"))

    def search(self, path: str, wanted: SearchPattern, start: int, *, backwards: bool) -> None:
        """Search at once."""
        text = self._text(path)
        found = text.find(wanted, start, lambda _offset: True, backwards=backwards)
        if found is None:
            self._deliver(Search(path, None))
        else:
            self._deliver_page(path, lambda text: text.around(found))
            matches = MatchCounter(path, wanted).count(text, DEADLINE)
            assert matches is not None
            self._deliver(matches)

    def stop_search(self) -> None:
        """There is none under way."""

    def show_documents(self, *, wanted: bool) -> None:
        """Tell what the source has."""
        if wanted:
            self._deliver(Documents(self._source.documents))

    def stop(self) -> None:
        """Remember the call."""
        self.stopped = True


class StandIn:
    """A source whose batches a test delivers by hand."""

    def __init__(self) -> None:
        """Start without runs."""
        self.lines: dict[str, list[str]] = {}
        self.stopped = False
        self.looks = 0
        self.looked_at: list[str] = []
        self.broken: str | None = None
        self.logs: dict[str, bytes] = {}
        """Name of a log of any run -> its text."""
        self.unreadable: set[str] = set()
        """Paths of logs that cannot be read now."""
        self.documents: tuple[Document, ...] = ()
        self.used = Usage()
        self.called: tuple[Call, ...] = ()
        """What has been asked of the filesystem."""
        self.lent: FileIO | None = None
        """The log that is lent next."""
        self.inspections: list[StandInInspection] = []
        self.holds = False
        """Whether inspections keep to themselves what they find, until it is released."""
        self._waiting: list[Batch] = []
        self._deliver: Deliver = self._waiting.append

    def start(self, deliver: Deliver) -> None:
        """Deliver what there is already, and remember where batches go."""
        for batch in self._waiting:
            deliver(batch)
        self._deliver = deliver

    def history(self, path: str) -> History:
        """What has been delivered of the run at `path`."""
        return history_of("".join(self.lines[path]).encode())

    def check_all(self) -> None:
        """Count the call."""
        self.looks += 1

    def reread(self, path: str) -> None:
        """Remember the call."""
        self.looked_at.append(path)

    def usage(self) -> list[RootUsage]:
        """What a test says."""
        return [RootUsage(ROOT, self.used)]

    @property
    def calls(self) -> tuple[Call, ...]:
        """What a test says."""
        return self.called

    def inspect(
        self, run: Run, peers: Sequence[str], deliver: Callable[[InspectionResult], object]
    ) -> StandInInspection:
        """Look at what has been delivered of a run."""
        self.inspections.append(StandInInspection(self, run, peers, deliver))
        return self.inspections[-1]

    def ask_user(self, _tell: object) -> None:
        """Nobody is asked."""

    def readers_of(self, _root: str) -> None:
        """Nothing else than what the application is made with."""

    def stop(self) -> None:
        """Remember the call."""
        self.stopped = True

    def deliver(
        self,
        *changes: tuple[str, str, str],
        removed: tuple[str, ...] = (),
        problem: str | None = None,
        ago: float = 60,
        series: str = "",
    ) -> None:
        """Deliver one batch.

        Args:
            changes: Id, name, and statuses to append, separated by ``|``.
            removed: Ids of runs that are gone.
            problem: What is wrong with the root.
            ago: How long before `NOW` the last of the statuses was set, in seconds.
            series: Number of the series that the runs belong to.
        """
        updated = []
        for number, name, statuses in changes:
            place = RunDir(ROOT, f"{ROOT}/test_runs/{number}", number, "test")
            updated.append(self._live(place, RunMetadata(name, "", series), statuses, ago))
        for number in removed:
            del self.lines[f"{ROOT}/test_runs/{number}"]
        health = self._health(problem)
        gone = tuple(f"{ROOT}/test_runs/{number}" for number in removed)
        self._deliver(Batch(tuple(updated), gone, (health,)))

    def deliver_series(self, number: str, statuses: str, runs: Sequence[str] | None = None) -> None:
        """Deliver a series.

        Args:
            number: Its number.
            statuses: Statuses to append, separated by ``|``.
            runs: Ids of the runs that it links to; None if it has not been judged by them yet.
        """
        place = RunDir(ROOT, f"{ROOT}/series/{number}", f"s{number}", "series")
        run = self._live(place, RunMetadata("nightly", "", number), statuses, 60)
        if runs is not None:
            paths = tuple(f"{ROOT}/test_runs/{one}" for one in runs)
            run = run._replace(members=Members(paths))
        self._deliver(Batch((run,), (), (self._health(None),)))

    def _live(self, place: RunDir, label: RunMetadata, statuses: str, ago: float) -> Run:
        """Append statuses to a run."""
        lines = self.lines.setdefault(place.path, [])
        new = statuses.split("|")
        for distance, status in zip(range(len(new) - 1, -1, -1), new, strict=True):
            lines.append(f"{NOW - ago - distance * 17:.6f} {status}\n")
        block = "".join(lines).encode()
        return make_run(place, label, StatusSummary().add(block, len(block)))

    def send(self, batch: Batch) -> object:
        """Deliver a batch as it is."""
        return self._deliver(batch)

    def deliver_empty_run(self, number: str) -> None:
        """Deliver a run directory without a status file."""
        place = RunDir(ROOT, f"{ROOT}/test_runs/{number}", number, "test")
        run = make_unread_run(place, RunMetadata(), "There is no status file.", missing=True)
        self.lines[place.path] = []
        self._deliver(Batch((run,), (), (self._health(None),)))

    def deliver_health(self, **health: Any) -> None:  # noqa: ANN401 - fields of RootHealth
        """Deliver nothing but the health of the root."""
        self._deliver(Batch(health=(self._health(None)._replace(**health),)))

    def _health(self, problem: str | None) -> RootHealth:
        return RootHealth(
            ROOT, found=len(self.lines), read=len(self.lines), swept=True, problem=problem
        )


def make_app(  # noqa: PLR0913 - one argument for each thing that tests set
    source: StandIn | None = None,
    clock: Callable[[], float] = lambda: NOW,
    config: Config = _NOTHING,
    session: SessionState | None = None,
    calm: float = 0.0,
    *,
    campaign: bool = False,
) -> tuple[StatusApp, StandIn]:
    """An application and the source that it shows; changes do not wait for keys.

    The line on what is under way is left out unless it is asked for.
    """
    source = source or StandIn()
    app = StatusApp(
        source,
        [ROOT],
        inspect=source.inspect,
        clock=clock,
        config=config._replace(campaign=campaign),
        session=session,
        calm=calm,
    )
    return app, source


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what has been delivered is on screen."""
    app = pilot.app
    assert isinstance(app, StatusApp)
    end = time.monotonic() + DEADLINE
    await pilot.pause()
    while not (app.is_up_to_date and any(line.keys for line in app.screen_stack[0].query(KeyLine))):
        assert time.monotonic() < end
        await pilot.pause(0.01)
    # Once for the place of the keys, once for what makes room for it.
    await pilot.pause()
    await pilot.pause()


LIFE = "CREATED made|SCHEDULED in the queue|RUNNING on cn0117"


def deliver_a_night(source: StandIn) -> None:
    """Deliver a few runs of every category."""
    source.deliver(("12", "hpcg.n4", f"{LIFE}|RUN_ERROR no space left on device"), ago=30)
    source.deliver(("13", "hpcg.n16", "BUILDING x|BUILD_FAILED make: *** error 2"), ago=300)
    source.deliver(("13", "hpcg.n16", "BUILD_CREATED Builder created."), ago=200)
    source.deliver(
        ("14", "osu.bw", f"{LIFE}|ENV_FAILED module gcc/12 is not there|COMPLETE result: FAIL"),
        ago=4000,
    )
    source.deliver(("15", "osu.latency", LIFE), ("16", "osu.latency", "BUILDING 3 of 4"))
    source.deliver(("17", "io.mdtest", "CREATED a|SCHEDULED in the queue"), ago=200_000)
    source.deliver(("18", "io.ior", f"{LIFE}|CANCELLED by jonas"), ago=7300)
    source.deliver(("19", "smoke.gpu", "SKIPPED only for systems with GPUs"), ago=9000)
    source.deliver(("20", "stream.triad", f"{LIFE}|RUN_USER phase 1: mesh généré ✓ 漢字"))
    for number in range(21, 40):
        life = f"{LIFE}|RESULTS reading 7|COMPLETE The test completed with result: PASS"
        source.deliver((str(number), "lammps.lj", life), ago=100.0 * number)
    source.deliver_empty_run("40")
