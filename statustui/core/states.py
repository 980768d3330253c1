"""The states of a run, and the category of each.

`TestStatesStruct` and `STATES` carry the interface of Pavilion 2.1.1's ``status_file`` module:
28 states, each with a help text. States of later versions and of series are in tables of their own,
so that the documented ones stay as they are.
"""

from __future__ import annotations

from collections.abc import KeysView
from types import MappingProxyType

from statustui.core.categories import Category


class TestStatesStruct:
    """The documented state constants of Pavilion 2.1.1.

    Each state is a class attribute whose value is its help text. On an instance the value of each
    state is its own name (``STATES.RUNNING == "RUNNING"``), and `help` returns the text. Creating
    an instance checks the documented rules: a constant is an ASCII identifier of at most
    `max_length` characters, in capitals, that starts with a letter.

    By convention a state ends in ``_ERROR`` when the system is at fault and in ``_FAILED`` when
    something was tried and did not succeed.

    Raises:
        RuntimeError: A constant of the class, or of a subclass, breaks the rules.
    """

    __test__ = False  # pytest collects classes called Test*

    UNKNOWN = "The state could not be found out."
    INVALID = "A state was set that does not exist; the note begins with its name."
    CREATED = "The run and its directory are being set up."
    ABORTED = "The run was given up for reasons outside of it."
    CREATION_ERROR = "The run or its directory could not be set up."
    SCHEDULED = "The run waits in a scheduler's queue."
    SCHED_ERROR = "The scheduler reported a problem."
    SCHED_CANCELLED = "The run's job was taken off the queue."
    BUILDING = "The build is under way."
    BUILD_CREATED = "The build has been prepared."
    BUILD_DEFERRED = "The build is left to the compute nodes."
    BUILD_FAILED = "The build ran and did not succeed."
    BUILD_TIMEOUT = "The build took longer than it was allowed to."
    BUILD_ERROR = "The build could not be set up."
    BUILD_DONE = "The build step is over."
    BUILD_WAIT = "Another run holds the lock of this build."
    BUILD_REUSED = "An earlier build serves this run too."
    INFO = "A remark about the run; its life goes on as before."
    ENV_FAILED = "The environment that the run asks for could not be loaded."
    PREPPING_RUN = "The last preparations on the node are being made."
    RUNNING = "The run is under way."
    RUN_TIMEOUT = "The run was silent for longer than it was allowed to be."
    RUN_ERROR = "The run could not be set up."
    RUN_USER = "The run's own script reports where it stands."
    RUN_DONE = "The run step is over."
    RESULTS = "The results are being gathered."
    RESULTS_ERROR = "The results could not be gathered."
    COMPLETE = "Everything is over; the result says how it went."

    max_length = 15

    def __init__(self) -> None:
        self._help: dict[str, str] = {}
        for key in dir(self):
            if key.startswith("_") or key[0].islower():
                continue
            if not self.validate(key):
                raise RuntimeError(f"invalid state constant {key!r}")
            self._help[key] = getattr(self, key)
            setattr(self, key, key)

    def validate(self, key: str) -> bool:
        """Return whether `key` follows the documented rules and is one of the states."""
        return (
            key[:1].isalpha()
            and key.isascii()
            and key.isupper()
            and key.isidentifier()
            and len(key) <= self.max_length
            and hasattr(self, key)
        )

    def get(self, key: str) -> str:
        """Return the value of the state called `key`.

        Raises:
            AttributeError: There is no such state.
        """
        value: str = getattr(self, key)
        return value

    def help(self, state: str) -> str:
        """Return the help text of `state`, or a sentence that it has none."""
        return self._help.get(state, f"Help missing for state '{state}'")

    def list(self) -> KeysView[str]:
        """Return the names of all states."""
        return self._help.keys()


STATES = TestStatesStruct()
"""The one instance of `TestStatesStruct`."""

LATER_STATES = MappingProxyType(
    {
        "STATUS_CREATED": "The status file has been created.",
        "STATUS_ERROR": "The status file itself is damaged.",
        "WARNING": "A warning about the run; its life goes on as before.",
        "SCHED_RUNNING": "The run's job has started, the run itself has not.",
        "BUILD_SUCCESS": "The build's commands succeeded.",
        "BUILD_COPIED": "The build has been copied into the run.",
        "CANCELLED": "Somebody cancelled the run.",
        "SKIPPED": "The run's conditions are not met here.",
        "FINALIZED": "The run knows its node and all its settings.",
        "RUN_READY": "The run waits for its turn within its job.",
    }
)
"""State -> help text: states of a run that Pavilion 2.4 writes besides the documented 28."""

SERIES_STATES = MappingProxyType(
    {
        "ALL_STARTED": "Every run of the series has been started.",
        "CANCELED": "Somebody cancelled the series.",
        "ERROR": "The series cannot go on.",
        "RUN": "The series is under way.",
        "SET_BUILD": "The builds of a test set are under way.",
        "SET_CANCELED": "A test set was cancelled.",
        "SET_CREATED": "A test set has been set up.",
        "SET_KICKOFF": "The runs of a test set are being started.",
        "SET_MAKE": "The runs of a test set are being set up.",
        "TESTS_SKIPPED": "Some runs of a test set were skipped.",
    }
)
"""State -> help text: states that Pavilion 2.4 writes only for series."""

MEANINGS = MappingProxyType(
    {**{state: STATES.help(state) for state in STATES.list()}, **LATER_STATES, **SERIES_STATES}
)
"""State -> what it means, in one sentence: all known states of every version."""

KNOWN_STATES = frozenset(MEANINGS)
"""All known states of every version."""

LOG_STATES = frozenset({"INFO", "WARNING"})
"""States of remarks: the run stays in the state of the status before."""


_BY_STATE = {
    **dict.fromkeys(["ERROR", "INVALID"], Category.ERROR),
    **dict.fromkeys(["ABORTED", "CANCELLED", "CANCELED"], Category.CANCELLED),
    "SKIPPED": Category.SKIPPED,
    "COMPLETE": Category.PASSED,
    **dict.fromkeys(
        ["ALL_STARTED", "PREPPING_RUN", "RESULTS", "RUN", "RUNNING", "RUN_DONE", "RUN_USER"],
        Category.RUNNING,
    ),
    **dict.fromkeys(
        [
            "BUILDING",
            "BUILD_COPIED",
            "BUILD_CREATED",
            "BUILD_DONE",
            "BUILD_REUSED",
            "BUILD_SUCCESS",
            "BUILD_WAIT",
            "SET_BUILD",
        ],
        Category.BUILDING,
    ),
    **dict.fromkeys(
        [
            "BUILD_DEFERRED",
            "CREATED",
            "FINALIZED",
            "RUN_READY",
            "SCHEDULED",
            "SCHED_RUNNING",
            "SET_CREATED",
            "SET_KICKOFF",
            "SET_MAKE",
            "STATUS_CREATED",
            "TESTS_SKIPPED",
        ],
        Category.WAITING,
    ),
}

_BY_ENDING = (
    (("_ERROR",), Category.ERROR),
    (("_FAILED", "_TIMEOUT"), Category.FAILED),
    (("_CANCELLED", "_CANCELED", "_ABORTED"), Category.CANCELLED),
    (("_SKIPPED",), Category.SKIPPED),
)

_BY_RESULT = {"PASS": Category.PASSED, "FAIL": Category.FAILED, "ERROR": Category.ERROR}


def categorise(state: str, result: str | None = None) -> Category:
    """Return the category of `state`.

    A complete run is judged by its `result` (``PASS``, ``FAIL`` or ``ERROR``), since Pavilion
    writes ``COMPLETE`` for every result. An unknown state is judged by its ending.
    """
    if state == "COMPLETE" and result is not None:
        return _BY_RESULT.get(result, Category.UNKNOWN)
    category = _BY_STATE.get(state)
    if category is None:
        category = next(
            (category for endings, category in _BY_ENDING if state.endswith(endings)),
            Category.UNKNOWN,
        )
    return category


def explain_state(state: str) -> str:
    """Return in one sentence what `state` means; its ending tells that of an unknown one.

    The sentence is empty for an empty state, that of a damaged line.
    """
    if not state or state in MEANINGS:
        return MEANINGS.get(state, "")
    category = categorise(state)
    if category is Category.UNKNOWN:
        return "Not a known state, and its ending does not tell what it means."
    return f"Not a known state; by its ending it counts as {category.value}."
