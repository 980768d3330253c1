"""Working directories of Pavilion with their links, unpacked."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.trees import DATA


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which each ``*.tar.gz`` of the test data is unpacked."""
    place = tmp_path_factory.mktemp("corpora")
    for archive in DATA.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            # What checks where members lead to came to the later releases of Python 3.10 and 3.11.
            safe: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            packed.extractall(place, **safe)  # noqa: S202 - the project's own archives
    return place
