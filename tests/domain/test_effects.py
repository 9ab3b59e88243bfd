"""What the world must hear of each fact, and what it must not."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from bot.domain.effects import Effect, UpsertMessage, Urgency
from bot.domain.event import EVENT_KINDS, Event
from bot.domain.incident import events
from bot.domain.incident.effects import AddBookmark, CreateChannel, Invite, SetTopic
from bot.domain.incident.event_effects import effects_of
from bot.domain.incident.incident import Incident
from bot.domain.paging import events as paging_events
from bot.domain.paging.effects import SendPage
from bot.domain.policy import Policy
from bot.domain.subject import IncidentChannel
from tests.support.each import each
from tests.support.events import SHOWN

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = Policy(announce="C0INCIDENTS")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Gives any event a plausible value for each of its fields."""

    at: datetime = NOON
    by: str = "U0ANA"
    since: datetime = NOON
    next_due: datetime = NOON
    page: int = 17
    notice: int = 5
    private: bool = False
    drill: bool = False
    supersedes: int = 1
    fallback: tuple[str, ...] = ()

    def of(self, kind: type[Event]) -> Event:
        known: dict[str, Any] = {it.name: getattr(self, it.name, it.name) for it in fields(kind)}
        return kind(**known)


EVENTS = [it for it in EVENT_KINDS.values() if it is not paging_events.PageEvent]


def declared(*, private: bool = False) -> Incident:
    return Incident.declared(
        42, events.Declared(at=NOON, by="U0ANA", name="checkout is down", private=private)
    )


def heard(event: Event, *, private: bool = False, policy: Policy = POLICY) -> list[Effect]:
    return effects_of(event, declared(private=private), policy, seq=7)


def test_declaring_asks_for_the_channel_and_all_that_belongs_in_it():
    effects = heard(Sample().of(events.Declared))

    assert [type(it) for it in effects] == [
        CreateChannel,
        UpsertMessage,
        Invite,
        UpsertMessage,
        SetTopic,
        AddBookmark,
    ]
    assert [getattr(it, "to", None) for it in effects if isinstance(it, UpsertMessage)] == [
        "C0INCIDENTS",
        IncidentChannel(42),
    ]


def test_the_announcement_and_the_channel_do_not_wait_for_each_other():
    opening, announcement, *rest = heard(Sample().of(events.Declared))

    assert opening.needs_channel is None
    assert announcement.needs_channel is None
    assert opening.lane != announcement.lane
    assert all(it.needs_channel == 42 for it in rest)


@each(EVENTS, name=lambda kind: kind.kind())
def test_a_private_incident_is_heard_of_nowhere_but_in_its_channel(kind: type[Event]):
    effects = heard(Sample().of(kind), private=True)

    assert all(getattr(it, "to", IncidentChannel(42)) in {IncidentChannel(42), "to"} for it in effects)
    assert not any(getattr(it, "message_type", "") == "announcement" for it in effects)


@each(EVENTS, name=lambda kind: kind.kind())
def test_without_a_channel_for_announcements_nothing_is_announced(kind: type[Event]):
    effects = heard(Sample().of(kind), policy=Policy())

    assert all(getattr(it, "to", IncidentChannel(42)) in {IncidentChannel(42), "to"} for it in effects)


@each(EVENTS, name=lambda kind: kind.kind())
def test_each_effect_of_a_fact_has_a_key_of_its_own(kind: type[Event]):
    first, second = heard(Sample().of(kind)), effects_of(Sample().of(kind), declared(), POLICY, seq=8)
    repeated = {it.key for it in first} & {it.key for it in second}

    assert len({it.key for it in first}) == len(first)
    assert kind in {events.Declared, events.ChannelOpened} or not repeated


@each(SHOWN, name=lambda kind: kind.kind())
def test_a_line_carries_the_whole_fact(kind: type[Event]):
    lines = [it for it in heard(Sample().of(kind)) if it.key == "line:42:7"]

    for line in lines:
        facts = line.facts["e"]  # type: ignore[attr-defined]
        assert facts["kind"] == kind.kind()
        assert {it.name for it in fields(kind)} <= set(facts)


def test_an_offer_of_command_briefs_whom_it_is_offered_to():
    offered = heard(events.CommandOffered(at=NOON, by="U0ANA", to="U0RAJ"))
    asked_for = heard(events.CommandOffered(at=NOON, by="U0RAJ", to="U0RAJ"))

    assert [it.to for it in offered if isinstance(it, UpsertMessage)] == ["U0RAJ"]
    assert not [it for it in asked_for if isinstance(it, UpsertMessage)]


def test_whoever_gets_a_role_is_invited():
    effects = heard(events.RoleGiven(at=NOON, by="U0ANA", role="scribe", person="U0KIM"))

    assert [it.people for it in effects if isinstance(it, Invite)] == [("U0KIM",)]


def test_a_channel_that_opens_is_linked_from_the_announcement():
    effects = heard(Sample().of(events.ChannelOpened))

    assert [it.key for it in effects] == ["announcement:42:channel:7"]


def test_pages_go_first_and_in_order():
    page = SendPage(key="send-page:17", page=17)

    assert page.urgency is Urgency.NOW
    assert page.lane == "page:17"


def test_a_lasting_message_waits_once():
    cards = [
        UpsertMessage(key=f"card:42:{seq}", message_type="card", ref=42, to=IncidentChannel(42))
        for seq in (1, 2)
    ]
    offers = [
        UpsertMessage(
            key=f"brief:42:{seq}",
            message_type="brief",
            ref=42,
            to="U0RAJ",
            mark=f":{seq}",
            facts={"offer": seq},
        )
        for seq in (1, 2)
    ]

    assert cards[0].slot == cards[1].slot
    assert offers[0].slot != offers[1].slot
