"""Working directories of Pavilion with their links, unpacked."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.trees import DATA


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which each ``*.tar.gz`` of the test data is unpacked."""
    place = tmp_path_factory.mktemp("corpora")
    for archive in DATA.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="tar")
    return place
