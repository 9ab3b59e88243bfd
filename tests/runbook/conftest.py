"""A folder for runbooks, for each test its own."""

from pathlib import Path

import pytest

from tests.runbook.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)
