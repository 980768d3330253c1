"""When what has failed is tried again."""

from __future__ import annotations

from statustui.tui.model.backoff import Backoff


def test_what_fails_again_and_again_is_tried_less_and_less_often() -> None:
    """Up to a bound; after a success the next failure is tried again at once."""
    backoff = Backoff(8)
    tried = [tick for tick in range(40) if backoff.tick(has_failed=True)]
    assert tried == [0, 2, 6, 14, 22, 30, 38]
    assert not backoff.tick(has_failed=False)
    assert [backoff.tick(has_failed=True) for _tick in range(3)] == [True, False, True]
