"""A folder with a config.yaml, for each test its own."""

from pathlib import Path

import pytest

from bot.app.settings import load
from bot.config import Settings
from tests.config.reading import Read


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)

    def reading(text: str, **variables: str) -> Settings:
        path = Path("config.yaml")
        path.write_text(text, encoding="utf-8")
        return load(path, variables)

    return reading
