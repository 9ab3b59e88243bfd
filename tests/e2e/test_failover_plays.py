"""Traffic that really moves between two sites, and back again, as a person would play it with `spy demo`."""

from pathlib import Path

import pytest

from tests.e2e.test_first_incident import played

HERE = Path(__file__).parent


@pytest.mark.parametrize("play", ["failover_moves", "failover_rolls_back"])
def test_the_demo_plays_a_failover(play: str):
    ended = played((HERE / f"{play}.txt").read_text(encoding="utf-8"))

    assert ended.returncode == 0, ended.stdout + ended.stderr
