"""Write the audit log, seal it, check it, and prune it. Writing costs a transaction one row and no question."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

import structlog

from bot.domain.audit import (
    ALLOWED,
    DONE,
    GIVEN_UP,
    HIDDEN,
    NOT_SPY,
    PRUNE,
    SPY,
    AuditCheck,
    AuditLine,
    Chain,
    ChainMark,
    pruned_up_to,
    sealed,
    verified,
)
from bot.domain.effects import Effect
from bot.domain.text import storable
from bot.services.transaction import Transaction
from bot.services.undelivered import what

log = structlog.get_logger()
SECTION = "audit"
"""The lock of who seals or prunes. Nobody holds it who answers a request."""
AT_ONCE = 500
"""Lines that are sealed at once."""
SALT = 16
"""Bytes of each salt: too many to guess a person's id by trying."""


class AuditLog:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- writing ------------------------------------------------------------------------------------------

    def add(
        self,
        command: str,
        outcome: str = ALLOWED,
        *,
        source: str | None = None,
        person: str | None = None,
        place: str | None = None,
        why: str = "",
        result: str = "",
        incident: int | None = None,
    ) -> None:
        """Add a line about this transaction, with the timeline entries that it made."""
        made = self._tx.recorded
        first = next((it.number for it in made.values()), None)
        self._session.audit.append(
            AuditLine(
                at=self._tx.now,
                source=source or self._tx.source,
                person=person,
                place=place,
                command=storable(command),
                outcome=outcome,
                why=storable(why),
                result=storable(result),
                incident=incident if incident is not None else first,
                events=tuple(made),
            )
        )

    def noticed(self, what_happened: str, *, person: str | None, place: str) -> None:
        """Add a line about something that Slack reported, if anything changed because of it."""
        if self._tx.recorded or self._tx.effects:
            self.add(what_happened, person=person, place=place)

    def delivered(self, effect: Effect, *, incident: int | None, why: str | None = None) -> None:
        """Add a line about something that Spy did outside, or gave up (`why`). A message is no such thing."""
        if effect.is_audited:
            outcome = DONE if why is None else GIVEN_UP
            by = getattr(effect, "by", None)
            self.add(what(effect), outcome, source=SPY, person=by, why=why or "", incident=incident)

    def stepped(self, failover: int, action: str, outcome: str, *, result: str, incident: int | None) -> None:
        """Add a line about an action of a failover."""
        command = f"failover {failover}: {action}"
        about = self._session.incidents.look(incident) if incident is not None and result else None
        if about and about.private:
            result = HIDDEN
        self.add(command, outcome, source=SPY, result=result, incident=incident)

    # --- the chain ----------------------------------------------------------------------------------------

    def seal(self, *, limit: int) -> int:
        """Put the oldest unsealed lines into the chain. Return how many.

        One that claims to tell of the log itself was added by hand, because Spy seals those itself: it gets another
        source, so it excuses nothing.
        """
        self._session.lock(SECTION)
        lines = []
        last = self._session.audit.head() or ChainMark()
        for row, line in self._session.audit.unsealed(limit=limit):
            known = replace(line, source=NOT_SPY) if line.is_upkeep else line
            lines.append(sealed(known, id=row, salt=token_hex(SALT), after=last))
            last = ChainMark(seq=lines[-1].seq, hash=lines[-1].hash)
        if lines:
            self._session.audit.seal(lines)
        return len(lines)

    def add_upkeep(self, command: str, result: str) -> ChainMark:
        """Add a line about the log itself to the end of the chain. What was not sealed yet is sealed before it."""
        self._session.lock(SECTION)
        while self.seal(limit=AT_ONCE):
            pass
        line = AuditLine(at=self._tx.now, source=SPY, command=command, outcome=DONE, result=result)
        last = self._session.audit.head() or ChainMark()
        made = sealed(line, id=0, salt=token_hex(SALT), after=last)
        self._session.audit.append_sealed(made)
        return ChainMark(seq=made.seq, hash=made.hash)

    def check(self) -> AuditCheck:
        """Check the whole chain. Read in one snapshot, it is not held up by who writes."""
        audit = self._session.audit
        unsealed = [line for _, line in audit.unsealed()]
        chain = Chain(
            sealed=audit.sealed(), unsealed=unsealed, head=audit.head(), checkpoint=audit.checkpoint()
        )
        return verified(chain)

    def prune(self, *, before: datetime, limit: int) -> int:
        """Delete the oldest lines from before then, and add a line that says so. Return how many."""
        self._session.lock(SECTION)
        count, last = self._session.audit.prune(before=before, limit=limit)
        if last:
            head = self.add_upkeep(PRUNE, pruned_up_to(last))
            log.info("the audit log was pruned", up_to=last.seq, row=head.seq, hash=head.hash)
        return count

    # --- reading ------------------------------------------------------------------------------------------

    def find(
        self, *, since: datetime | None = None, people: Collection[str] = (), incident: int | None = None
    ) -> Iterator[tuple[int | None, AuditLine]]:
        return self._session.audit.find(since=since, people=people, incident=incident)
