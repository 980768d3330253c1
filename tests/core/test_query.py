"""The filter language."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Callable
from typing import Literal, TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from statustui.core.job import Job, JobStatus
from statustui.core.past import past_at, past_before
from statustui.core.query import FIELDS, FLAGS, PAST_FIELDS, QueryError, fold, parse_query
from statustui.core.run import Run, Stall
from tests.runs import make

NOW = 10_000.0
Form: TypeAlias = Literal["NFC", "NFD"]
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
STALLED = make("r/9", "RUNNING x", start=NOW - 9999)._replace(stall=Stall(NOW - 9000, "a guess"))
MUTED = make("r/10", "RUN_ERROR x")._replace(is_muted=True)


def last_of(sequence: str) -> Run:
    """The last result of a test, 40 minutes apart: ``P`` passed, or failed in a way."""
    results = [
        make(
            f"r/{sequence}{number}",
            "COMPLETE result: PASS" if letter == "P" else f"RUN_FAILED {letter}",
            start=NOW - 2400 * (len(sequence) - number),
        )
        for number, letter in enumerate(sequence)
    ]
    return results[-1]._replace(past=past_at(results, len(results) - 1))


PASTS = tuple(map(last_of, ("PP", "PA", "PAA", "PAB", "PAAP", "PAPA", "A")))


def found(expression: str) -> str:
    """The ids of the runs that a filter matches."""
    query = parse_query(expression)
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
        ('result=""', "123"),
        ('result!=""', "45"),
        ("user=mia", "15"),
        ('user=""', "24"),
        ('user!="" osu', "3"),
        ('has=""', ""),
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
        ("state~^(RUN|BUILD)_", "23"),
        ("state~^(RUN|BUILD) !state~_(FAILED|ERROR)$", "12"),
        ("(state~_(ERROR|FAILED) | id=5)", "35"),
        ("(state~_(ERROR|FAILED))", "3"),
        ("state~_(ERROR|FAILED)|id=5", "error"),
        ("state~_(ERROR|FAILED) |id=5", "35"),
        ("note~(left (x|on)|on )cn", "1"),
        ("note~(left|result): (PASS|FAIL)$ hpcg", ""),
        (r"note~left\ \(disk\|quota\)", "3"),
        ("note~[(] osu", "3"),
        ("note~[])|(]d", "3"),
        ("note~[^]a]isk", "3"),
        ("(note~[)])", "3"),
        ("note~spa[bc d]e osu", "3"),
        ("has~^(build|run)_ !osu", "2"),
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
            parse_query(expression)
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
        ("stat=RUN", 0, "there is no field stat; did you mean state?"),
        ("usr=mia", 0, "there is no field usr; did you mean user?"),
        ("xyz=1", 0, "there is no field xyz: id, name, path"),
        ("age=3", 3, "age is compared with < or >"),
        ("state>3", 5, "state is compared with =, != or ~"),
        ("age<soon", 4, "a time is a number and s, m, h or d, like 90s or 2d"),
        ("note~a[b", 6, "no regular expression: unterminated character set"),
        ('note~"a[b"', 7, "no regular expression: unterminated character set"),
        ("!" * 60 + "a", 50, "too many parentheses or exclamation marks"),
        ("osu note~", 9, "nothing stands behind ~"),
        ('note~""', 5, "nothing stands behind ~"),
        ("note~ a", 5, "nothing stands behind ~"),
        ("(state=)", 7, 'nothing stands behind =; state="" stands for what is empty'),
        ("state!= a", 7, 'nothing stands behind !=; state!="" stands for what is empty'),
        ("has=|a", 4, "nothing stands behind ="),
        ("age<", 4, "a time is a number"),
        ("note~a|b", 6, "a regular expression with | stands in quotes or in parentheses"),
        ("(note~(a)|b)", 9, "a regular expression with | stands in quotes or in parentheses"),
        ("a note~(b", 7, "this parenthesis is not closed"),
        ("note~((b) c", 5, "this parenthesis is not closed"),
        ("note~b)", 6, "there is no parenthesis to close"),
        ("note~a\\", 6, "no regular expression: bad escape"),
        ('note~a"b"', 6, 'a value with " stands in quotes'),
        ("name=osu(4)", 8, "a value with ( stands in quotes"),
        ("state=(A|B)", 6, "a value with ( stands in quotes"),
        ('note~"a"(b)', 8, "a space is missing behind the quote"),
        ("note~a{99999999999}", 5, "no regular expression: the repetition number is too large"),
        ("note~(?a)(?u)b", 5, "no regular expression: "),
    ],
)
def test_a_mistake_is_named_with_its_place(expression: str, position: int, message: str) -> None:
    """The place is the number of characters before it."""
    with pytest.raises(QueryError) as mistake:
        parse_query(expression)
    assert str(mistake.value).startswith(message)
    assert mistake.value.position == position


@pytest.mark.parametrize(
    ("expression", "position", "message"),
    [
        (f"note~{'(' * 490}{')' * 490}", 5, "no regular expression: nested too deeply"),
        (f"a note~{'a' * 2000}", 1007, "a pattern has at most 1,000 characters"),
        (f"note={'*a' * 2000}", 1005, "a pattern has at most 1,000 characters"),
        ("a " * 10_000, 10_000, "a filter has at most 10,000 characters"),
    ],
    ids=["deep", "regex", "wildcards", "terms"],
)
def test_what_is_too_much_is_refused(expression: str, position: int, message: str) -> None:
    """Before it costs anything."""
    with pytest.raises(QueryError, match=message) as mistake:
        parse_query(expression)
    assert mistake.value.position == position


def test_words_alone_are_plain_and_ages_move_with_time() -> None:
    """What follows another letter can be found among what was listed already."""
    assert parse_query("hpcg n4").is_plain
    for expression in ("a|b", "!a", "(a)", "problem", "state=a", "age<3"):
        assert not parse_query(expression).is_plain
    assert parse_query("a (b|age<3)").has_age
    assert not parse_query("a").has_age


def test_long_and_deep_filters_are_understood() -> None:
    """As far as they are allowed to be."""
    assert found("|".join(["zzz"] * 2000 + ["hpcg"])) == "12"
    assert found("(" * 50 + "hpcg" + ")" * 50) == "12"
    assert found("name=" + "*" * 999 + "x") == ""
    assert found(f"note~{'(' * 40}error{')' * 40}") == "2"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "expression",
    ["Überlauf", "überLAUF", "note=*ÜBERL*", "name=größe", "note~ü.erlauf", 'note~"^[ü] x|^Ü"'],
)
def test_the_unicode_normal_form_does_not_matter(expression: str, form: Form) -> None:
    """Neither that of the filter nor that of the text."""
    run = make("r/1", f"RUN_ERROR {unicodedata.normalize('NFD', 'Überlauf Straße')}", name="Größe")
    query = parse_query(unicodedata.normalize(form, expression))
    assert query.matches(run, NOW)
    assert parse_query("STRASSE").matches(run, NOW)
    assert not parse_query("uberlauf").matches(run, NOW)


def test_what_may_take_long_is_known() -> None:
    """By the places of patterns, and by the number of terms."""
    assert parse_query("hpcg state=RUNNING age<3").is_quick
    assert not parse_query("|".join("abcdefghijklm")).is_quick
    query = parse_query('note~a (x | name="*b") user=mia')
    assert query.patterns == (5, 18)
    assert not query.is_quick


PIECES = [*'ab !|()"=~<>\\[*.', "age", "state", "problem", "é"]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.one_of(st.text(), TEXTS))
@example("state~[[")  # Python warns of it
def test_any_text_is_understood_or_refused_with_a_place(text: str) -> None:
    """Nothing else happens, whatever somebody types."""
    try:
        query = parse_query(text)
    except QueryError as mistake:
        place = mistake.position
    else:
        place = len(text)
        for run in RUNS:
            query.matches(run, NOW)
    assert 0 <= place <= len(text)


@given(st.text().filter(lambda text: '"' not in text and text.strip()))
def test_quoted_text_is_looked_for_as_it_stands(text: str) -> None:
    """Any characters but quotes may be in it."""
    query = parse_query(f'"{text}"')
    held = make("r/9", "RUNNING a")._replace(own_id=f"x{text}y")
    assert query.matches(held, NOW)


TERMS = st.sampled_from(["hpcg", "osu", "problem", "complete", "has=RUNNING", "user=mia", "age>1h"])


@given(TERMS, TERMS, TERMS)
def test_terms_combine_as_in_logic(first: str, second: str, third: str) -> None:
    """Not, and, or, and their precedence."""

    def holds(expression: str, run: Run) -> bool:
        return parse_query(expression).matches(run, NOW)

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
        matches = parse_query(flag).matches
        runs = (*RUNS, STALLED, MUTED, *PASTS)
        assert any(matches(run, NOW) for run in runs)
        assert not all(matches(run, NOW) for run in runs)


@pytest.mark.parametrize(
    ("expression", "sequences"),
    [
        ("broke", ["PA", "PAB", "PAPA"]),
        ("still", ["PAA"]),
        ("fixed", ["PAAP"]),
        ("flaky", ["PAPA"]),
        ("since>1h", ["PAA"]),
        ("since<1h", ["PA", "PAB", "PAPA", "A"]),
        ("!since<1000d", ["PP", "PAAP"]),
        ('"broke"', []),
    ],
)
def test_the_past_of_a_test_is_compared(expression: str, sequences: list[str]) -> None:
    """Only the last result of a test has one to compare; most runs have none."""
    query = parse_query(expression)
    matching = [run.id[:-1] for run in PASTS if query.matches(run, NOW)]
    assert matching == sequences
    assert query.has_age is expression.startswith(("since", "!"))
    assert bool(PAST_FIELDS & query.fields) is (expression[0] != '"')
    earlier = PASTS[1]._replace(past=past_before([RUNS[4]], 1))
    assert not parse_query("broke|still|fixed|flaky|since>0").matches(earlier, NOW)


REGEX_PIECES = [*"ab01é()[]{}|*+?.^$\\,-=!<>:#", "(?", "(?P<", "(?<", "{9", "99999", "\\d", "\\N{"]
REGEXES = st.lists(st.sampled_from(REGEX_PIECES), max_size=12).map("".join)


@given(st.one_of(REGEXES, st.text().filter(lambda text: '"' not in text)), st.booleans())
def test_any_regular_expression_is_understood_or_refused(pattern: str, is_quoted: bool) -> None:  # noqa: FBT001 - an argument of the property
    """With quotes and without."""
    text = f'osu note~"{pattern}"' if is_quoted else f"osu note~{pattern} has~{pattern}"
    place, said = 0, "nothing is wrong"
    try:
        parse_query(text)
    except QueryError as mistake:
        place, said = mistake.position, str(mistake)
    assert 0 <= place <= len(text)
    assert said


WORDS = st.text(st.sampled_from("aAbßé\u0301\0\n"), min_size=1, max_size=3)
TERM = st.one_of(
    st.tuples(st.just(""), WORDS),
    st.tuples(st.sampled_from(["note=", "note!=", "name=", "user="]), WORDS),
    st.tuples(st.just("name="), st.text(st.sampled_from("ab*?[]!-"), min_size=1, max_size=5)),
)


def naive(field: str, value: str) -> Callable[[Run], bool]:
    """What a term without a regular expression means, at no matter what cost."""

    def holds(run: Run) -> bool:
        if not field:
            texts = (run.id, run.name, run.current.state, run.headline)
            return any(fold(value) in fold(text) for text in texts)
        text = FIELDS[field.rstrip("!=")][0](run)
        if any(sign in value for sign in "*?["):
            return fnmatch.fnmatchcase(fold(text), fold(value))
        return (fold(text) == fold(value)) is ("!" not in field)

    return holds


@given(
    st.lists(TERM, min_size=1, max_size=3),
    st.sampled_from([" ", "|"]),
    st.booleans(),
    st.text(st.sampled_from("aAbBßéE\u0301\0\n-")),
    # Wildcards count characters, and one of them is two when it is folded.
    st.text(st.sampled_from("aAbBéE\u0301\0\n-")),
    st.text(st.sampled_from("aAbBßéE\u0301\0\n-")),
)
def test_a_filter_agrees_with_a_naive_one(  # noqa: PLR0913, PLR0917 - arguments of the property
    terms: list[tuple[str, str]],
    between: str,
    negates: bool,  # noqa: FBT001 - an argument of the property
    note: str,
    name: str,
    user: str,
) -> None:
    """Words, values and wildcards, and what combines them."""
    run = make("r/ab", f"RUNNING {note}", name=name, user=user)
    said = between.join(f'{field}"{value}"' for field, value in terms)
    combine = all if between == " " else any
    expected = combine(naive(field, value)(run) for field, value in terms)
    query = parse_query(f"!({said})" if negates else said)
    assert query.matches(run, NOW) is (expected is not negates)


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("job=22", True),
        ("job=2", False),
        ('job=""', False),
        ("node=n2", True),
        ("node=n3", False),
        ("node!=n3", True),
        ("node~^n", True),
        ("reason=Res*", False),
    ],
)
def test_a_run_is_found_by_its_job(expression: str, *, matches: bool) -> None:
    """Also by each of its nodes; a reason counts while it waits."""
    status = JobStatus("RUNNING", "Resources", nodes="n[1-2]")
    run = make("r/1", "RUNNING")._replace(job=Job("22", "slurm", status))
    assert parse_query(expression).matches(run, 0.0) is matches
    waiting = run._replace(job=Job("22", "slurm", status._replace(state="PENDING")))
    assert parse_query("reason=Res*").matches(waiting, 0.0)
    assert not parse_query("node=n1 | job=22 | reason=Res*").matches(make("r/1", "RUNNING"), 0.0)
