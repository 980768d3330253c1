"""Marking single cases of a test as slow."""

from __future__ import annotations

import pytest
from _pytest.mark.structures import ParameterSet


def slow(*values: object) -> ParameterSet:
    """Return one case of a parametrized test that only `.ci/run` includes."""
    return pytest.param(*values, marks=pytest.mark.slow)
