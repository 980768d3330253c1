from __future__ import annotations

from datetime import datetime, timezone

import pytest

from statustui.tui.model.time_axis import TimeAxis

LAST_YEAR = datetime(9999, 12, 1, tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize("is_utc", [True, False])
def test_an_axis_has_no_ticks_beyond_the_last_year(is_utc: bool) -> None:  # noqa: FBT001 - a parameter
    """A line of a status file may be dated so; what lies before is marked."""
    axis = TimeAxis.fitted(LAST_YEAR, LAST_YEAR + 90 * 86_400, 80)
    labels = [tick.label for tick in axis.ticks(is_utc=is_utc)]
    assert labels[0].startswith(("11-", "12-", "9999-"))
    assert list(TimeAxis(1e18, 2e18, 80).ticks()) == []
