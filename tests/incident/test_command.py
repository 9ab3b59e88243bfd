"""Command: until the successor says so, it has not moved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident import command, events
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=30)

INCIDENT = Incident.declared(42, events.Declared(at=NOON, by="U0ANA", name="checkout is down"))
OFFERED = INCIDENT.after(command.offer(INCIDENT, "U0RAJ", by="U0ANA", at=LATER))
CLOSED = INCIDENT.after(events.Resolved(at=LATER, by="U0ANA"))


def test_command_that_nobody_has_is_taken_at_once():
    nobody = replace(INCIDENT, commander=None, command_since=None)

    taken = command.take(nobody, by="U0RAJ", at=LATER)

    assert taken == events.CommandTaken(at=LATER, by="U0RAJ", commander="U0RAJ", before=None)


def test_command_that_somebody_has_needs_one_more_word():
    asked = command.take(INCIDENT, by="U0RAJ", at=LATER)
    asking = INCIDENT.after(asked)

    assert (asking.commander, asking.command_offered_to) == ("U0ANA", "U0RAJ")


def test_an_offer_does_not_move_command():
    assert (OFFERED.commander, OFFERED.command_offered_to) == ("U0ANA", "U0RAJ")


def test_command_moves_when_the_successor_says_so():
    accepted = OFFERED.after(command.accept(OFFERED, by="U0RAJ", at=LATER))

    assert (accepted.commander, accepted.command_since) == ("U0RAJ", LATER)
    assert accepted.command_offered_to is None
    assert "U0RAJ" in accepted.members


def test_only_whom_it_was_offered_to_accepts():
    with pytest.raises(Refusal, match="not offered to you"):
        command.accept(OFFERED, by="U0KIM", at=LATER)


def test_command_can_not_be_accepted_twice():
    accepted = OFFERED.after(command.accept(OFFERED, by="U0RAJ", at=LATER))

    with pytest.raises(Refusal, match="already command"):
        command.accept(accepted, by="U0RAJ", at=LATER)


def test_declining_leaves_command_where_it_was():
    declined = OFFERED.after(command.decline(OFFERED, by="U0RAJ", at=LATER))

    assert (declined.commander, declined.command_offered_to) == ("U0ANA", None)


def test_nobody_declines_for_somebody_else():
    with pytest.raises(Refusal, match="nothing to decline"):
        command.decline(OFFERED, by="U0ANA", at=LATER)


def test_a_later_offer_replaces_an_earlier_one():
    again = OFFERED.after(command.offer(OFFERED, "U0KIM", by="U0ANA", at=LATER))

    with pytest.raises(Refusal, match="not offered to you"):
        command.accept(again, by="U0RAJ", at=LATER)


def test_the_commander_neither_takes_nor_is_offered_what_they_have():
    with pytest.raises(Refusal, match="already command"):
        command.take(INCIDENT, by="U0ANA", at=LATER)
    with pytest.raises(Refusal, match="already commands"):
        command.offer(INCIDENT, "U0ANA", by="U0RAJ", at=LATER)


@pytest.mark.parametrize("act", [command.take, command.accept])
def test_nobody_commands_what_is_over(act: type):
    with pytest.raises(Refusal, match="incident reopen"):
        act(CLOSED, by="U0RAJ", at=LATER)


def test_a_role_is_given_and_its_bearer_belongs():
    given = INCIDENT.after(command.give_role(INCIDENT, "Scribe", "U0KIM", by="U0ANA", at=LATER))

    assert given.roles == {"scribe": "U0KIM"}
    assert "U0KIM" in given.members


@pytest.mark.parametrize("role", ["commander", "IC", "imoc", "Lead"])
def test_command_is_no_role_to_give_away(role: str):
    with pytest.raises(Refusal, match="incident hand <@U0KIM>") as refused:
        command.give_role(INCIDENT, role, "U0KIM", by="U0ANA", at=LATER)

    assert refused.value.slot == "role"
