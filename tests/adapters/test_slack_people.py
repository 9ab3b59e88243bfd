"""Who is a guest, by what Slack says of them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.identity import Identity
from bot.adapters.slack.people import members, person_of, profile
from bot.ports import Person
from tests.adapters.conftest import StandIn

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


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"profile": None, "name": "zoe"}, "zoe"),
        ({"profile": {"display_name": None, "real_name": "Zoe Park"}}, "Zoe Park"),
        ({"profile": {"display_name": " ", "real_name": 7}, "real_name": "Zoe"}, "Zoe"),
        ({"profile": {"display_name": "Zoe\n<!channel>\u0000"}}, "Zoe &lt;!channel&gt;"),
        ({"profile": {"display_name": "z" * 999}}, "z" * 79 + "…"),
        ({"id": "U0ZOE", "profile": {}}, "<@U0ZOE>"),
    ],
)
def test_a_name_is_one_line_of_what_there_is(said: dict[str, Any], name: str):
    assert profile(said, SPY).name == name


@pytest.mark.parametrize("email", [None, "", "zoe", 7, "zoe @example.com", {"a": "zoe@example.com"}])
def test_what_is_no_e_mail_is_none(email: object):
    assert profile({"name": "zoe", "profile": {"email": email}}, SPY).email is None


@pytest.mark.parametrize("zone", [None, "", "America/Nowhere", 7, ["UTC"], "Europe"])
def test_a_zone_that_is_not_known_here_is_none(zone: object):
    assert profile({"name": "zoe", "tz": zone}, SPY).zone is None


@pytest.mark.parametrize(
    "said",
    [
        {"id": "U0BOT", "is_bot": True},
        {"id": "U0FLOW", "is_workflow_bot": True},
        {"id": "USLACKBOT", "is_bot": False},
        {"id": "U0SPY"},
    ],
)
def test_bots_are_told_apart_slackbot_and_spy_among_them(said: dict[str, Any]):
    assert profile({"name": "x", **said}, SPY).is_bot
    assert not profile({"name": "zoe", "id": "U0ZOE"}, SPY).is_bot


def test_a_deactivated_account_is_told_apart():
    assert profile({"name": "gone", "deleted": True}, SPY).is_deactivated


def test_who_has_no_id_is_nobody():
    assert person_of({"name": "zoe"}, SPY) is None
    assert person_of({"id": "U0ZOE", "name": "zoe"}, SPY) == Person(id="U0ZOE", name="zoe")


@pytest.mark.parametrize("listed", [None, "U0ANA", {"U0ANA": 1}, [None, 7, ""]])
def test_an_odd_list_of_members_names_nobody(listed: object):
    assert members(listed) == ()
    assert members(["U0ANA", None]) == ("U0ANA",)


def test_what_no_database_takes_is_replaced_in_what_slack_answers(stand_in: StandIn):
    zoe = {"id": "U0ZOE", "profile": {"display_name": "Zoe \ud83d", "email": "zoe@acme.test"}}
    slack = PooledWebClient(
        "xoxb-1", base_url=stand_in(lambda *_: (200, {}, {"ok": True, "user": zoe})) + "/api/"
    )

    assert profile(slack.users_info(user="U0ZOE")["user"], SPY).name == "Zoe \ufffd"
