"""A proposal: a command that a machine asks for in somebody's name, until a person approves or declines it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from unicodedata import category, name

from bot.domain.effects import Effect, Urgency
from bot.domain.markup import PERSON
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Address, Occurrence, Subject
from bot.domain.timer import Timer

PROPOSAL = "proposal"
"""Its lasting message, and what its timer is about."""
LASTS = timedelta(hours=1)
"""How long a proposal can be approved."""
CARRIED_OUT_WITHIN = timedelta(minutes=10)
"""How old an approval may be when its command runs: after a long stop nobody expects it any more."""
LONGEST = 2_000
"""Most characters of a proposed command. All of them are shown, in one block of code."""
OPEN_AT_MOST, IN_A_WHILE, WHILE = 5, 30, timedelta(hours=1)
"""How many proposals in one person's name are open at most, and how many are made in a while."""
ENDS = "end"
NAMED = 8
"""How many unusual letters a message names."""
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and a pattern that nobody sees, although Unicode counts them as seen."""
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors: they change how the letter before them looks, or nothing."""


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"
    DECLINED = "declined"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class ProposalApproval:
    """What makes a command that a machine has proposed run: who approved it, and in whose name it was proposed."""

    proposal: int
    person: str
    agent: str
    by: str

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the entries of timelines that it made keep of it."""
        return {"agent_for": self.person, "approved_by": self.by}


@dataclass(frozen=True, kw_only=True)
class CarryOut(Effect):
    """Run an approved proposal, once."""

    proposal: int
    urgency = Urgency.NOW
    label = "An approved proposal"

    @property
    def lane(self) -> str:
        return f"{PROPOSAL}:{self.proposal}"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A command, exactly as it is shown and run. `agent` is the name of the key that the machine came with."""

    number: int
    words: str
    usage: str
    """The command that they mean."""
    role: str
    """The role that the command needs."""
    person: str
    """In whose name the machine speaks."""
    agent: str
    needs_second: bool = False
    """Whether the command asks for a second person."""
    incident: int | None = None
    place: Address
    proposed_at: datetime
    ends_at: datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str = ""
    """Why it was refused when it was run."""

    @property
    def subject(self) -> Subject:
        return Subject(PROPOSAL, str(self.number))

    @property
    def open(self) -> bool:
        return self.state is ProposalState.OPEN

    @property
    def fingerprint(self) -> str:
        """A hash of all that its message shows (16 hex digits)."""
        shown = [self.number, self.words, self.usage, self.role, self.person, self.agent, self.needs_second]
        whole = json.dumps([*shown, self.incident, self.ends_at.isoformat()])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @property
    def is_for_others(self) -> bool:
        """Whether others than its person may see it: it belongs to an incident, or asks for a second person."""
        return self.incident is not None or self.needs_second

    @property
    def runs_as(self) -> str:
        """Return in whose name it runs: if the command asks for a second person, that of who approved it."""
        return self.decided_by if self.needs_second and self.decided_by else self.person

    @property
    def approval(self) -> ProposalApproval:
        assert self.decided_by, "it was approved"  # noqa: S101
        return ProposalApproval(
            proposal=self.number, person=self.person, agent=self.agent, by=self.decided_by
        )

    @property
    def people(self) -> tuple[str, ...]:
        """Return the people whom it names by their Slack ids."""
        return tuple(dict.fromkeys(PERSON.findall(self.words)))


def must_be_readable(words: str) -> None:
    """Refuse a command that can't be shown letter by letter: too long, or with something that nobody sees."""
    if len(words) > LONGEST or len(words) + 4 * sum(map(words.count, "&<>")) > LONGEST:
        raise Refusal(
            f"At most {LONGEST:,} characters can be proposed, so that a person can read all of them. Write less."
        )
    if found := next(_unseen(words), None):
        raise Refusal(
            f"It has {found}, so a person could not see all of it. Write it on one line, without such characters."
        )


def _unseen(words: str) -> Iterator[str]:
    for at, letter in enumerate(words, 1):
        if letter == "\n":
            yield f"a new line at character {at}"
        elif letter == "`":
            yield f"a backtick at character {at}, which ends a block of code"
        elif _is_unseen(letter):
            yield f"the character U+{ord(letter):04X} at place {at}, which nobody sees"
    if "  " in words or words != words.strip():
        yield "several blanks in a row, or blanks around it"


def _is_unseen(letter: str) -> bool:
    kind = category(letter)
    is_selector = any(ord(letter) in some for some in _SELECTORS)
    return kind in _HIDDEN or (kind == "Zs" and letter != " ") or letter in _BLANK or is_selector


def unusual(words: str) -> list[tuple[str, str]]:
    """Return the first letters that may be taken for others, each with its name: a Cyrillic one among Latin ones.

    So may digits of other scripts, and marks over the letter before them.
    """
    found = dict.fromkeys(it for it in words if category(it)[0] in "LMN" and not _is_latin(it))
    return [(it, name(it, f"U+{ord(it):04X}").lower()) for it in found][:NAMED]


def _is_latin(letter: str) -> bool:
    return letter.isascii() or (name(letter, "")[:6] == "LATIN " and ord(letter) < 0x250)  # noqa: PLR2004  Latin


def approve(proposal: Proposal, *, by: str, shown: str | None, at: datetime) -> Proposal:
    """Return it as approved. Refuses whom it speaks for, if the command asks for a second person.

    `shown` is the hash of what the person read.
    """
    _must_be_open(proposal, at=at)
    if shown != proposal.fingerprint:
        show = Choice(label="Show it", say=f"proposal {proposal.number}")
        sentence = "is approved by the button below it, so that a person has read it" if not shown else ""
        raise Refusal(
            f"Proposal {proposal.number} {sentence or 'is not what you saw. Please read it again'}.",
            choices=(show,),
        )
    if proposal.needs_second and by == proposal.person:
        raise Refusal(
            f"Proposal {proposal.number} speaks for you, and `{proposal.usage}` asks for a second person. "
            "Someone else has to approve it."
        )
    return replace(proposal, state=ProposalState.APPROVED, decided_by=by, decided_at=at)


def decline(proposal: Proposal, *, by: str, at: datetime) -> Proposal:
    _must_be_open(proposal, at=at)
    return replace(proposal, state=ProposalState.DECLINED, decided_by=by, decided_at=at)


def end(proposal: Proposal) -> Proposal:
    """Return it as ended: nobody decided in time."""
    return replace(proposal, state=ProposalState.ENDED)


def carried_out(proposal: Proposal) -> Proposal:
    return replace(proposal, state=ProposalState.DONE)


def refused(proposal: Proposal, why: str) -> Proposal:
    """Return it as refused: its command was not possible any more when it was to run."""
    return replace(proposal, state=ProposalState.REFUSED, why=why)


def agenda(proposal: Proposal) -> list[Timer]:
    if not proposal.open:
        return []
    occurrence = Occurrence(ENDS, str(round(proposal.ends_at.timestamp())), "1")
    return [Timer(subject=proposal.subject, occurrence=occurrence, due_at=proposal.ends_at)]


def _must_be_open(proposal: Proposal, *, at: datetime) -> None:
    number, by = proposal.number, f"<@{proposal.decided_by}>"
    if proposal.state is ProposalState.ENDED or (proposal.open and at >= proposal.ends_at):
        raise Refusal(f"Proposal {number} ended at {proposal.ends_at:%H:%M} UTC: nobody approved it in time.")
    if proposal.state is ProposalState.DECLINED:
        raise Refusal(f"Proposal {number} was declined by {by}.")
    if not proposal.open:
        raise Refusal(f"Proposal {number} was approved by {by} already. It runs once.")
