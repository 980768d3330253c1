"""The filter language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.query import FLAGS, QueryError, parse
from statustui.core.run import Run, Stall
from tests.runs import make

NOW = 10_000.0
RUNS = (
    make("r/1", "RUNNING on cn0117", name="hpcg.n4", user="mia", series="12", start=NOW - 5),
    make("r/2", "BUILD_FAILED make: *** error 2", "BUILD_CREATED Builder.", name="hpcg.n16"),
    make("r/3", "RUN_ERROR No space left (disk|quota)", name="osu.bw", user="jonas", series="12"),
    make("r/4", "RUNNING x", "COMPLETE The test ended with result: FAIL", name="osu.lat"),
    make(
        "r/5",
        "RUNNING x",
        "COMPLETE result: PASS",
        name="problem.gpu",
        user="mia",
        start=NOW - 7200,
    ),
)
STALLED = replace(make("r/9", "RUNNING x", start=NOW - 9999), stall=Stall(NOW - 9000, "a guess"))


def found(expression: str) -> str:
    """The ids of the runs that a filter matches."""
    query = parse(expression)
    return "".join(run.id for run in RUNS if query.matches(run, NOW))


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("", "12345"),
        ("  ", "12345"),
        ("hpcg", "12"),
        ("HPCG n4", "1"),
        ("cn0117|osu", "134"),
        ("hpcg n4 | osu lat", "14"),
        ("osu !lat", "3"),
        ("!osu", "125"),
        ("!!osu", "34"),
        ("(hpcg|osu) !(n4|bw)", "24"),
        ("make:", "2"),
        ("state=run*", "13"),
        ("state=RUNNING", "1"),
        ("state!=run*", "245"),
        ("name=hpcg", ""),
        ("name=hpcg.*", "12"),
        ("name=*.n[14]", "1"),
        ("category=failed", "24"),
        ("category=error|category=running", "13"),
        ("result=fail", "4"),
        ("result=", "123"),
        ("user=mia", "15"),
        ("user=", "24"),
        ("series=12", "13"),
        ("kind=test", "12345"),
        ("path=r/3", "3"),
        ("id=2", "2"),
        ("has=BUILD_FAILED", "2"),
        ("has=running", "145"),
        ("has!=running", "23"),
        ("has~^RUN", "1345"),
        ("note~error.[0-9]", "2"),
        ('note~"space|result: PASS"', "35"),
        ('"left (disk|quota)"', "3"),
        ('"x', "error"),
        ("age<1m", "1"),
        ("age<60", "1"),
        ("age>1h", "2345"),
        ("age>1.9h age<2.1h", "5"),
        ("problem", "234"),
        ('"problem"', "5"),
        ("hidden", "2"),
        ("complete", "2345"),
        ("!complete !problem", "1"),
    ],
)
def test_an_expression_matches_what_it_says(expression: str, ids: str) -> None:
    """Words, comparisons, flags, and what combines them."""
    if ids == "error":
        with pytest.raises(QueryError):
            parse(expression)
    else:
        assert found(expression) == ids


@pytest.mark.parametrize(
    ("expression", "position", "message"),
    [
        ("hpcg (a|b", 5, "this parenthesis is not closed"),
        ("a)", 1, "there is no parenthesis to close"),
        ("a | ", 4, "something to look for is missing"),
        ("| a", 0, "something to look for is missing"),
        ("()", 1, "something to look for is missing"),
        ("a !", 3, "what must not hold is missing"),
        ('a "b', 2, "this quote is not closed"),
        ("stat=RUN", 0, "there is no field stat: id, name, path"),
        ("age=3", 3, "age is compared with < or >"),
        ("state>3", 5, "state is compared with =, != or ~"),
        ("age<soon", 4, "a time is a number and s, m, h or d, like 90s or 2d"),
        ("note~a[b", 6, "no regular expression: unterminated character set"),
        ("!" * 60 + "a", 50, "too many parentheses or exclamation marks"),
    ],
)
def test_a_mistake_is_named_with_its_place(expression: str, position: int, message: str) -> None:
    """The place is the number of characters before it."""
    with pytest.raises(QueryError) as mistake:
        parse(expression)
    assert str(mistake.value).startswith(message)
    assert mistake.value.position == position


def test_words_alone_are_plain_and_ages_move_with_time() -> None:
    """What follows another letter can be found among what was listed already."""
    assert parse("hpcg n4").is_plain
    for expression in ("a|b", "!a", "(a)", "problem", "state=a", "age<3"):
        assert not parse(expression).is_plain
    assert parse("a (b|age<3)").has_age
    assert not parse("a").has_age


PIECES = [*'ab !|()"=~<>\\[*.', "age", "state", "problem", "é"]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.one_of(st.text(), TEXTS))
@example("state~[[")  # Python warns of it
def test_any_text_is_understood_or_refused_with_a_place(text: str) -> None:
    """Nothing else happens, whatever somebody types."""
    try:
        query = parse(text)
    except QueryError as mistake:
        place = mistake.position
    else:
        place = len(text)
        for run in RUNS:
            query.matches(run, NOW)
    assert 0 <= place <= len(text)


@given(st.text().filter(lambda text: '"' not in text and text.strip()))
def test_quoted_text_is_looked_for_as_it_stands(text: str) -> None:
    """With whatever signs there are in it."""
    query = parse(f'"{text}"')
    held = make("r/9", "RUNNING a")
    object.__setattr__(held, "id", f"x{text}y")
    assert query.matches(held, NOW)


TERMS = st.sampled_from(["hpcg", "osu", "problem", "complete", "has=RUNNING", "user=mia", "age>1h"])


@given(TERMS, TERMS, TERMS)
def test_terms_combine_as_in_logic(first: str, second: str, third: str) -> None:
    """Not, and, or, and their precedence."""

    def holds(expression: str, run: Run) -> bool:
        return parse(expression).matches(run, NOW)

    for run in RUNS:
        one, two, three = (holds(term, run) for term in (first, second, third))
        assert holds(f"!{first}", run) is not one
        assert holds(f"{first} {second}", run) is (one and two)
        assert holds(f"{first}|{second} {third}", run) is (one or (two and three))
        assert holds(f"({first}|{second}) {third}", run) is ((one or two) and three)
        assert holds(f"!({first}|{second})", run) is holds(f"!{first} !{second}", run)


def test_every_flag_tells_some_of_the_runs_from_the_others() -> None:
    """None is without meaning."""
    for flag in FLAGS:
        matches = parse(flag).matches
        assert any(matches(run, NOW) for run in (*RUNS, STALLED))
        assert not all(matches(run, NOW) for run in (*RUNS, STALLED))


def test_a_value_may_be_missing() -> None:
    """It is compared with nothing, also before a parenthesis."""
    assert parse("(result=)").matches(make("a", "RUNNING x"), 0.0)
    assert not parse("(state=)").matches(make("a", "RUNNING x"), 0.0)
