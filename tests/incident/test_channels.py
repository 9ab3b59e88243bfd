"""Rooms: opened or refused, joined, and what could not be said in them."""

import pytest

from bot.domain.effects import MeetPerson, UpsertMessage
from bot.domain.incident.effects import Invite, Welcome
from bot.domain.refusal import Refusal
from bot.ports import Posted, Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.people import People
from bot.testing import SpyKit

pytestmark = pytest.mark.usefixtures("channel")


def states(spy: SpyKit) -> dict[str, str]:
    return {row.effect.key: row.state for row in spy.sessions.queued()}


def test_a_channel_that_opens_lets_go_what_waited_for_it(spy: SpyKit):
    spy.say("incident me cart")
    before = states(spy)

    spy.create_channel(2)

    assert before["card:2:declared"] == before["invite:2:declared"] == "held"
    assert states(spy)["card:2:declared"] == states(spy)["invite:2:declared"] == "ready"


def test_a_channel_is_opened_once(spy: SpyKit):
    spy.create_channel(1, channel="C0OTHER")

    assert spy.incident(1).channel == "C0ROOM"
    assert [it.kind for it in spy.timeline(1)].count("channel_opened") == 1


def test_a_channel_that_is_refused_lets_go_what_waited_and_says_why(spy: SpyKit):
    spy.say("incident me cart")
    with spy.tx() as tx:
        IncidentChannels(tx).refused(2, "restricted_action")

    assert spy.incident(2).channel_refused == "restricted_action"
    assert "held" not in states(spy).values()
    assert len(spy.lines(2)) == 1


def test_who_joins_is_welcomed_and_belongs(spy: SpyKit):
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", "U0RAJ", origin="Ev1")
        IncidentChannels(tx).joined("C0ROOM", "U0RAJ", origin="Ev2")

    assert [it.person for it in spy.asked(Welcome)] == ["U0RAJ", "U0RAJ"]
    assert spy.incident(1).members == ("U0ANA", "U0RAJ")
    assert [it.kind for it in spy.timeline(1)].count("person_joined") == 1


def test_who_opened_it_needs_no_introduction(spy: SpyKit):
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", "U0ANA", origin="Ev1")
        IncidentChannels(tx).joined("C0ELSEWHERE", "U0RAJ", origin="Ev2")

    assert not spy.asked(Welcome)


def test_what_could_not_be_said_is_said_in_the_channel(spy: SpyKit):
    with spy.tx() as tx:
        IncidentChannels(tx).undelivered(1, "The channel's topic", "too_long")
        IncidentChannels(tx).undelivered(99, "Anything", "gone")

    assert len(spy.lines(1)) == 1


def test_where_a_message_stands_is_kept(spy: SpyKit):
    with spy.tx() as tx:
        IncidentChannels(tx).posted("card:1", Posted(channel="C0ROOM", ts="1.0"))

    with spy.tx() as tx:
        assert tx.session.messages.get("card:1") == Posted(channel="C0ROOM", ts="1.0")


def test_the_first_invitation_is_the_declarers(spy: SpyKit):
    assert spy.asked(Invite)[0].people == ("U0ANA",)
    assert [it.message_type for it in spy.asked(UpsertMessage)][:2] == ["announcement", "card"]


# --- people -----------------------------------------------------------------------------------------------


def test_a_stranger_is_met_once(spy: SpyKit):
    spy.confirms = False
    for _ in range(2):
        spy.say("help", by="U0ZOE")

    assert [it.person for it in spy.asked(MeetPerson)].count("U0ZOE") == 1


def test_a_person_whose_name_is_not_known_yet_has_none(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).seen("U0ZOE", None)

        assert People(tx).name("U0ZOE") is None
        assert People(tx).name("U0ANA") == "Ana Lima"


def test_what_slack_says_of_somebody_is_kept_for_a_day(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe Novak", email="zoe@example.com", zone="Europe/Warsaw"))
        fresh = People(tx).stale()
    spy.clock.tick(hours=25)
    with spy.tx() as tx:
        assert "U0ZOE" not in fresh
        assert "U0ZOE" in People(tx).stale()
        assert People(tx).named("@zoe") == "U0ZOE"


def test_somebody_unknown_is_asked_for_by_mention(spy: SpyKit):
    with spy.tx() as tx, pytest.raises(Refusal, match="choose the person from Slack's list"):
        People(tx).named("@nobody")


def test_a_time_is_read_in_the_askers_own_zone(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0RAJ", Profile(name="Raj Patel", zone="Asia/Kolkata"))

    spy.say("incident impact x since 17:00", channel="C0ROOM", by="U0RAJ")
    in_kolkata = spy.incident(1).impact_since
    spy.say("incident impact x since 11:45z", channel="C0ROOM", by="U0RAJ")
    in_utc = spy.incident(1).impact_since
    spy.say("incident impact x since yesterday 12:30", channel="C0ROOM", by="U0ANA")
    yesterday = spy.incident(1).impact_since

    assert [f"{it:%d %H:%M}" for it in (in_kolkata, in_utc, yesterday) if it] == [
        "23 11:30",
        "23 11:45",
        "22 12:30",
    ]
