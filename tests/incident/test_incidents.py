"""Incidents: what opening, noting and finding do."""

from datetime import timedelta

import pytest

from bot.domain.incident.search import Search
from bot.domain.paging.effects import SendPage
from bot.domain.refusal import Refusal
from bot.services.incident.incidents import Incidents
from bot.services.incident.notes import Notes
from bot.services.incident.views import Views
from bot.testing import NOON, POLICY, SpyKit

pytestmark = pytest.mark.usefixtures("channel")


def told(spy: SpyKit) -> list[str]:
    with spy.tx() as tx:
        shown = Views(tx).timeline(tx.incident(1))["events"]
        return [f"{it['kind']} {it.get('note', '')}".strip() for it in shown]


def note(spy: SpyKit, text: str, message: str = "1.0") -> None:
    said_at = NOON - timedelta(minutes=3)
    with spy.tx() as tx:
        Notes(tx).take(tx.incident(1), text, by="U0RAJ", said_at=said_at, message=message, noted_by="U0KIM")


def test_state_timeline_and_outbox_agree(spy: SpyKit):
    entries = spy.timeline(1)

    assert [it.seq for it in entries] == list(range(1, spy.incident(1).entries + 1))
    assert [it.kind for it in entries] == ["declared", "page_requested", "channel_opened"]
    assert entries[0].source == "slash"


def test_what_a_long_name_loses_is_kept_as_a_note(spy: SpyKit):
    name = "everything is down " * 20
    with spy.tx() as tx:
        declared = Incidents(tx).declare(name, by="U0RAJ").incident

    assert declared.name.endswith("…")
    assert spy.timeline(2)[1].text == name


def test_a_name_is_one_line(spy: SpyKit):
    with spy.tx() as tx:
        declared = Incidents(tx).declare("checkout\n\tis   down", by="U0RAJ").incident

    assert declared.name == "checkout is down"


def test_a_note_of_a_message_stands_at_the_messages_own_time(spy: SpyKit):
    note(spy, "look")
    note(spy, "look")

    assert told(spy)[0] == "note_taken look"
    assert len([it for it in spy.timeline(1) if it.kind == "note_taken"]) == 1


def test_an_edit_supersedes_the_note_and_overwrites_nothing(spy: SpyKit):
    note(spy, "look")
    with spy.tx() as tx:
        Notes(tx).correct(tx.incident(1), "1.0", "look here")
        Notes(tx).correct(tx.incident(1), "1.0", "look here")
        Notes(tx).correct(tx.incident(1), "9.0", "not a note")

    assert told(spy)[0] == "note_taken look here"
    assert [it.text for it in spy.timeline(1) if it.kind == "note_taken"] == ["look", "look here"]


def test_a_note_that_was_edited_can_be_taken_back(spy: SpyKit):
    note(spy, "look")
    with spy.tx() as tx:
        Notes(tx).correct(tx.incident(1), "1.0", "look here")
        Notes(tx).remove(tx.incident(1), "1.0", by="U0RAJ")

    assert told(spy) == ["declared", "page_requested"]


def test_a_note_that_was_taken_back_can_be_made_again(spy: SpyKit):
    note(spy, "look")
    with spy.tx() as tx:
        Notes(tx).remove(tx.incident(1), "1.0", by="U0RAJ")
    note(spy, "look")

    assert told(spy)[0] == "note_taken look"


def test_impact_does_not_begin_in_the_future(spy: SpyKit):
    with spy.tx() as tx, pytest.raises(Refusal, match=r"in the future \(13:00 UTC\)"):
        Incidents(tx).state_impact(tx.incident(1), "x", by="U0ANA", since=NOON + timedelta(hours=1))


def test_impact_keeps_its_beginning_when_it_is_worded_anew(spy: SpyKit):
    with spy.tx() as tx:
        incidents, incident = Incidents(tx), tx.incident(1)
        incident = incidents.state_impact(incident, "x", by="U0ANA", since=NOON - timedelta(hours=1))
        incident = incidents.state_impact(incident, "y", by="U0ANA", since=None)

    assert (incident.impact, incident.impact_since) == ("y", NOON - timedelta(hours=1))


def test_what_is_so_already_is_refused(spy: SpyKit):
    with spy.tx() as tx, pytest.raises(Refusal, match="INC-1 is sev1 already"):
        Incidents(tx).set_severity(tx.incident(1), POLICY.severities["sev1"], by="U0ANA")


def test_a_severity_does_not_page_a_team_twice(spy: SpyKit):
    with spy.tx() as tx:
        Incidents(tx).set_severity(tx.incident(1), POLICY.severities["sev2"], by="U0ANA")

    assert len(spy.asked(SendPage)) == 1


def test_the_picker_offers_five(spy: SpyKit):
    for number in range(6):
        spy.say(f"incident me cart-{number}")

    with spy.tx() as tx:
        refusal = Incidents(tx).pick("incident stop", asker="U0ANA")

    assert [it.say for it in refusal.choices] == [f"incident {n} stop" for n in (7, 6, 5, 4, 3)]


def test_what_others_keep_private_is_not_listed(spy: SpyKit):
    spy.say("incident me payroll private", by="U0RAJ")

    with spy.tx() as tx:
        for person, numbers in (("U0ANA", [1]), ("U0RAJ", [2, 1])):
            found = Incidents(tx).listed(Search(seen_by=person))
            assert ([it.number for it in found.items], found.count) == (numbers, len(numbers))
