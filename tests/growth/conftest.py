"""A second database in SQLite, for a long past."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def past_sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'past.db')}"
