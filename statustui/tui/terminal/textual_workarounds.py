"""Giving back the memory of widgets that are gone."""

from __future__ import annotations

import gc

from textual._styles_cache import StylesCache


def tidy() -> None:
    """Forget what closed screens have drawn.

    Textual 8.2 remembers the drawn lines of a thousand widgets, whether they are there or not, and
    what is left of a screen is in circles.
    """
    StylesCache.get_inner_outer.cache_clear()
    gc.collect()
