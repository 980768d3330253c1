"""The filter language: which runs to list, wait for, or save as a view.

A filter is made of terms. Terms that follow each other must all hold, ``|`` stands between
alternatives, ``!`` before what must not hold, and parentheses group. A term is a word of `FLAGS`, a
comparison of a field of `FIELDS`, or any other word, which is looked for in id, name, state and
note without regard to case. Quotes keep spaces, ``|`` and parentheses in a word or a value, and
take a word of `FLAGS` literally.
"""

from __future__ import annotations

import fnmatch
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from statustui.core.run import Run
from statustui.core.text import parse_span

Test: TypeAlias = Callable[[Run, float], bool]
"""Whether a run matches at a time in seconds since 1970."""

FIELDS: dict[str, tuple[Callable[[Run], str], str]] = {
    "id": (lambda run: run.id, "name of the run directory"),
    "name": (lambda run: run.name, "what it is a run of"),
    "path": (lambda run: run.path, "root and the way from there"),
    "kind": (lambda run: run.kind, "`test`, `series` or `plain`"),
    "state": (lambda run: run.current.state, "state of the last status"),
    "note": (lambda run: run.headline, "note of the last status, or of the failure that it hides"),
    "category": (lambda run: run.category.value, "category"),
    "result": (lambda run: run.result or "", "`pass`, `fail`, `error`, or nothing"),
    "user": (lambda run: run.user, "who made the run"),
    "series": (lambda run: run.series, "number of the series that it belongs to"),
}
"""Name of a field -> how to get its text, and what it holds."""

HISTORY = "has"
"""The field that stands for all states in the history of a run."""
AGE = "age"
"""The field that stands for the seconds since the last status."""

FLAGS: dict[str, tuple[Callable[[Run], bool], str]] = {
    "problem": (lambda run: run.category.is_problem, "error or failed"),
    "hidden": (lambda run: run.hides_problem, "a later state hides its failure"),
    "complete": (lambda run: run.is_over, "it will not go on"),
    "stalled": (lambda run: run.stall is not None, "sits in a state for much longer than usual"),
}
"""Word -> whether it holds for a run, and what it means."""

_FIELD = re.compile(r"([a-z]+)(!=|=|~|<|>)")
_BARE = re.compile(r'[^\s|()"]+')
_DEEPEST = 50
"""Parentheses and exclamation marks that may be open at a time."""


class QueryError(ValueError):
    """A filter that cannot be understood.

    Attributes:
        position: Where the mistake is: the number of characters before it.
    """

    def __init__(self, message: str, position: int) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.position = position


@dataclass(frozen=True)
class Query:
    """A filter that has been understood."""

    text: str
    matches: Test
    is_plain: bool
    """Whether it is made of words alone, so that one letter more cannot match more runs."""
    has_age: bool
    """Whether what it matches changes with time."""


def parse(text: str) -> Query:
    """Understand a filter; an empty one matches every run.

    Raises:
        QueryError: It has a mistake.
    """
    return _Parser(text).parse()


class _Term(NamedTuple):
    test: Test
    is_word: bool = False
    is_age: bool = False


class _Parser:
    """Goes through a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0
        self._is_plain = True
        self._has_age = False

    def parse(self) -> Query:
        test: Test = lambda _run, _now: True  # noqa: E731 - the filter that lets everything pass
        if self._text.strip():
            test = self._alternatives()
            if self._next():
                raise QueryError("there is no parenthesis to close", self._place)
        return Query(self._text, test, self._is_plain, self._has_age)

    def _next(self) -> str:
        """The next character that is no space; nothing at the end."""
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
        if self._depth > _DEEPEST:
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
        start = self._place
        field = _FIELD.match(self._text, start)
        if field is None:
            is_quoted = self._text[start] == '"'
            word = self._value()
            if word in FLAGS and not is_quoted:
                self._is_plain = False
                holds = FLAGS[word][0]
                return lambda run, _now: holds(run)
            return _contains(word.casefold())
        self._is_plain = False
        self._place = field.end()
        name, sign = field[1], field[2]
        value_at = self._place
        if name not in {*FIELDS, HISTORY, AGE}:
            known = ", ".join([*FIELDS, HISTORY, AGE])
            raise QueryError(f"there is no field {name}: {known}", start)
        value = self._value() if self._text[value_at : value_at + 1].strip() else ""
        if (name == AGE) != (sign in {"<", ">"}):
            signs = "< or >" if name == AGE else "=, != or ~"
            raise QueryError(f"{name} is compared with {signs}", field.start(2))
        try:
            return self._comparison(name, sign, value)
        except re.error as error:
            at = value_at + (error.pos or 0)
            raise QueryError(f"no regular expression: {error.msg}", at) from None
        except ValueError as error:
            raise QueryError(str(error), value_at) from None

    def _value(self) -> str:
        """Read a word, or what stands in quotes."""
        start = self._place
        if self._text[start] == '"':
            end = self._text.find('"', start + 1)
            if end < 0:
                raise QueryError("this quote is not closed", start)
            self._place = end + 1
            return self._text[start + 1 : end]
        bare = _BARE.match(self._text, start)
        if bare is None:
            return ""
        self._place = bare.end()
        return bare[0]

    def _comparison(self, name: str, sign: str, value: str) -> Test:
        if name == AGE:
            self._has_age = True
            return _is_aged(sign, parse_span(value))
        flags = re.IGNORECASE
        with warnings.catch_warnings():
            # What a later Python may read otherwise is no reason to write over the screen.
            warnings.simplefilter("ignore", FutureWarning)
            pattern = re.compile(value if sign == "~" else fnmatch.translate(value), flags)
        fits = pattern.search if sign == "~" else pattern.match
        if name == HISTORY:
            found: Test = lambda run, _now: any(map(fits, run.seen))  # noqa: E731 - one of a pair
        else:
            get = FIELDS[name][0]
            found = lambda run, _now: fits(get(run)) is not None  # noqa: E731 - one of a pair
        if sign == "!=":
            return lambda run, now: not found(run, now)
        return found


def _contains(word: str) -> Test:
    def test(run: Run, _now: float) -> bool:
        return (
            word in run.id.casefold()
            or word in run.name.casefold()
            or word in run.current.state.casefold()
            or word in run.headline.casefold()
        )

    return test


def _is_aged(sign: str, seconds: float) -> Test:
    def test(run: Run, now: float) -> bool:
        age = run.age(now)
        return age is not None and (age < seconds if sign == "<" else age > seconds)

    return test
