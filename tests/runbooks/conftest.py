"""A folder for runbooks, for each test its own."""

from pathlib import Path

import pytest

from tests.runbooks.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)
