"""The documented states, the rules they keep, and what each state amounts to."""

from __future__ import annotations

import pytest

from statustui.core.categories import Category
from statustui.core.states import (
    KNOWN_STATES,
    LATER_STATES,
    SERIES_STATES,
    STATES,
    TestStatesStruct,
    categorise,
    explain_state,
)

DOCUMENTED = [
    "UNKNOWN",
    "INVALID",
    "CREATED",
    "ABORTED",
    "CREATION_ERROR",
    "SCHEDULED",
    "SCHED_ERROR",
    "SCHED_CANCELLED",
    "BUILDING",
    "BUILD_CREATED",
    "BUILD_DEFERRED",
    "BUILD_FAILED",
    "BUILD_TIMEOUT",
    "BUILD_ERROR",
    "BUILD_DONE",
    "BUILD_WAIT",
    "BUILD_REUSED",
    "INFO",
    "ENV_FAILED",
    "PREPPING_RUN",
    "RUNNING",
    "RUN_TIMEOUT",
    "RUN_ERROR",
    "RUN_USER",
    "RUN_DONE",
    "RESULTS",
    "RESULTS_ERROR",
    "COMPLETE",
]


def test_the_documented_28_states_are_there_and_no_other() -> None:
    """Scripts list the states and use each as an attribute."""
    assert sorted(STATES.list()) == sorted(DOCUMENTED)
    assert len(STATES.list()) == 28
    assert all(getattr(STATES, state) == state == STATES.get(state) for state in DOCUMENTED)


def test_each_state_has_a_help_text() -> None:
    """The help text of a state is kept apart from its value."""
    assert all(len(STATES.help(state)) > 10 for state in DOCUMENTED)
    assert "NO_SUCH" in STATES.help("NO_SUCH")
    assert isinstance(TestStatesStruct.RUNNING, str)
    assert TestStatesStruct.RUNNING != "RUNNING"


@pytest.mark.parametrize(
    "key", ["", "running", "NO_SUCH", "ÜBER", "A-B", "1ST", "_HELP", "CANCELLED", "max_length"]
)
def test_a_name_that_is_no_documented_state_is_not_valid(key: str) -> None:
    """`validate` takes the documented states only."""
    assert not STATES.validate(key)
    if not hasattr(STATES, key):
        with pytest.raises(AttributeError):
            STATES.get(key)


@pytest.mark.parametrize("key", ["TOO_LONG_A_STATE_NAME", "ÉTAT", "Mixed_Case"])
def test_a_constant_that_breaks_the_rules_is_refused_when_built(key: str) -> None:
    """A subclass with a bad constant cannot be instantiated."""
    broken = type("Broken", (TestStatesStruct,), {key: "help"})
    with pytest.raises(RuntimeError, match=key):
        broken()


def test_a_subclass_may_add_a_state_that_keeps_the_rules() -> None:
    """A good constant becomes a state."""
    extended = type("Extended", (TestStatesStruct,), {"POSTPROCESS": "After the run."})()
    assert extended.validate("POSTPROCESS")
    assert extended.help("POSTPROCESS") == "After the run."
    assert "POSTPROCESS" not in STATES.list()


def test_later_states_are_known_and_kept_apart() -> None:
    """States of later versions do not change the documented ones."""
    assert not set(LATER_STATES) & set(DOCUMENTED)
    assert {*DOCUMENTED, *LATER_STATES, *SERIES_STATES} == KNOWN_STATES
    assert all(len(state) <= STATES.max_length for state in KNOWN_STATES)


@pytest.mark.parametrize(
    ("state", "category"),
    [
        ("RUN_ERROR", Category.ERROR),
        ("ERROR", Category.ERROR),
        ("INVALID", Category.ERROR),
        ("BUILD_FAILED", Category.FAILED),
        ("RUN_TIMEOUT", Category.FAILED),
        ("ABORTED", Category.CANCELLED),
        ("SCHED_CANCELLED", Category.CANCELLED),
        ("CANCELED", Category.CANCELLED),
        ("COMPLETE", Category.PASSED),
        ("SKIPPED", Category.SKIPPED),
        ("RUNNING", Category.RUNNING),
        ("BUILDING", Category.BUILDING),
        ("SCHEDULED", Category.WAITING),
        ("UNKNOWN", Category.UNKNOWN),
        ("QUENCH_FAILED", Category.FAILED),
        ("QUENCH_ERROR", Category.ERROR),
        ("QUENCH_TIMEOUT", Category.FAILED),
        ("QUENCH_ABORTED", Category.CANCELLED),
        ("QUENCHING", Category.UNKNOWN),
        ("", Category.UNKNOWN),
    ],
)
def test_a_state_is_categorised_by_name_or_ending(state: str, category: Category) -> None:
    """Known states by name, unknown ones by how they end."""
    assert categorise(state) is category


@pytest.mark.parametrize(
    ("result", "category"),
    [("PASS", Category.PASSED), ("FAIL", Category.FAILED), ("ERROR", Category.ERROR)],
)
def test_a_complete_run_is_what_its_result_says(result: str, category: Category) -> None:
    """COMPLETE alone is no verdict, and a result means nothing before it."""
    assert categorise("COMPLETE", result) is category
    assert categorise("RUNNING", result) is Category.RUNNING


def test_every_known_state_has_a_category() -> None:
    """Only UNKNOWN and the two remarks say nothing."""
    silent = {state for state in KNOWN_STATES if categorise(state) is Category.UNKNOWN}
    assert silent == {"UNKNOWN", "INFO", "WARNING"}


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("BUILD_WAIT", "Another run holds the lock of this build."),
        ("SCHED_RUNNING", "The run's job has started, the run itself has not."),
        ("SET_MAKE", "The runs of a test set are being set up."),
        ("QUENCH_FAILED", "Not a known state; by its ending it counts as failed."),
        ("QUENCH_SKIPPED", "Not a known state; by its ending it counts as skipped."),
        ("QUENCHING", "Not a known state, and its ending does not tell what it means."),
        ("", ""),
    ],
)
def test_a_state_is_explained_by_name_or_ending(state: str, meaning: str) -> None:
    """Known states have a sentence of their own."""
    assert explain_state(state) == meaning
