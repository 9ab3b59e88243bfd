"""Roles in commands: guests read and speak, members open and page, responders end, operators move traffic."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response, Source
from bot.domain.effects import MeetPerson, RunRequest, UpsertMessage
from bot.domain.message import Message
from bot.domain.paging.effects import SendPage
from bot.ports import Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.messages import MESSAGE_TYPES
from bot.services.people import People
from bot.testing import POLICY, SpyKit

GUEST, MEMBER = "U0GUEST", "U0ZOE"


@pytest.fixture
def guest(spy: SpyKit, channel: str) -> SpyKit:
    """Return a Spy with an open incident, and a guest who is in its channel."""
    meet(spy, GUEST, is_guest=True)
    with spy.tx() as tx:
        IncidentChannels(tx).joined(channel, GUEST, origin="Ev1")
    return spy


def meet(spy: SpyKit, person: str, *, is_guest: bool = False) -> None:
    with spy.tx() as tx:
        People(tx).met(person, Profile(name=person, is_guest=is_guest))


def words(answer: Response, spy: SpyKit) -> str:
    said = answer.message or (spy.private() or [None])[-1]
    return said.text if said else ""


@pytest.mark.parametrize("source", [Source.SLASH, Source.MENTION, Source.PLAIN, Source.BUTTON])
@pytest.mark.parametrize(
    "text",
    [
        'page :payments "look"',
        "page @U0RAJ look",
        'incident me "checkout" sev1',
        "incident stop fixed",
        "incident sev sev1",
        "incident take",
        "pager ack 1",
        "postmortem export",
        'lock checkout "no"',
        'runbook restart-db "x"',
        'oncall cover "tomorrow 18:00-20:00"',
        'change "deployed" on checkout',
        "incident update all is well",
    ],
)
def test_a_guest_rings_ends_exports_and_changes_nothing(guest: SpyKit, text: str, source: Source):
    before, paged = guest.timeline(1), len(guest.asked(SendPage))

    answer = guest.say(text, by=GUEST, channel="C0ROOM", source=source)

    assert "you are a guest here" in words(answer, guest) or "is for the role" in words(answer, guest)
    assert guest.timeline(1) == before
    assert len(guest.asked(SendPage)) == paged


@pytest.mark.parametrize(
    "text", ["tldr", "who", "timeline", 'note "seen from outside"', "checklist", "oncall", "help"]
)
def test_a_guest_reads_and_speaks_in_the_channel(guest: SpyKit, text: str):
    answer = guest.say(text, by=GUEST, channel="C0ROOM")

    assert "guest" not in words(answer, guest)


def test_a_button_is_no_key(guest: SpyKit):
    guest.say("incident 1 stop fixed", by=GUEST, source=Source.BUTTON, channel="C0ROOM", trigger="t1")

    assert guest.incident(1).is_open


def test_a_form_that_a_guest_sends_does_nothing(guest: SpyKit):
    answer = guest.say(
        "incident stop", by=GUEST, source=Source.FORM, channel="C0ROOM", incident=1, given={"how": "fixed"}
    )

    assert "guest" in answer.complaints["how"]
    assert guest.incident(1).is_open


def test_a_guest_whom_the_configuration_names_may_what_the_role_may(guest: SpyKit):
    guest.adopt(replace(POLICY, permissions={"responder": frozenset({GUEST})}))

    guest.say("incident stop fixed", by=GUEST, channel="C0ROOM")

    assert not guest.incident(1).is_open


# --- responders and commanders ----------------------------------------------------------------------------


def test_every_member_may_resolve_until_responders_are_named(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, permissions={"responder": frozenset({"U0RAJ"})}))
    refused = spy.say("incident stop fixed", by=MEMBER, channel=channel)

    assert words(refused, spy).startswith(
        "`incident stop` is for the role responder or the commander of INC-1, <@U0ANA>: ask <@U0RAJ>."
    )
    spy.adopt(POLICY)
    spy.say("incident stop fixed", by=MEMBER, channel=channel)
    assert not spy.incident(1).is_open


def test_the_commander_may_resolve_their_own_incident(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, permissions={"responder": frozenset({"U0RAJ"})}))

    spy.say("incident stop fixed", by="U0ANA", channel=channel)

    assert not spy.incident(1).is_open


def test_an_update_form_changes_severity_and_phase_for_responders_only(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, permissions={"responder": frozenset({"U0RAJ"})}))

    def report(**given: str) -> Response:
        return spy.say(
            "incident report", by=MEMBER, source=Source.FORM, channel=channel, incident=1, given=given
        )

    assert report(message="we look", severity="sev3").complaints
    assert not report(message="we look").complaints


def test_taking_command_from_somebody_needs_a_responder(spy: SpyKit, channel: str):
    spy.adopt(replace(POLICY, permissions={"responder": frozenset({"U0RAJ"})}))

    refused = spy.say("incident take", by=MEMBER, channel=channel)

    assert "is for the role responder: ask <@U0RAJ>." in words(refused, spy)
    spy.say("incident take", by="U0RAJ", channel=channel)
    spy.say("incident accept", by="U0RAJ", channel=channel)
    assert spy.incident(1).commander == "U0RAJ"


# --- the configuration ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ({"page": "responder"}, False),
        ({"page *": "admin"}, False),
        ({"page": "everyone"}, True),
        ({"incident": "admin"}, True),
        ({"pager": "admin"}, True),
    ],
)
def test_a_family_of_commands_is_raised_or_lowered(spy: SpyKit, roles: dict[str, str], allowed: bool):  # noqa: FBT001  a column
    named = {"responder": frozenset({"U0RAJ"})}
    spy.adopt(replace(POLICY, permissions=named, command_roles=roles))

    spy.say('page :payments "look"', by=MEMBER)

    assert bool(spy.asked(SendPage)) is allowed


def test_the_longer_key_wins(spy: SpyKit, channel: str):
    spy.adopt(
        replace(POLICY, command_roles={"incident": "admin", "incident tldr": "everyone", "stop": "everyone"})
    )

    assert "is for the role admin" in words(spy.say("incident note x", by=MEMBER, channel=channel), spy)
    assert "is for the role" not in words(spy.say("incident tldr", by=MEMBER, channel=channel), spy)
    spy.say("incident resolve fixed", by="U0KIM", channel=channel)
    assert spy.incident(1).is_open  # `stop` is one word, `incident` is one word: the first that fits


# --- who asks is not known yet ----------------------------------------------------------------------------


def test_a_command_of_a_person_spy_does_not_know_waits_for_slacks_word(spy: SpyKit):
    spy.confirms = False

    answer = spy.say('page :payments "look"', by="U0NEW")

    assert answer == Response()
    assert [it.person for it in spy.asked(MeetPerson)][-1] == "U0NEW"
    (later,) = spy.asked(RunRequest)
    assert (later.person, later.request["text"]) == ("U0NEW", 'page :payments "look"')
    assert not spy.asked(SendPage)
    assert spy.asked(MeetPerson)[-1].lane == later.lane == "person:U0NEW"


@pytest.mark.parametrize(("is_guest", "paged"), [(True, 0), (False, 1)])
def test_then_it_runs_for_a_member_and_not_for_a_guest(spy: SpyKit, is_guest: bool, paged: int):  # noqa: FBT001  a column
    spy.confirms = False
    spy.say('page :payments "look"', by="U0NEW")
    meet(spy, "U0NEW", is_guest=is_guest)

    spy.run_later()

    assert len(spy.asked(SendPage)) == paged
    assert ("is on its way" if paged else "you are a guest") in spy.private()[-1].text


def test_where_slack_says_nothing_it_is_refused_with_the_reason(spy: SpyKit):
    spy.confirms = False
    spy.say('page :payments "look"', by="U0NEW")

    spy.run_later()

    assert "Slack has not confirmed yet" in spy.private()[-1].text
    assert not spy.asked(SendPage)


@pytest.mark.parametrize(
    "text", ["incident 1 tldr", "incident list", "timeline 1", "incident 1 note graffiti"]
)
def test_of_whom_slack_says_nothing_sees_no_incident_elsewhere(spy: SpyKit, channel: str, text: str):
    before = spy.timeline(1)
    spy.confirms = False
    spy.say(text, by="U0NEW")

    spy.run_later()

    assert "checkout is down" not in str([spy.private(), spy.posts("C0GENERAL"), spy.posts(channel)[1:]])
    assert spy.timeline(1) == before


def test_a_form_stays_open_while_slack_is_asked(spy: SpyKit):
    spy.confirms = False

    answer = spy.say("incident me", by="U0NEW", source=Source.FORM, given={"name": "checkout"})

    assert "press again" in answer.complaints["name"]


def test_a_terminal_does_not_wait_for_slack(spy: SpyKit):
    spy.confirms = False

    spy.say('page :payments "look"', by="U0NEW", source=Source.TERMINAL)

    assert spy.asked(SendPage)


# --- asking those who may ---------------------------------------------------------------------------------


def test_a_refusal_offers_to_ask_those_who_may(spy: SpyKit):
    refused = spy.say('lock checkout "sale"', by=MEMBER).message
    assert refused

    spy.press("Ask them", refused, by=MEMBER)

    (asked,) = [it for it in spy.asked(UpsertMessage) if it.message_type == "ask"]
    assert asked.to == "C0GENERAL"
    assert {name: it for name, it in asked.facts.items() if name not in {"key", "ref", "to"}} == {
        "asker": MEMBER,
        "words": 'lock checkout "sale"',
        "asked": ["U0ANA", "U0KIM", "U0RAJ"],
        "role": "operator",
    }


def test_a_refusal_by_the_feature_itself_offers_it_too(spy: SpyKit):
    spy.say('lock checkout "sale"', by="U0RAJ")

    refused = spy.say("unlock checkout", by=MEMBER).message

    assert refused
    assert "Only <@U0RAJ> (whose it is)" in refused.text or "Raj Patel" in refused.text
    spy.press("Ask them", refused, by=MEMBER)
    assert [it.facts["words"] for it in spy.asked(UpsertMessage) if it.message_type == "ask"] == [
        "unlock checkout"
    ]


def test_nobody_can_flood_others_by_asking(spy: SpyKit):
    for _ in range(3):
        spy.say("ask operator unlock checkout", by=MEMBER)
    again = spy.say("ask operator unlock checkout", by=MEMBER).message

    assert again
    assert again.text.startswith("You asked 3 times in a few minutes. Write to ")
    spy.clock.tick(minutes=10)
    spy.say("ask operator unlock checkout", by=MEMBER)
    assert len([it for it in spy.asked(UpsertMessage) if it.message_type == "ask"]) == 4


def test_for_what_every_member_may_nobody_is_named(guest: SpyKit):
    guest.say('ask page :payments "look"', by=GUEST, channel="C0ROOM")

    (asked,) = [it for it in guest.asked(UpsertMessage) if it.message_type == "ask"]
    assert (asked.to, asked.facts["asked"], asked.facts["role"]) == ("C0ROOM", [], "member")


def test_what_is_asked_for_is_shown_as_it_will_be_run(spy: SpyKit, channel: str):
    spy.say(f"ask member {'> ' * 110}*incident stop* all `good`", by=MEMBER, channel=channel)

    (asked,) = [it for it in spy.asked(UpsertMessage) if it.message_type == "ask"]
    shown = spy.message_type("ask", asked.ref, asked.mark)
    assert f"`{asked.facts['words']}`" in shown.text
    assert asked.facts["words"] in str(shown.parts)
    assert asked.facts["words"].endswith("all good")


@pytest.mark.parametrize("text", ["ask dance wildly", f"ask incident stop {'x' * 600}"])
def test_what_spy_would_not_run_or_nobody_could_read_is_not_asked_for(spy: SpyKit, channel: str, text: str):
    spy.say(text, by=MEMBER, channel=channel)

    assert not [it for it in spy.asked(UpsertMessage) if it.message_type == "ask"]


def test_nobody_is_asked_aloud_elsewhere_about_a_private_incident(spy: SpyKit):
    spy.say('incident me "payroll" private', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")

    for text in ('ask incident 1 stop "payroll leak"', 'ask operator inc-1 stop "payroll leak"'):
        spy.say(text, by="U0ANA")

    assert not [it for it in spy.asked(UpsertMessage) if it.message_type == "ask"]


def test_in_a_direct_message_each_is_asked_directly(spy: SpyKit):
    spy.say("ask operator unlock checkout", by=MEMBER, channel="D0ZOE", source=Source.DM)

    assert [it.to for it in spy.asked(UpsertMessage)] == ["U0ANA", "U0KIM", "U0RAJ"]


def test_the_words_of_a_private_incident_are_not_offered_to_others(spy: SpyKit):
    spy.say('incident me "payroll" private', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    with spy.tx() as tx:
        IncidentChannels(tx).joined("C0ROOM", MEMBER, origin="x")
    spy.adopt(replace(POLICY, permissions={"responder": frozenset({"U0RAJ"})}))

    refused = spy.say('incident 1 stop "payroll is safe"', by=MEMBER).message

    assert refused
    assert "is for the role responder" in refused.text
    assert not refused.parts or "Ask them" not in str(refused.parts)


# --- who may ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["who-may lock", "who-may lock checkout"])
def test_who_may_names_the_role_and_its_people(spy: SpyKit, text: str):
    answer = spy.say(text).message

    assert answer
    assert '`lock <service> "why"`: operator' in answer.text.replace("&lt;", "<").replace("&gt;", ">")
    assert "operator: those that `operator:` names (Ana Lima, " in answer.text


def asking(spy: SpyKit, number: int = 0) -> Message:
    """Return a message that asks for a command, as it stands now. All that is queued is delivered."""
    now = spy.clock.now()
    with spy.sessions.begin() as session:
        for item in session.outbox.claim("test", now=now, lease=timedelta(minutes=1), limit=50):
            session.outbox.done(item.id, at=now)
    last = [
        it for it in spy.asked(UpsertMessage) if it.message_type == "ask" and it.mark.endswith(f":{number}")
    ][-1]
    facts = MESSAGE_TYPES["ask"].facts
    with spy.tx() as tx:
        return spy.templates.render("help/ask", facts(tx, last))


def test_the_message_says_who_ran_it_and_has_no_button_any_more(spy: SpyKit):
    spy.say('lock checkout "sale"', by="U0ANA")
    spy.say("ask operator unlock checkout", by=MEMBER)
    before = asking(spy)

    spy.press("Do it", before, by="U0KIM")

    after = asking(spy)
    assert "Do it" in str(before.parts)
    assert "Kim Park ran it at" in after.text.replace("<@U0KIM>", "Kim Park")
    assert "Do it" not in str(after.parts)
    slots = {it.slot for it in spy.asked(UpsertMessage) if it.message_type == "ask"}
    assert len(slots) == 1


def test_who_may_not_leaves_it_as_it_was(spy: SpyKit):
    spy.say("ask operator unlock checkout", by=MEMBER)
    before = asking(spy)

    spy.press("Do it", before, by=MEMBER)

    assert asking(spy) == before


def test_each_of_several_who_were_asked_reads_who_was_first(spy: SpyKit):
    spy.say('lock checkout "sale"', by="U0ANA")
    spy.say("ask operator who-may unlock", by=MEMBER, channel="D0ZOE", source=Source.DM)
    messages = [asking(spy, number) for number in range(3)]

    for message, person in zip(messages, ("U0RAJ", "U0ANA"), strict=False):
        spy.press("Do it", message, by=person, channel=None)

    assert [asking(spy, number).text.count("<@U0RAJ> ran it") for number in range(3)] == [1, 1, 1]
