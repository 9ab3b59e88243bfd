"""The stories of the page, played with the real bot: each to its end, twice, whatever else is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import Box
from bot.sandbox.stories.player import FOLDER, StoryPlayer
from tests.conftest import living_in

NAMES = [file.stem for file in sorted(FOLDER.glob("*.txt"))]


@pytest.fixture
def box(tmp_path: Path, sqlite_url: str) -> Iterator[Box]:
    with living_in(tmp_path, sqlite_url, sites=True) as world:
        yield world.box


@pytest.mark.parametrize("name", NAMES)
def test_a_story_plays_to_its_end_and_again_beside_an_open_incident(box: Box, name: str):
    player = StoryPlayer(box, on_change=lambda _: None)
    player.pace = 0
    box.slack.slash("kim", "general", "/incident", 'me "logins fail" sev1')

    for _ in range(2):
        player.play(name)
        box.wait_for(lambda: player.playing and player.playing.state != "playing", seconds=90)
        assert player.playing
        assert player.playing.state == "over", player.playing.caption
        player.stop()
