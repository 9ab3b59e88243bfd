"""Who is a guest, by what Slack says of them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.slack.identity import Identity
from bot.adapters.slack.people import profile

SPY = Identity(
    team="T0SPY", team_name="acme", url="https://acme.slack.com/", user="U0SPY", bot="B0SPY", name="spy"
)
ON_GRID = replace(SPY, enterprise="E0ACME")
OF_ACME, OF_GLOBEX = {"enterprise_id": "E0ACME"}, {"enterprise_id": "E0GLOBEX"}


@pytest.mark.parametrize(
    ("said", "is_guest"),
    [
        ({"team_id": "T0SPY"}, False),
        ({}, False),
        ({"team_id": "T0SPY", "is_restricted": True}, True),
        ({"team_id": "T0SPY", "is_ultra_restricted": True}, True),
        ({"team_id": "T0SPY", "is_stranger": True}, True),
        ({"team_id": "T0GLOBEX", "is_stranger": False}, True),
        ({"team_id": "T0SISTER", "enterprise_user": OF_ACME}, True),
    ],
)
def test_guests_and_people_of_other_organisations_are_told_apart(said: dict[str, Any], is_guest: bool):  # noqa: FBT001  a column of the table
    assert profile({"name": "zoe", **said}, SPY).is_guest is is_guest


@pytest.mark.parametrize(
    ("said", "is_guest"),
    [
        ({"team_id": "T0SISTER", "enterprise_user": OF_ACME}, False),
        ({"team_id": "T0SISTER", "enterprise_user": OF_ACME, "is_restricted": True}, True),
        ({"team_id": "T0GLOBEX", "enterprise_user": OF_GLOBEX}, True),
        ({"team_id": "T0GLOBEX"}, True),
    ],
)
def test_on_grid_a_colleague_of_another_workspace_is_no_guest(said: dict[str, Any], is_guest: bool):  # noqa: FBT001  a column of the table
    assert profile({"name": "zoe", **said}, ON_GRID).is_guest is is_guest
