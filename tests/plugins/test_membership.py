"""Who may see an incident follows Slack: joined, left, removed, deactivated; and guests see only where they are."""

from dataclasses import replace

import pytest

from bot.commands.request import Joined, Left, MadePrivateNotice, Request, Source
from bot.domain.effects import PostEphemeral, UpsertMessage
from bot.domain.incident.effects import Invite
from bot.domain.subject import IncidentChannel
from bot.ports import PagerNews, Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.postmortem.follow_ups import FollowUps
from bot.testing import SpyKit

OWN = "C0ROOM"
UNSEEN = "There is no INC-1 that you can see"


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    """Return a Spy with a private incident: Ana declared it, Raj and Kim joined."""
    spy.say('incident me "payroll" sev1 private', by="U0ANA")
    spy.create_channel(1, channel=OWN)
    for person in ("U0RAJ", "U0KIM"):
        spy.notice(Joined(id=f"Ev{person}", channel=OWN, person=person))
    return spy


def removes(spy: SpyKit, person: str) -> None:
    spy.clock.tick(seconds=5)
    spy.notice(Left(id=f"EvLeft{person}{spy.clock.now()}", channel=OWN, person=person))
    spy.clock.tick(seconds=5)


def told(
    spy: SpyKit, words: str, *, by: str, channel: str = "C0GENERAL", source: Source = Source.SLASH
) -> str:
    answer = spy.say(words, by=by, channel=channel, source=source).message
    return answer.text if answer else spy.private()[-1].text


def acknowledged(spy: SpyKit, number: int, by: str) -> None:
    """Let the pager say that a person acknowledged a page on the phone."""
    spy.adopt(spy.policy)
    with spy.tx() as tx:
        ringing = Ringing(id=f"PD{number}", url="https://pd", status="acknowledged", who=by)
        PagerResults(tx).sent(number, ringing)
        PagerResults(tx).record(PagerNews(id=f"news{number}", kind="acknowledged", page=ringing))
        PagerResults(tx).found(number, by)


# --- left, removed, added again ---------------------------------------------------------------------------


def test_who_is_added_again_sees_it_again(spy: SpyKit):
    removes(spy, "U0RAJ")
    before = told(spy, "incident 1 tldr", by="U0RAJ")

    spy.notice(Joined(id="Ev2", channel=OWN, person="U0RAJ"))

    assert UNSEEN in before
    assert "payroll" in told(spy, "incident 1 tldr", by="U0RAJ")


def test_who_declared_it_and_is_added_again_sees_it_again(spy: SpyKit):
    removes(spy, "U0ANA")
    before = told(spy, "incident 1 tldr", by="U0ANA")

    spy.notice(Joined(id="Ev2", channel=OWN, person="U0ANA"))

    assert UNSEEN in before
    assert "payroll" in told(spy, "incident 1 tldr", by="U0ANA")


@pytest.mark.parametrize(
    "words", ["tldr", "stop fixed", "reopen", "take", "hand <@U0ANA>", "relieve", "timeline"]
)
def test_a_commander_who_was_removed_reads_and_changes_nothing(spy: SpyKit, words: str):
    removes(spy, "U0ANA")
    before = spy.timeline(1)

    assert UNSEEN in told(spy, f"incident 1 {words}", by="U0ANA")
    assert spy.timeline(1) == before


def test_a_commander_who_was_removed_keeps_command_until_somebody_takes_over(spy: SpyKit):
    removes(spy, "U0ANA")

    assert spy.incident(1).commander == "U0ANA"
    assert "*Ana Lima left the channel* and still has command. Who takes over?" in spy.lines(1)[-1]

    spy.say("take", by="U0RAJ", channel=OWN)
    spy.say("accept", by="U0RAJ", channel=OWN)

    assert spy.incident(1).commander == "U0RAJ"


def test_the_messages_of_a_commander_who_was_removed_go_to_another_member(spy: SpyKit):
    removes(spy, "U0ANA")

    assert spy.incident(1).contact == "U0RAJ"


def test_a_role_of_a_person_who_was_removed_is_asked_for(spy: SpyKit):
    spy.say("role scribe <@U0RAJ>", by="U0ANA", channel=OWN)

    removes(spy, "U0RAJ")

    assert "Raj Patel is still scribe: `incident role scribe @person`" in spy.lines(1)[-1]


def test_an_offer_of_command_ends_when_its_reader_is_removed(spy: SpyKit):
    spy.say("hand <@U0RAJ>", by="U0ANA", channel=OWN)

    removes(spy, "U0RAJ")

    assert spy.incident(1).command_offered_to is None
    assert UNSEEN in told(spy, "incident 1 accept", by="U0RAJ")


def test_who_is_given_a_role_again_by_a_member_is_invited_again(spy: SpyKit):
    removes(spy, "U0RAJ")

    spy.say("role scribe <@U0RAJ>", by="U0ANA", channel=OWN)

    assert spy.asked(Invite)[-1].people == ("U0RAJ",)
    assert "payroll" in told(spy, "incident 1 tldr", by="U0RAJ")


# --- pages ------------------------------------------------------------------------------------------------


def test_who_was_removed_does_not_come_back_by_acknowledging_an_old_page(spy: SpyKit):
    spy.say('page <@U0RAJ> "look"', by="U0ANA", channel=OWN)
    removes(spy, "U0RAJ")

    acknowledged(spy, 2, by="U0RAJ")

    assert "U0RAJ" not in spy.incident(1).members
    assert "There is no page 2" in told(spy, "pager ack 2", by="U0RAJ")
    assert "There is no page 2" in told(spy, "why page 2", by="U0RAJ")


def test_who_is_paged_again_by_a_member_comes_back(spy: SpyKit):
    removes(spy, "U0RAJ")
    spy.say('page <@U0RAJ> "look"', by="U0ANA", channel=OWN)

    acknowledged(spy, 2, by="U0RAJ")

    assert "U0RAJ" in spy.incident(1).members


def test_who_asked_for_a_page_and_was_removed_sees_it_no_more(spy: SpyKit):
    spy.say('page :payments "look"', by="U0RAJ", channel=OWN)
    removes(spy, "U0RAJ")

    assert "There is no page 2" in told(spy, "why page 2", by="U0RAJ")


# --- follow-ups and postmortems ---------------------------------------------------------------------------


def test_the_owner_of_a_follow_up_who_is_no_member_sees_that_follow_up(spy: SpyKit):
    spy.say('action "rotate keys" <@U0LEE> detection by friday', by="U0ANA", channel=OWN)

    assert "rotate keys" in told(spy, "follow-ups", by="U0LEE")
    assert UNSEEN in told(spy, "incident 1 tldr", by="U0LEE")


def test_the_owner_of_a_follow_up_who_was_removed_hears_no_more_of_it(spy: SpyKit):
    spy.say('action "rotate keys" <@U0RAJ> detection by friday', by="U0ANA", channel=OWN)
    removes(spy, "U0RAJ")

    assert "rotate keys" not in told(spy, "follow-ups", by="U0RAJ")
    assert "There is no follow-up 1" in told(spy, "follow-up done 1", by="U0RAJ")
    with spy.tx() as tx:
        assert not FollowUps(tx).todo("U0RAJ")
        found = FollowUps(tx).find(1, asker="U0ANA")
        assert FollowUps(tx).address(found, "U0RAJ") == IncidentChannel(1)


def test_who_is_to_write_the_postmortem_of_a_private_incident_is_invited(spy: SpyKit):
    spy.say("stop fixed", by="U0ANA", channel=OWN)

    spy.say("postmortem owner <@U0LEE>", by="U0ANA", channel=OWN)

    assert spy.asked(Invite)[-1].people == ("U0LEE",)
    assert "payroll" in told(spy, "postmortem 1", by="U0LEE")


# --- forms and buttons ------------------------------------------------------------------------------------


def test_a_form_that_was_opened_before_the_removal_does_nothing(spy: SpyKit):
    removes(spy, "U0RAJ")
    before = spy.timeline(1)

    answer = spy.request(
        Request(
            id="form-1",
            text="incident report",
            user="U0RAJ",
            source=Source.FORM,
            channel=OWN,
            incident=1,
            given={"message": "still here"},
        )
    )

    assert UNSEEN in str(answer.complaints)
    assert spy.timeline(1) == before


def test_a_button_in_the_channel_does_nothing_after_the_removal(spy: SpyKit):
    removes(spy, "U0RAJ")

    assert UNSEEN in told(spy, "incident 1 tldr", by="U0RAJ", channel=OWN, source=Source.BUTTON)


def test_a_refusal_that_names_a_private_incident_knows_that_it_does(spy: SpyKit):
    spy.say("tldr", by="U0RAJ", source=Source.PLAIN)

    [refused] = spy.asked(PostEphemeral)
    assert "payroll" in str(refused.message)
    assert refused.about == (1,)


def test_who_speaks_in_the_channel_is_in_it_whatever_spy_missed(spy: SpyKit):
    assert "payroll" in told(spy, "tldr", by="U0LEE", channel=OWN)


# --- made private, deactivated ----------------------------------------------------------------------------


def test_who_left_before_the_channel_was_made_private_does_not_see_it(spy: SpyKit):
    spy.say('incident me "search is slow"', by="U0ANA")
    spy.create_channel(2, channel="C0TWO")
    for kind in (Joined, Left):
        spy.notice(kind(id=f"Ev{kind}", channel="C0TWO", person="U0KIM"))

    spy.notice(MadePrivateNotice(id="Ev9", channel="C0TWO", by="U0ANA"))

    assert "There is no INC-2" in told(spy, "incident 2 tldr", by="U0KIM")
    assert "search is slow" in told(spy, "incident 2 tldr", by="U0ANA")


def test_a_deactivated_member_does_not_see_it_and_not_when_active_again_either(spy: SpyKit):
    for is_deactivated in (True, False):
        with spy.tx() as tx:
            People(tx).met("U0KIM", Profile(name="Kim Park", is_deactivated=is_deactivated))

        assert UNSEEN in told(spy, "incident 1 tldr", by="U0KIM")


def test_the_accounts_of_its_members_are_asked_about_often(spy: SpyKit):
    with spy.tx() as tx:
        for person in ("U0ANA", "U0RAJ", "U0KIM"):
            People(tx).met(person, Profile(name=person))
    spy.clock.tick(minutes=11)

    with spy.tx() as tx:
        assert {"U0ANA", "U0RAJ", "U0KIM"} <= {*People(tx).stale()}


# --- guests -----------------------------------------------------------------------------------------------


@pytest.fixture
def guest(spy: SpyKit) -> str:
    """Return a guest, who is in the channel of the public INC-2 but not in that of the public INC-3."""
    with spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe", is_guest=True))
    for number, name in ((2, "search is slow"), (3, "checkout is down")):
        spy.say(f'incident me "{name}"', by="U0ANA")
        spy.create_channel(number, channel=f"C0INC{number}")
    spy.notice(Joined(id="EvZoe", channel="C0INC2", person="U0ZOE"))
    return "U0ZOE"


def test_a_guest_sees_the_incidents_in_whose_channels_they_are(spy: SpyKit, guest: str):
    assert "search is slow" in told(spy, "incident 2 tldr", by=guest)
    assert "There is no INC-3" in told(spy, "incident 3 tldr", by=guest)


def test_a_guest_lists_the_incidents_in_whose_channels_they_are(spy: SpyKit, guest: str):
    listed = told(spy, "incident list", by=guest)

    assert "search is slow" in listed
    assert "checkout is down" not in listed


def test_a_guest_who_speaks_in_a_channel_sees_its_incident(spy: SpyKit, guest: str):
    assert "checkout is down" in told(spy, "tldr", by=guest, channel="C0INC3")


def test_a_guest_who_is_trusted_like_a_member_sees_public_incidents(spy: SpyKit, guest: str):
    spy.adopt(replace(spy.policy, permissions={"member": frozenset({guest})}))

    assert "checkout is down" in told(spy, "incident 3 tldr", by=guest)
    assert UNSEEN in told(spy, "incident 1 tldr", by=guest)


def test_a_guest_sees_no_follow_up_of_another_incident(spy: SpyKit, guest: str):
    spy.say('action "rotate keys" <@U0RAJ> detection by friday', by="U0ANA", channel="C0INC3")

    assert "rotate keys" not in told(spy, "follow-ups", by=guest)


def test_a_guest_who_left_sees_it_no_more(spy: SpyKit, guest: str):
    spy.notice(Left(id="EvZoeLeft", channel="C0INC2", person=guest))

    assert "There is no INC-2" in told(spy, "incident 2 tldr", by=guest)


# --- an update with a higher severity ---------------------------------------------------------------------


def test_an_update_that_raises_the_severity_pages_and_is_posted(spy: SpyKit):
    spy.say('incident me "search is slow" sev3', by="U0ANA")
    spy.create_channel(2, channel="C0TWO")

    spy.say('report sev sev1 impact "nobody finds anything" "worse"', by="U0ANA", channel="C0TWO")

    assert spy.incident(2).update == "worse"
    assert [it.team for it in spy.pages(2)] == ["imoc"]
    assert [it.to for it in spy.asked(UpsertMessage) if it.message_type == "announcement"]
