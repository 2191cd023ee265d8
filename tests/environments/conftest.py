"""Worlds to play in, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")

from assay.environments.universe import OpenEpisode, Universe

# Run by another Python, which has the package that it asks.
collect_ignore = ["agentdojo_verifier.py"]


@pytest.fixture(scope="session")
def universe(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    return Universe("startup", 7, tmp_path_factory.mktemp("worlds"))


@pytest.fixture
def episode(universe: Universe) -> Iterator[OpenEpisode]:
    with universe.episode(universe.task("bad-deploy", 1)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
