"""What both sides send each other, apart from batches and the files of single runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_type_hints

from statustui.core.categories import Category
from statustui.core.durations import StaleAfter
from statustui.core.history import History
from statustui.core.run import Run
from statustui.core.status_info import StatusInfo
from statustui.monitor.batch import Batch, RootHealth
from statustui.monitor.poll_policy import Settings
from statustui.monitor.read_options import Details, ReadOptions
from statustui.monitor.run.run_logs import Logs
from statustui.monitor.unread import Unread
from statustui.monitor.usage import RootUsage
from statustui.remote.codec import (
    CodecError,
    decode,
    encode,
    read_integer,
    read_items,
    read_list,
    read_table,
    read_text,
)
from statustui.remote.paths import Paths
from statustui.remote.protocol import Message
from statustui.remote.run_codec import decode_runs, encode_runs
from statustui.scheduler.answers import Call

if TYPE_CHECKING:
    from statustui.scheduler.asker import Asker

_MAX_SERIES = 100_000


class Hello(NamedTuple):
    """The first message of each side."""

    protocol: int
    roots: tuple[str, ...] = ()
    """Directories to watch, as they are called there; relative ones to the home."""


_KEPT = frozenset({"store", "asker", "capacity", "clock"})
"""Settings that are this side's alone."""
_SETTINGS = {
    name: kind
    for name, kind in get_type_hints(Settings, localns={"Asker": object}).items()
    if name not in _KEPT
}


def encode_settings(settings: Settings, paths: Paths) -> Message:
    """Return the settings that can be sent; an infinite time is left out."""
    values = {name: getattr(settings, name) for name in _SETTINGS}
    return {
        name: encode(_SETTINGS[name], value, paths)
        for name, value in values.items()
        if value != float("inf")
    }


def decode_settings(data: object, paths: Paths) -> Settings:
    """Return the settings that were sent; what is unknown is left out.

    Raises:
        ValueError: One of them is not as it should be.
    """
    found = read_table(data)
    known = [(name, kind) for name, kind in _SETTINGS.items() if name in found]
    return Settings(**{name: decode(kind, found[name], paths) for name, kind in known})


class ReadRequest(NamedTuple):
    """How to read trees once: what of `ReadOptions` the other side needs."""

    stale_after: StaleAfter
    patience: float
    details: Literal["status", "metadata", "all"]
    grace: float
    asks: bool
    """Whether to ask the scheduler once."""
    tells_pasts: bool

    @classmethod
    def of(cls, options: ReadOptions) -> ReadRequest:
        """Return the request for some options."""
        return cls(
            options.stale_after,
            options.patience,
            options.details.value,
            options.grace,
            options.asker is not None,
            options.tells_pasts,
        )

    def options(self, asker: Asker | None) -> ReadOptions:
        """Return the options for this request, with what asks the scheduler, if that is wanted."""
        return ReadOptions(
            details=Details(self.details),
            tells_pasts=self.tells_pasts,
            stale_after=self.stale_after,
            grace=self.grace,
            patience=self.patience,
            asker=asker,
        )


class ReadSummary(NamedTuple):
    """What reading trees once has found, besides the runs."""

    counted: tuple[tuple[Category, int], ...]
    incomplete: tuple[Unread, ...]
    unfollowed: tuple[tuple[int, int], ...]
    """Number of a root without any runs, and number of links in it that were not followed."""
    unanswered: str
    """Why the scheduler has not answered; empty if it has, or was not asked."""


class Spent(NamedTuple):
    """What has been asked of the filesystems and of the scheduler so far."""

    usage: tuple[RootUsage, ...]
    calls: tuple[Call, ...]


class WholeRun(NamedTuple):
    """What the files of one run say, besides the run itself."""

    history: History
    statuses: tuple[StatusInfo, ...]
    logs: Logs | None
    is_status_file: bool


class Failed(NamedTuple):
    """Why something cannot be read."""

    number: int | None
    """As in `OSError`."""
    reason: str
    path: str

    @classmethod
    def of(cls, error: OSError, path: str) -> Failed:
        """Return what can be sent of an error."""
        return cls(error.errno, error.strerror or str(error), str(error.filename or path))

    def error(self) -> OSError:
        """Return the error, as it is raised on this side."""
        return OSError(self.number, self.reason, self.path)


class Membership(NamedTuple):
    """The runs of a series."""

    path: str
    paths: tuple[str, ...]


class BatchSender:
    """Encodes batches; of the health of a root, and of the paths in a series, only what is new.

    Args:
        paths: The names of the roots on the side that sends.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._health: dict[str, list[object]] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        """Path of a series -> the paths of its runs."""

    def encode(self, batch: Batch) -> Message:
        """Return the message of a batch."""
        message: Message = {}
        if batch.removed:
            message["removed"] = [self._paths.encode(path) for path in batch.removed]
        for path in batch.removed:
            self._members.pop(path, None)
        if batch.changed:
            new = [
                Membership(run.path, run.members.paths)
                for run in batch.changed
                if run.members is not None and self._members.get(run.path) != run.members.paths
            ]
            self._members.update(new)
            if new:
                message["members"] = encode(tuple[Membership, ...], new, self._paths)
            message["runs"] = encode_runs(
                [_with_members(run, ()) for run in batch.changed], self._paths
            )
        if batch.health:
            message["health"] = [self._difference(health) for health in batch.health]
        return message

    def _difference(self, health: RootHealth) -> list[object]:
        """Return the number of a root, and pairs of the number of a field and its new value."""
        fields = encode(RootHealth, health, self._paths)
        before = self._health.get(health.root, [None] * len(fields))
        self._health[health.root] = fields
        changed = [
            [number, new]
            for number, (old, new) in enumerate(zip(before, fields, strict=True))
            if number == 0 or old != new or type(old) is not type(new)
        ]
        return [self._paths.number_of(health.root), changed]


class BatchReceiver:
    """Decodes batches.

    Args:
        paths: The names of the roots on the side that receives.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        template = encode(RootHealth, RootHealth(""), paths)
        self._health = {root: list(template) for root in paths.roots}
        self._members: dict[str, tuple[str, ...]] = {}

    def decode(self, message: Message) -> Batch:
        """Return the batch of a message; an empty one if there is none in it.

        Raises:
            ValueError: It is no batch.
        """
        removed = read_list(message.get("removed", []))
        gone = tuple(self._paths.decode(read_text(path)) for path in removed)
        for path in gone:
            self._members.pop(path, None)
        members = message.get("members", [])
        self._members.update(decode(tuple[Membership, ...], members, self._paths))
        if len(self._members) > _MAX_SERIES:
            raise CodecError("more series than roots can have")
        runs = [] if "runs" not in message else decode_runs(message["runs"], self._paths)
        return Batch(
            tuple(_with_members(run, self._members.get(run.path, ())) for run in runs),
            gone,
            tuple(self._read_health(one) for one in read_list(message.get("health", []))),
        )

    def _read_health(self, data: object) -> RootHealth:
        place_of_root, changed = read_items(data, 2)
        number = read_integer(place_of_root)
        if not 0 <= number < len(self._paths.roots):
            raise CodecError("the health of no root")
        root = self._paths.roots[number]
        fields = self._health[root]
        for one in read_list(changed):
            field, value = read_items(one, 2)
            if not 0 <= read_integer(field) < len(fields):
                raise CodecError("a field that no health has")
            fields[field] = value
        health = decode(RootHealth, fields, self._paths)
        if health.root != root:
            raise CodecError("the health of another root")
        return health


def _with_members(run: Run, paths: tuple[str, ...]) -> Run:
    """Return a series with the paths of its runs; any other run as it is."""
    if run.members is None:
        return run
    return run._replace(members=run.members._replace(paths=paths))
