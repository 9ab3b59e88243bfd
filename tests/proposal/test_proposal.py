"""A proposal: what can be shown letter by letter, who may decide about it, and until when."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.proposal import (
    LASTS,
    LONGEST,
    Proposal,
    ProposalState,
    agenda,
    approve,
    carried_out,
    decline,
    end,
    must_be_readable,
    unusual,
)
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel
from tests.support.each import each

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ASKED = Proposal(
    number=7,
    words='inc-1 incident stop "it is over"',
    usage='incident (stop|resolve|close) ["how"] [anyway]',
    role="responder",
    person="U0ANA",
    agent="Claude",
    incident=1,
    place=IncidentChannel(1),
    proposed_at=NOON,
    ends_at=NOON + LASTS,
)
OTHERS: Mapping[str, Any] = {
    "number": 8,
    "words": 'inc-1 incident stop "it is not over"',
    "usage": "incident stop",
    "role": "everyone",
    "person": "U0KIM",
    "agent": "Claude 2",
    "needs_second": True,
    "incident": 2,
    "ends_at": NOON,
}
NOT_SHOWN = {"place", "proposed_at", "state", "decided_by", "decided_at", "why"}
HIDDEN = (
    "\u202e", "\u2066", "\u200b", "\u200d", "\u00ad", "\ufe0f", "\u3164", "\u2800", "\u00a0", "\u2028", "\U000e0041",
    "\x07", "\ud800", "\ue000", "\n", "\t", "`", "  ", " ",
)  # fmt: skip


@each(HIDDEN, name=ascii)
def test_what_nobody_sees_is_refused(letter: str):
    words = f"incident note {letter}" if letter == " " else f"incident note a{letter}b"

    with pytest.raises(Refusal, match="could not see all of it"):
        must_be_readable(words)


def test_what_people_write_in_any_language_can_be_read():
    for words in (
        'incident note "Zürich ist zu, 40 % > 30 %"',
        'incident note "東京 停電 🚨"',
        "note <b> & c",
    ):
        must_be_readable(words)


def test_what_is_too_long_to_be_shown_whole_is_refused():
    must_be_readable("x" * LONGEST)
    for words in ("x" * (LONGEST + 1), "<" * (LONGEST // 4)):
        with pytest.raises(Refusal, match="At most 2,000 characters"):
            must_be_readable(words)


def test_letters_that_look_like_others_are_named():
    assert unusual("page @аna now") == [("а", "cyrillic small letter a")]  # noqa: RUF001  a Cyrillic one
    assert [it for it, _ in unusual("failover 1٢ s\u0336top")] == ["٢", "\u0336"]
    assert unusual("page @ana, José and Łukasz") == []


def test_the_hash_is_of_all_that_is_shown():
    assert {it.name for it in fields(Proposal)} == OTHERS.keys() | NOT_SHOWN

    made = {replace(ASKED, **{name: value}).fingerprint for name, value in OTHERS.items()}
    assert len(made | {ASKED.fingerprint}) == len(OTHERS) + 1


def test_it_is_approved_as_it_was_shown():
    approved = approve(ASKED, by="U0RAJ", shown=ASKED.fingerprint, at=NOON)

    assert (approved.state, approved.decided_by, approved.runs_as) == (
        ProposalState.APPROVED,
        "U0RAJ",
        "U0ANA",
    )
    with pytest.raises(Refusal, match="is not what you saw"):
        approve(ASKED, by="U0RAJ", shown="0" * 16, at=NOON)
    with pytest.raises(Refusal, match="by the button below it"):
        approve(ASKED, by="U0RAJ", shown=None, at=NOON)


def test_whom_it_speaks_for_may_approve_it_unless_the_command_asks_for_a_second_person():
    assert approve(ASKED, by="U0ANA", shown=ASKED.fingerprint, at=NOON).runs_as == "U0ANA"

    second = replace(ASKED, needs_second=True)
    with pytest.raises(Refusal, match="Someone else has to approve it"):
        approve(second, by="U0ANA", shown=second.fingerprint, at=NOON)
    assert approve(second, by="U0RAJ", shown=second.fingerprint, at=NOON).runs_as == "U0RAJ"


@each(
    [
        (replace(ASKED, state=ProposalState.DECLINED, decided_by="U0KIM"), NOON, "was declined by <@U0KIM>"),
        (
            replace(ASKED, state=ProposalState.APPROVED, decided_by="U0KIM"),
            NOON,
            "approved by <@U0KIM> already",
        ),
        (carried_out(replace(ASKED, decided_by="U0KIM")), NOON, "It runs once"),
        (end(ASKED), NOON, "ended at 13:00 UTC"),
        (ASKED, NOON + LASTS, "nobody approved it in time"),
    ],
    name=lambda it: it[2],
)
def test_what_is_decided_or_over_is_decided_no_more(case: tuple[Proposal, datetime, str]):
    proposal, at, why = case
    for decide in (
        lambda: approve(proposal, by="U0RAJ", shown=proposal.fingerprint, at=at),
        lambda: decline(proposal, by="U0RAJ", at=at),
    ):
        with pytest.raises(Refusal, match=why):
            decide()


def test_only_an_open_one_has_a_timer():
    [timer] = agenda(ASKED)

    assert timer.due_at == NOON + timedelta(hours=1)
    assert not agenda(end(ASKED))
