"""Proposals of machines: made, decided by people, and what became of them. A machine does nothing by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain import proposal as proposals
from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.proposal import (
    IN_A_WHILE,
    LASTS,
    OPEN_AT_MOST,
    PROPOSAL,
    WHILE,
    CarryOut,
    Proposal,
    ProposalState,
    agenda,
    must_be_readable,
    unusual,
)
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel, Subject
from bot.domain.timer import Timer
from bot.services.directory import Directory
from bot.services.messages import Facts, message
from bot.services.read_access import ReadAccess
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction


class Proposals:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.proposals

    # --- machines ---

    def propose(
        self,
        words: str,
        *,
        usage: str,
        role: str,
        needs_second: bool,
        by: str,
        agent: str,
        incident: Incident | None,
    ) -> Proposal:
        """Show a command to people, who may approve it. One that is shown already is not shown twice.

        It is in the incident's channel; if it belongs to none, or to a private one, in a direct message to the person.
        """
        must_be_readable(words)
        self._tx.session.lock(f"proposals:{by}")
        mine = [it for it in self._records.undecided() if it.person == by and it.ends_at > self._tx.now]
        if known := next((it for it in mine if it.words == words and it.agent == agent), None):
            return known
        self._must_be_few(mine, by)
        is_open_to_all = incident is not None and not incident.private
        made = Proposal(
            number=self._records.reserve(),
            words=words,
            usage=usage,
            role=role,
            needs_second=needs_second,
            person=by,
            agent=agent,
            incident=incident.number if incident else None,
            place=IncidentChannel(incident.number) if incident and is_open_to_all else by,
            proposed_at=self._tx.now,
            ends_at=self._tx.now + LASTS,
        )
        return self._keep(made)

    def _must_be_few(self, mine: Sequence[Proposal], by: str) -> None:
        if len(mine) >= OPEN_AT_MOST:
            numbers = ", ".join(str(it.number) for it in mine)
            raise Refusal(
                f"{len(mine)} proposals of agents for <@{by}> wait for a person: {numbers}. No more are shown until "
                "one of them is decided."
            )
        if self._records.count(by, since=self._tx.now - WHILE) >= IN_A_WHILE:
            raise Refusal(
                f"Agents for <@{by}> have proposed {IN_A_WHILE} commands in an hour. No more are shown for a while. "
                "A person can type the command."
            )

    # --- people ---

    def find(self, number: int, *, asker: str) -> Proposal:
        """Return a proposal. Refuses one that is not there, and one that this person can't see."""
        found = self._records.get(number)
        if found is None or not self._is_seen(found, asker):
            raise Refusal(f"There is no proposal {number} that you can see. `proposals` lists them.")
        return found

    def undecided(self, *, asker: str) -> Sequence[Proposal]:
        """Return the open proposals that a person can see."""
        return [it for it in self._records.undecided() if self._is_seen(it, asker)]

    def approve(self, number: int, *, by: str, shown: str | None) -> Proposal:
        """Approve a proposal as it was shown; it runs in a moment. Who approves is checked before, as a command."""
        found = self._locked(number, asker=by)
        if not Directory(self._tx).is_assignable(found.person):
            raise Refusal(
                f"The account of <@{found.person}> was deactivated, so nothing runs in their name. "
                f"Decline proposal {number}."
            )
        approved = self._keep(proposals.approve(found, by=by, shown=shown, at=self._tx.now))
        self._tx.send(CarryOut(key=f"carry-out:{number}", proposal=number))
        return approved

    def decline(self, number: int, *, by: str) -> Proposal:
        return self._keep(proposals.decline(self._locked(number, asker=by), by=by, at=self._tx.now))

    def _is_seen(self, found: Proposal, person: str) -> bool:
        """Whether a person may see it: in whose name it is, who sees its incident, and who can be its second person."""
        is_for_others = found.is_for_others
        sees = is_for_others and ReadAccess(self._tx).sees_record(person, found.incident)
        return person == found.person or sees

    # --- what becomes of it ---

    def carried_out(self, number: int) -> None:
        self._follow(number, proposals.carried_out)

    def not_carried_out(self, number: int, why: str) -> None:
        self._follow(number, lambda it: proposals.refused(it, why))

    def _follow(self, number: int, change: Callable[[Proposal], Proposal]) -> None:
        found = self.locked(number)
        if found and found.state is ProposalState.APPROVED:
            self._keep(change(found))

    def end(self, number: int) -> None:
        found = self.locked(number)
        if found and found.open:
            self._keep(proposals.end(found))

    def locked(self, number: int) -> Proposal | None:
        """Lock a proposal and return it as it is then."""
        self._tx.session.lock(f"{PROPOSAL}:{number}")
        return self._records.get(number)

    def _locked(self, number: int, *, asker: str) -> Proposal:
        self._tx.session.lock(f"{PROPOSAL}:{number}")
        return self.find(number, asker=asker)

    def move_message(self, number: int) -> None:
        """Show it in a direct message to its person, if the channel can't."""
        found = self.locked(number)
        if found and found.place != found.person:
            self._keep(replace(found, place=found.person), origin="moved")

    def _keep(self, proposal: Proposal, *, origin: str = "") -> Proposal:
        self._records.put(proposal)
        key = f"{PROPOSAL}:{proposal.number}:{origin or proposal.state}"
        self._tx.send(UpsertMessage(key=key, message_type=PROPOSAL, ref=proposal.number, to=proposal.place))
        self._tx.session.timers.replace(proposal.subject, agenda(proposal))
        return proposal

    def shown(self, proposal: Proposal) -> Facts:
        """Return the facts of its message."""
        about = self._tx.session.incidents.look(proposal.incident) if proposal.incident else None
        return {
            "proposal": proposal,
            "incident": about,
            "unusual": unusual(proposal.words),
            "is_direct": proposal.place == proposal.person,
            "now": self._tx.now,
        }


def _refused(tx: Transaction, it: UpsertMessage, _why: str) -> None:
    Proposals(tx).move_message(it.ref)


@message(PROPOSAL, "proposal/proposal", on_refused=_refused)
def proposal(tx: Transaction, it: UpsertMessage) -> Facts:
    found = tx.session.proposals.get(it.ref)
    return Proposals(tx).shown(found) if found else {"proposal": None}


@reminds(PROPOSAL)
class ProposalReminders:
    """The end of a proposal that nobody decided."""

    def __init__(self, tx: Transaction) -> None:
        self._proposals = Proposals(tx)

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        found = self._proposals.locked(subject.number)
        return agenda(found) if found else []

    def send(self, timer: Timer) -> None:
        self._proposals.end(timer.subject.number)
