"""The life of an incident: what each fact makes of it, and what can't happen to it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.event import Event
from bot.domain.incident import command, events
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import channel_name
from bot.domain.incident.state import CLOSED, WORKING, Phase
from bot.domain.policy import Severity
from bot.domain.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=30)
SEV1 = Severity(key="sev1", update_every=timedelta(minutes=15))


def declared(**more: object) -> Incident:
    event = events.Declared(at=NOON, by="U0ANA", name="checkout is down", severity="sev2")
    return replace(Incident.declared(42, event), **more)  # type: ignore[arg-type]


def resolved() -> Incident:
    incident = declared()
    return incident.after(incident.resolve("rolled back", by="U0RAJ", at=LATER))


def test_who_declares_an_incident_commands_it():
    incident = declared()

    assert (incident.id, incident.commander, incident.command_since) == ("INC-42", "U0ANA", NOON)
    assert incident.members == ("U0ANA",)
    assert incident.phase is Phase.TRIAGE


def test_a_severity_it_has_already_is_nothing_new():
    incident = declared()

    raised = incident.set_severity(SEV1, by="U0ANA", at=LATER)

    assert raised
    assert (raised.severity, raised.before) == ("sev1", "sev2")
    assert incident.after(raised).set_severity(SEV1, by="U0ANA", at=LATER) is None


def test_a_phase_it_is_in_already_is_nothing_new():
    incident = declared()

    moved = incident.move_to(Phase.IDENTIFIED, by="U0ANA", at=LATER)

    assert moved
    assert incident.after(moved).phase is Phase.IDENTIFIED
    assert incident.move_to(Phase.TRIAGE, by="U0ANA", at=LATER) is None


def test_it_is_mitigated_when_first_said_so():
    once = events.PhaseChanged(at=NOON, by="U0ANA", phase="mitigated", before="triage")
    back = events.PhaseChanged(at=LATER, by="U0ANA", phase="investigating", before="mitigated")
    twice = replace(once, at=LATER)

    incident = declared().after(once).after(back).after(twice)

    assert incident.mitigated_at == NOON


def test_an_update_promises_the_next_one_by_its_severity():
    incident = declared()

    update = incident.post_update("looking", by="U0ANA", at=NOON, severity=SEV1)

    assert update.next_due == NOON + timedelta(minutes=15)
    assert incident.after(update).update_due == update.next_due
    assert incident.post_update("looking", by="U0ANA", at=NOON, severity=None).next_due is None


def test_the_first_update_keeps_its_time():
    first = events.UpdatePosted(at=NOON, by="U0ANA", message="one", next_due=None)

    incident = declared().after(first).after(replace(first, at=LATER, message="two"))

    assert (incident.update, incident.updated_at, incident.first_updated_at) == ("two", LATER, NOON)


def test_resolving_ends_it_and_every_promise():
    incident = declared(update_due=LATER, command_offered_to="U0RAJ")

    ended = incident.after(incident.resolve("rolled back", by="U0ANA", at=LATER))

    assert not ended.is_open
    assert (ended.update_due, ended.command_offered_to) == (None, None)
    assert (ended.resolution, ended.mitigated_at) == ("rolled back", LATER)
    assert ended.lasted(LATER + timedelta(hours=9)) == timedelta(minutes=30)


def test_a_resolved_incident_can_be_reopened_and_nothing_else():
    incident = resolved()

    with pytest.raises(Refusal, match="already resolved") as refused:
        incident.resolve("", by="U0ANA", at=LATER)
    with pytest.raises(Refusal, match="reopen it first"):
        incident.set_severity(SEV1, by="U0ANA", at=LATER)

    assert refused.value.choices[0].say == "incident 42 reopen"
    assert incident.after(incident.reopen(by="U0ANA", at=LATER)).phase is Phase.INVESTIGATING


def test_an_open_incident_can_not_be_reopened():
    with pytest.raises(Refusal, match="still open"):
        declared().reopen(by="U0ANA", at=LATER)


def test_a_reopened_incident_lasts_on():
    reopened = resolved().after(events.Reopened(at=LATER, by="U0ANA"))

    assert reopened.lasted(NOON + timedelta(hours=2)) == timedelta(hours=2)
    assert reopened.resolution is None


def test_a_false_alarm_is_closed():
    incident = declared()

    cancelled = incident.after(incident.cancel("a test", by="U0ANA", at=LATER))

    assert (cancelled.phase, cancelled.resolution) == (Phase.FALSE_ALARM, "a test")


def test_a_private_incident_is_seen_by_its_members_only():
    incident = declared(private=True).after(events.PersonJoined(at=NOON, person="U0RAJ"))

    assert incident.is_seen_by("U0RAJ")
    assert not incident.is_seen_by("U0ZOE")
    assert declared().is_seen_by("U0ZOE")


def test_a_channel_that_opens_late_is_no_longer_refused():
    refused = declared().after(events.ChannelRefused(at=NOON, why="restricted_action"))

    opened = refused.after(events.ChannelOpened(at=LATER, channel="C0ROOM", channel_name="inc-42"))

    assert refused.channel_refused == "restricted_action"
    assert (opened.channel, opened.channel_refused) == ("C0ROOM", None)


def test_phases_are_open_or_closed():
    assert set(WORKING) | CLOSED == set(Phase)
    assert not set(WORKING) & CLOSED


@given(st.text(max_size=300), st.integers(1, 10**9))
def test_a_channels_name_is_one_that_slack_takes(name: str, number: int):
    channel = channel_name(number, name)

    assert channel.startswith(f"inc-{number}")
    assert len(channel) <= 80
    assert set(channel) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_channels_name_is_made_of_what_was_typed_not_of_slacks_way_to_send_it():
    assert (
        channel_name(7, "<#C0NEW> and <#C0OLD|> with <@U0NEW>")
        == "inc-7-a-channel-and-a-channel-with-someone"
    )
    assert channel_name(7, "R&amp;D &lt;b&gt;pages&lt;/b&gt; are slow") == "inc-7-r-d-b-pages-b-are-slow"


Decision = Callable[[Incident], Event | None]

DECISIONS: dict[str, Decision] = {
    "severity": lambda it: it.set_severity(SEV1, by="U0ANA", at=LATER),
    "mitigate": lambda it: it.move_to(Phase.MITIGATED, by="U0ANA", at=LATER),
    "update": lambda it: it.post_update("x", by="U0ANA", at=LATER, severity=SEV1),
    "resolve": lambda it: it.resolve("", by="U0ANA", at=LATER),
    "cancel": lambda it: it.cancel("", by="U0ANA", at=LATER),
    "reopen": lambda it: it.reopen(by="U0ANA", at=LATER),
    "take": lambda it: command.take(it, by="U0RAJ", at=LATER),
    "accept": lambda it: command.accept(it, by="U0RAJ", at=LATER),
    "role": lambda it: command.give_role(it, "scribe", "U0KIM", by="U0ANA", at=LATER),
}


@given(st.lists(st.sampled_from(sorted(DECISIONS)), max_size=12))
def test_whatever_is_decided_an_incident_stays_sound(decided: list[str]):
    incident = declared()

    for decision in decided:
        with suppress(Refusal):
            event = DECISIONS[decision](incident)
            incident = incident.after(event) if event else incident

    assert incident.is_open == (incident.resolved_at is None)
    assert incident.is_open or (incident.update_due, incident.command_offered_to) == (None, None)
    assert incident.commander in incident.members
    assert len(set(incident.members)) == len(incident.members)


def test_an_event_that_changes_nothing_leaves_it_as_it_was():
    incident = declared()

    assert incident.after(events.NoteTaken(at=LATER, by="U0ANA", note="x")) == incident


def test_an_event_is_named_as_people_would_name_it():
    assert events.CommandTaken.kind() == "command_taken"
    assert {it.name for it in fields(events.UpdatePosted)} >= {"at", "by", "message", "next_due"}


def test_a_reopened_incident_starts_a_new_stretch_of_command():
    reopened = resolved().after(events.Reopened(at=LATER, by="U0ANA"))

    assert reopened.command_since == LATER
    assert reopened.mitigated_at is None
