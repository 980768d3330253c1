"""The filter language: which runs to list, wait for, or save as a view.

A filter consists of terms. Adjacent terms must all match, ``|`` separates alternatives, ``!``
negates the next term, and parentheses group. A term is a word of `FLAGS`, a comparison of a field
of `FIELDS`, or any other word, which is searched for in id, name, state and note. Quotes keep
spaces, ``|`` and parentheses in a word or a value, and make a word of `FLAGS` an ordinary word.

An unquoted regular expression ends at a space, or at a parenthesis that it has not opened itself,
unless these are escaped or within its parentheses or square brackets.

Case and Unicode normal form are ignored.
"""

from __future__ import annotations

import fnmatch
import itertools
import re
import unicodedata
import warnings
from collections.abc import Callable, Collection
from typing import NamedTuple, TypeAlias

from statustui.core.recent_results import Change
from statustui.core.run import Run
from statustui.core.text import parse_span

Test: TypeAlias = Callable[[Run, float], bool]
"""Returns whether a run matches at a time in seconds since 1970."""

FIELDS: dict[str, tuple[Callable[[Run], str], str]] = {
    "id": (lambda run: run.id, "name of the run directory"),
    "name": (lambda run: run.name, "what it is a run of"),
    "path": (lambda run: run.path, "root and the way from there"),
    "root": (lambda run: run.root, "root, as it was given"),
    "kind": (lambda run: run.kind, "`test`, `series` or `plain`"),
    "state": (lambda run: run.current.state, "state of the last status"),
    "note": (lambda run: run.headline, "note of the last status, or of the failure that it hides"),
    "category": (lambda run: run.category.value, "category"),
    "result": (lambda run: run.result or "", "`pass`, `fail`, `error`, or nothing"),
    "user": (lambda run: run.user, "who made the run"),
    "series": (lambda run: run.series, "number of the series that it belongs to"),
    "system": (lambda run: run.system, "system that it is meant for, as Pavilion calls it"),
    "job": (lambda run: run.job_id, "id of its job, while it is under way"),
    "reason": (lambda run: run.job_reason, "why its job waits"),
}
"""Name of a field -> function that returns its text, and a description."""

HISTORY = "has"
"""The field of all states in the history of a run."""
NODE = "node"
"""The field of the nodes of its job."""

SETS: dict[str, tuple[Callable[[Run], Collection[str]], str]] = {
    HISTORY: (lambda run: run.seen, "every state that it has been in"),
    NODE: (lambda run: run.job.nodes if run.job else (), "each node that its job runs on"),
}
"""The same for fields with several texts: one of them has to match."""
AGE = "age"
"""The field of the seconds since the last status."""
SINCE = "since"
"""The field of the seconds since its test began to fail as it does now."""

SPANS: dict[str, tuple[Callable[[Run, float], float | None], str]] = {
    AGE: (lambda run, now: run.age(now), "time since the last status: s, m, h, d"),
    SINCE: (lambda run, now: run.failing_for(now), "time for which its test has failed like this"),
}
"""Name of a field in seconds -> function that returns it, None if unknown, and a description."""


def _has_changed(change: Change) -> Callable[[Run], bool]:
    return lambda run: run.past is not None and run.past.change is change


FLAGS: dict[str, tuple[Callable[[Run], bool], str]] = {
    "problem": (lambda run: run.category.is_problem, "error or failed"),
    "hidden": (lambda run: run.hides_problem, "a later state hides its failure"),
    "complete": (lambda run: run.is_finished, "it will not go on"),
    "stalled": (lambda run: run.stall is not None, "sits in a state for much longer than usual"),
    "muted": (lambda run: run.is_muted, "its failure is known, and put aside"),
    "broke": (_has_changed(Change.BROKE), "last result of its test: failed, other than before"),
    "still": (_has_changed(Change.STILL), "last result of its test: failed as the one before"),
    "fixed": (_has_changed(Change.FIXED), "last result of its test: passed, failed before"),
    "flaky": (
        lambda run: run.past is not None and run.past.is_flaky,
        "last result of its test, which fails and passes by turns",
    ),
}
"""Word -> function that returns whether it is true of a run, and a description."""

PAST_FIELDS = frozenset({"broke", "still", "fixed", "flaky", SINCE})
"""The fields and flags that go by the past of a run."""

OPENINGS = (
    *(f"{name}=" for name in (*FIELDS, *SETS)),
    *FLAGS,
    *(f"{name}{sign}" for name in SPANS for sign in "<>"),
)
"""What a term can begin with, other than a word: a comparison or a flag."""

_FIELD = re.compile(r"([a-z]+)(!=|=|~|<|>)")
_BARE = re.compile(r'[^\s|()"]+')
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""A set of characters in a regular expression."""
_WILDCARD = re.compile(r"[*?[]")
_MAX_DEPTH = 50
"""Largest number of nested parentheses and exclamation marks."""
_MAX_LENGTH = 10_000
"""Characters of a filter."""
_MAX_PATTERN_LENGTH = 1_000
"""Characters of a wildcard pattern or regular expression, whose compilation is slow."""
_WORD_FIELDS = frozenset({"id", "name", "state", "note"})
"""The fields in which a word is searched for."""
_MAX_QUICK_TERMS = 10
"""Terms that are matched in a few microseconds a run."""


class QueryError(ValueError):
    """A filter has a mistake.

    Attributes:
        position: The number of characters before the mistake.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Query(NamedTuple):
    """A parsed filter."""

    text: str
    matches: Test
    is_plain: bool
    """Whether it consists of words only: one more letter then cannot match more runs."""
    has_age: bool
    """Whether its matches change with time."""
    patterns: tuple[int, ...]
    """The number of characters before each regular expression and wildcard pattern."""
    fields: frozenset[str]
    """The fields and flags that it depends on; a word: ``id``, ``name``, ``state``, ``note``."""
    is_quick: bool
    """Whether matching any run takes microseconds: few terms, and none with a pattern."""


def parse_query(text: str) -> Query:
    """Parse a filter; an empty one matches every run.

    Raises:
        QueryError: The filter has a mistake.
    """
    return _Parser(text).parse()


class _Parser:
    """A recursive-descent parser: each method parses from `_place` on and moves it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0
        self._is_plain = True
        self._has_age = False
        self._patterns: list[int] = []
        self._fields: set[str] = set()
        self._terms = 0

    def parse(self) -> Query:
        if len(self._text) > _MAX_LENGTH:
            raise QueryError(f"a filter has at most {_MAX_LENGTH:,} characters", _MAX_LENGTH)
        test: Test = lambda _run, _now: True  # noqa: E731 - no better as a function
        if self._text.strip():
            test = self._alternatives()
            if self._next():
                raise QueryError("there is no parenthesis to close", self._place)
        return Query(
            text=self._text,
            matches=test,
            is_plain=self._is_plain,
            has_age=self._has_age,
            patterns=tuple(self._patterns),
            fields=frozenset(self._fields),
            is_quick=not self._patterns and self._terms <= _MAX_QUICK_TERMS,
        )

    def _next(self) -> str:
        """Skip spaces and return the next character; an empty string at the end."""
        while self._place < len(self._text) and self._text[self._place].isspace():
            self._place += 1
        return self._text[self._place : self._place + 1]

    def _alternatives(self) -> Test:
        tests = [self._all_of()]
        while self._next() == "|":
            self._is_plain = False
            self._place += 1
            tests.append(self._all_of())
        if len(tests) == 1:
            return tests[0]
        return lambda run, now: any(test(run, now) for test in tests)

    def _all_of(self) -> Test:
        tests = []
        while self._next() not in {"", "|", ")"}:
            tests.append(self._one())
        if not tests:
            raise QueryError("something to look for is missing", self._place)
        if len(tests) == 1:
            return tests[0]
        return lambda run, now: all(test(run, now) for test in tests)

    def _one(self) -> Test:
        sign = self._next()
        if sign not in {"!", "("}:
            return self._term()
        self._is_plain = False
        start = self._place
        self._place += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise QueryError("too many parentheses or exclamation marks", start)
        if sign == "!":
            if self._next() in {"", "|", ")"}:
                raise QueryError("what must not hold is missing", self._place)
            inner = self._one()
            test: Test = lambda run, now: not inner(run, now)  # noqa: E731 - no better as a function
        else:
            test = self._alternatives()
            if self._next() != ")":
                raise QueryError("this parenthesis is not closed", start)
            self._place += 1
        self._depth -= 1
        return test

    def _term(self) -> Test:
        self._terms += 1
        field = _FIELD.match(self._text, self._place)
        if field is not None:
            return self._field(field)
        is_quoted = self._text[self._place] == '"'
        word = self._quoted() if is_quoted else self._bare()
        if word in FLAGS and not is_quoted:
            self._is_plain = False
            self._fields.add(word)
            holds = FLAGS[word][0]
            return lambda run, _now: holds(run)
        self._fields |= _WORD_FIELDS
        return _contains(fold(word))

    def _field(self, field: re.Match[str]) -> Test:
        """Parse a comparison: a field, an operator and a value."""
        self._is_plain = False
        name, sign = field[1], field[2]
        if name not in {*FIELDS, *SETS, *SPANS}:
            raise QueryError(f"there is no field {name}{_suggest(name)}", field.start())
        if (name in SPANS) != (sign in {"<", ">"}):
            signs = "< or >" if name in SPANS else "=, != or ~"
            raise QueryError(f"{name} is compared with {signs}", field.start(2))
        self._fields.add(name)
        self._place = field.end()
        is_quoted = self._text.startswith('"', self._place)
        value_at = self._place + is_quoted
        value = self._value(is_regex=sign == "~")
        if name in SPANS:
            return self._span(name, sign, value, value_at)
        if not value and (sign == "~" or not is_quoted):
            empty = "" if sign == "~" else f'; {name}{sign}"" stands for what is empty'
            raise QueryError(f"nothing stands behind {sign}{empty}", field.end())
        return self._comparison(name, sign, value, value_at)

    def _span(self, name: str, sign: str, value: str, value_at: int) -> Test:
        self._has_age = True
        try:
            return _is_aged(SPANS[name][0], sign, parse_span(value))
        except ValueError as error:
            raise QueryError(str(error), value_at) from None

    def _value(self, *, is_regex: bool) -> str:
        """Parse the value that a field is compared with."""
        if self._text.startswith('"', self._place):
            value = self._quoted()
            behind = self._text[self._place : self._place + 1]
            if behind and not behind.isspace() and behind not in "|)":
                raise QueryError("a space is missing behind the quote", self._place)
            return value
        value = self._regex() if is_regex else self._bare()
        sign = self._text[self._place : self._place + 1]
        if sign and sign in '("':
            raise QueryError(f"a value with {sign} stands in quotes", self._place)
        if sign == "|" and is_regex:
            what = "a regular expression with | stands in quotes or in parentheses"
            raise QueryError(f"{what}; or a space is missing", self._place)
        return value

    def _quoted(self) -> str:
        """Parse a quoted text."""
        start = self._place
        end = self._text.find('"', start + 1)
        if end < 0:
            raise QueryError("this quote is not closed", start)
        self._place = end + 1
        return self._text[start + 1 : end]

    def _bare(self) -> str:
        """Parse a word; it may be empty."""
        bare = _BARE.match(self._text, self._place)
        if bare is None:
            return ""
        self._place = bare.end()
        return bare[0]

    def _regex(self) -> str:
        """Parse an unquoted regular expression."""
        start, opened = self._place, []
        while sign := self._text[self._place : self._place + 1]:
            if self._place - start > _MAX_PATTERN_LENGTH:
                break
            in_brackets = _SET.match(self._text, self._place) if sign == "[" else None
            if in_brackets is not None:
                self._place = in_brackets.end()
                continue
            if sign == "(":
                opened.append(self._place)
            elif sign == ")" and opened:
                opened.pop()
            elif sign == '"' or (not opened and (sign.isspace() or sign in "|)")):
                break
            self._place += 2 if sign == "\\" else 1
        self._place = min(self._place, len(self._text))
        if opened:
            raise QueryError("this parenthesis is not closed", opened[-1])
        return self._text[start : self._place]

    def _comparison(self, name: str, sign: str, value: str, value_at: int) -> Test:
        """Return a test that compares a field, or any text of one with several, with a value."""
        fits = self._fits(value, value_at, is_regex=sign == "~")
        if name in SETS:
            get_all = SETS[name][0]
            found: Test = lambda run, _now: any(map(fits, get_all(run)))  # noqa: E731 - one of a pair
        else:
            get = FIELDS[name][0]
            found = lambda run, _now: fits(get(run))  # noqa: E731 - one of a pair
        if sign == "!=":
            return lambda run, now: not found(run, now)
        return found

    def _fits(self, value: str, value_at: int, *, is_regex: bool) -> Callable[[str], bool]:
        """Return a function that compares a text with a regular expression or a value."""
        if not is_regex and _WILDCARD.search(value) is None:
            wanted = fold(value)
            return lambda text: fold(text) == wanted
        if len(value) > _MAX_PATTERN_LENGTH:
            most = f"at most {_MAX_PATTERN_LENGTH:,} characters"
            raise QueryError(f"a pattern has {most}", value_at + _MAX_PATTERN_LENGTH)
        self._patterns.append(value_at)
        value = compose(value)
        pattern = _compile(value if is_regex else fnmatch.translate(value), value_at, len(value))
        find = pattern.search if is_regex else pattern.match
        return lambda text: find(text if text.isascii() else compose(text)) is not None


def _suggest(name: str) -> str:
    """Return what to say of a field that does not exist: a similar one, or all."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    known = [*FIELDS, *SETS, *SPANS]
    begun = [one for one in known if one.startswith(name)]
    similar = begun or get_close_matches(name, known, 1)
    return f"; did you mean {similar[0]}?" if similar else f": {', '.join(known)}"


def _compile(pattern: str, place: int, width: int) -> re.Pattern[str]:
    """Compile a regular expression that is at `place` of the filter and has `width` characters."""
    try:
        with warnings.catch_warnings():
            # Warnings, such as a FutureWarning about nested sets, would be written over the screen.
            warnings.simplefilter("ignore")
            return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        at = place + min(error.pos or 0, width)
        raise QueryError(f"no regular expression: {error.msg}", at) from None
    except RecursionError:
        raise QueryError("no regular expression: nested too deeply", place) from None
    except (OverflowError, ValueError, RuntimeError) as error:
        raise QueryError(f"no regular expression: {error}", place) from None


def compose(text: str) -> str:
    """Return text in the composed Unicode normal form (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return text folded so that case and Unicode normal form make no difference."""
    if text.isascii():
        return text.casefold()
    return compose(unicodedata.normalize("NFD", text).casefold())


def _contains(word: str) -> Test:
    """Return a test that searches for a folded word in id, name, state and note."""
    # Folding one text costs less than folding four. The word cannot match across the gap.
    gap = next(sign for sign in map(chr, itertools.count()) if sign not in word)

    def test(run: Run, _now: float) -> bool:
        text = run.words(gap)
        return word in (text.casefold() if text.isascii() else fold(text))

    return test


def _is_aged(get: Callable[[Run, float], float | None], sign: str, seconds: float) -> Test:
    def test(run: Run, now: float) -> bool:
        age = get(run, now)
        return age is not None and (age < seconds if sign == "<" else age > seconds)

    return test
