"""Zones that this machine knows, and what is none."""

import pytest

from bot.domain.zone import known_zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Lisbon", "US/Pacific", "Asia/Calcutta"])
def test_a_zone_that_is_known_keeps_its_name(name: str):
    assert known_zone(name) == name


@pytest.mark.parametrize(
    "name",
    ["America/Nowhere", "America", "../etc/passwd", "/etc/passwd", "\0", "\ud800", "x" * 999, " ", "", None],
)
def test_what_is_no_zone_here_is_none(name: str | None):
    assert known_zone(name) is None
