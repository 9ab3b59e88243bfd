"""What becomes of channels, as people hear of it: told once to who can mend it, and once when it works again."""

from dataclasses import replace

import pytest

from bot.commands.request import ClosedNotice, Left, MadePrivateNotice, MovedNotice, PutOut, ReopenedNotice
from bot.domain.effects import Notify, UpsertMessage
from bot.domain.incident.effects import CreateChannel, Invite, SetTopic
from bot.ports import Posted
from bot.services.channels import Channels
from bot.testing import SpyKit

ANNOUNCE = "C0INCIDENTS"


def shows(spy: SpyKit, message_type: str) -> list[UpsertMessage]:
    return [it for it in spy.asked(UpsertMessage) if it.message_type == message_type]


def asked(spy: SpyKit, to: str = "U0ANA") -> list[str]:
    """What somebody reads about the channel, each message as it stands now."""
    return [it.text for it in spy.reminder_messages("closed_channel", to=to)]


@pytest.mark.parametrize(
    ("how", "words", "cure"),
    [
        ("archived", "Raj Patel archived it", "Unarchive it, or open another channel"),
        ("deleted", "Raj Patel deleted it", "open another channel"),
    ],
)
def test_who_leads_is_asked_once_about_a_channel_that_takes_nothing(
    spy: SpyKit, channel: str, how: str, words: str, cure: str
):
    for origin in ("Ev1", "Ev2"):
        spy.notice(ClosedNotice(id=origin, channel=channel, how=how, by="U0RAJ"))

    [message] = asked(spy)
    assert words in message
    assert cure in message
    assert [it.kind for it in spy.timeline(1)].count("channel_closed") == 1


def test_an_unarchived_channel_shows_what_it_missed(spy: SpyKit, channel: str):
    spy.notice(ClosedNotice(id="Ev1", channel=channel, how="archived", by="U0RAJ"))
    spy.pass_time(minutes=1)
    spy.say('inc-1 update "we found it"')
    spy.pass_time(minutes=1)
    spy.notice(ReopenedNotice(id="Ev2", channel=channel, by="U0KIM"))

    [missed] = [it.text for it in spy.reminder_messages("missed")]
    assert "we found it" in missed
    assert asked(spy) == ["*INC-1* goes on in <#C0ROOM>."]
    assert spy.incident(1).channel_closed is None
    assert len(spy.asked(SetTopic)) == 2


def test_another_channel_gets_all_that_the_first_one_had(spy: SpyKit, channel: str):
    spy.say("role scribe <@U0KIM>", channel=channel)
    spy.notice(ClosedNotice(id="Ev1", channel=channel, how="deleted", by="U0RAJ"))
    spy.deliver()

    spy.say("incident 1 channel new")
    spy.create_channel(1, channel="C0SECOND")

    assert len(spy.asked(CreateChannel)) == 2
    assert spy.incident(1).channel == "C0SECOND"
    assert {"U0ANA", "U0KIM"} <= set(spy.asked(Invite)[-1].people)
    assert shows(spy, "card")[-1].key.endswith(":anew")
    assert asked(spy) == ["*INC-1* goes on in <#C0SECOND>."]


def test_no_other_channel_is_opened_where_there_is_one(spy: SpyKit, channel: str):
    answer = spy.say("incident channel new", channel=channel)

    assert answer.message
    assert "INC-1 already has its channel" in answer.message.text
    assert len(spy.asked(CreateChannel)) == 1


def test_a_channel_that_is_tidied_away_afterwards_is_no_trouble(spy: SpyKit, channel: str):
    spy.say('incident stop "rolled back"', channel=channel)

    spy.notice(ClosedNotice(id="Ev1", channel=channel, how="archived", by="U0RAJ"))

    assert asked(spy) == []


def test_who_takes_command_meanwhile_is_asked_too(spy: SpyKit, channel: str):
    spy.notice(ClosedNotice(id="Ev1", channel=channel, how="archived"))

    spy.say("incident 1 take", by="U0RAJ")
    spy.say("incident 1 accept", by="U0RAJ")

    assert len(asked(spy, to=spy.incident(1).owner)) == 1


def test_spy_taken_out_of_a_public_channel_is_told_with_the_cure(spy: SpyKit, channel: str):
    spy.notice(PutOut(id="Ev1", channel=channel, private=False, by="U0RAJ"))

    [told] = [it for it in spy.asked(Notify) if it.template == "incident/put_out"]
    assert told.to == "U0ANA"
    assert spy.incident(1).channel_closed is None


def test_spy_taken_out_of_a_private_channel_waits_to_be_invited(spy: SpyKit):
    spy.say('incident me "payroll" sev2 private')
    spy.create_channel(1, channel="G0ROOM")

    spy.notice(PutOut(id="Ev1", channel="G0ROOM", private=True, by="U0RAJ"))
    [message] = asked(spy)
    spy.notice(ReopenedNotice(id="Ev2", channel="G0ROOM", by="U0RAJ"))

    assert "`/invite @spy`" in message
    assert spy.incident(1).channel_closed is None


def test_a_channel_made_private_makes_its_incident_private(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        tx.session.messages.put("announcement:1", Posted(channel=ANNOUNCE, ts="1.0"))
    spy.say('tell :payments "hold your deploys"', channel=channel)

    spy.notice(MadePrivateNotice(id="Ev1", channel=channel, by="U0RAJ"))

    assert spy.incident(1).private
    assert "checkout" not in spy.message_type("announcement", 1).text
    assert "checkout" not in spy.message_type("team_notice", 1).text
    assert shows(spy, "announcement")[-1].to == ANNOUNCE
    assert "Private from now on" in spy.lines(1)[-1]


def test_who_leaves_a_private_incident_sees_it_no_more(spy: SpyKit, channel: str):
    spy.say("role scribe <@U0KIM>", channel=channel)
    spy.notice(MadePrivateNotice(id="Ev1", channel=channel))

    spy.notice(Left(id="Ev2", channel=channel, person="U0KIM"))

    assert not spy.incident(1).is_seen_by("U0KIM")


def test_a_channel_with_another_id_is_followed_with_its_messages(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        tx.session.messages.put("card:1", Posted(channel=channel, ts="1.0"))

    spy.notice(MovedNotice(id="Ev1", channel=channel, to="C0NEW"))

    with spy.tx() as tx:
        card = tx.session.messages.get("card:1")
    assert spy.incident(1).channel == "C0NEW"
    assert card
    assert (card.channel, card.ts) == ("C0NEW", "1.0")


# --- the announcement channel, and the teams' -------------------------------------------------------------


@pytest.fixture
def looked_after(spy: SpyKit) -> SpyKit:
    """Kim looks after Spy."""
    spy.adopt(replace(spy.policy, announce=ANNOUNCE, permissions={"admin": frozenset({"U0KIM"})}))
    return spy


def troubles(spy: SpyKit) -> list[tuple[str, str]]:
    return [(it.to, it.template) for it in spy.asked(Notify) if it.template.startswith("shared/channel")]


def test_trouble_with_a_channel_is_told_once_and_once_when_it_is_over(looked_after: SpyKit, channel: str):
    spy = looked_after
    spy.deliver()
    for count in range(3):
        with spy.tx() as tx:
            Channels(tx).refused(ANNOUNCE, f"is_archived {count}")
    spy.notice(ClosedNotice(id="Ev1", channel=ANNOUNCE, how="archived", by="U0RAJ"))
    once = troubles(spy)
    for origin in ("Ev2", "Ev3"):
        spy.notice(ReopenedNotice(id=origin, channel=ANNOUNCE, by="U0RAJ"))

    assert once == [("U0KIM", "shared/channel")]
    assert troubles(spy) == [*once, ("U0KIM", "shared/channel_over")]
    assert ":again:" in shows(spy, "announcement")[-1].key


def test_the_same_channel_in_trouble_again_is_told_again(looked_after: SpyKit):
    spy = looked_after
    for origin in ("1", "2"):
        spy.notice(ClosedNotice(id=f"Ev{origin}", channel=ANNOUNCE, how="archived"))
        spy.notice(ReopenedNotice(id=f"Ev{origin}0", channel=ANNOUNCE))
        spy.pass_time(minutes=5)

    assert len(troubles(spy)) == 4


def test_a_channel_that_spy_does_not_speak_in_is_nobodys_trouble(looked_after: SpyKit):
    looked_after.notice(ClosedNotice(id="Ev1", channel="C0RANDOM", how="archived", by="U0RAJ"))

    assert troubles(looked_after) == []


def test_a_configured_channel_with_another_id_is_used_and_told(looked_after: SpyKit):
    spy = looked_after

    spy.notice(MovedNotice(id="Ev1", channel=ANNOUNCE, to="C0NEW"))

    with spy.tx() as tx:
        Channels(tx).ends(ANNOUNCE)  # as after each post that arrives
        assert Channels(tx).present(ANNOUNCE) == "C0NEW"
    assert troubles(spy) == [("U0KIM", "shared/channel")]
