"""Deploy locks: set, announced, shown to deploy tools, and followed by reminders."""

from collections.abc import Sequence

from bot.domain.changes.lock import Lock, held_by, lock_agenda
from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel, Subject
from bot.domain.text import one_line
from bot.domain.timer import Timer
from bot.services.messages import Facts, message
from bot.services.ownership import Ownership, people
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

IN_PRIVATE_INCIDENT = "reason in a private incident"
IN_PRIVATE_CHANNEL = "reason in a private channel"
SHOWN_ON = 50
"""How many of the newest open incidents get their card refreshed."""


class Locks:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def of(self, service: str) -> Lock | None:
        """Return the active lock of a service, if any."""
        return self._session.locks.of(service)

    def held(self) -> Sequence[Lock]:
        """Return the active locks."""
        return self._session.locks.held()

    def lock(
        self,
        service: str,
        why: str,
        *,
        by: str | None,
        holder: str | None = None,
        incident: Incident | None = None,
    ) -> Lock:
        """Lock a service and announce it. `holder` is a run (`failover:12`) instead of the person `by`.

        Refuses if the service is locked already. Of two requests at once, only one succeeds.
        """
        if holder is None and by is None:
            raise ValueError("a lock has a holder, or is somebody's")
        self._session.lock(f"lock:{service}")
        if existing := self.of(service):
            raise existing.already(asker=by)
        lock = Lock(
            number=self._session.locks.reserve(),
            service=service,
            why=one_line(why),
            by=by,
            holder=holder or held_by(by or ""),
            since=self._tx.now,
            incident=incident.number if incident else None,
        )
        self._keep(lock, because="set")
        return lock

    def unlock(
        self, service: str, *, by: str | None, holder: str | None = None, anyway: bool = False
    ) -> Lock:
        """Release a service. A run passes its own `holder`; a person can release a run's lock only with `anyway`.

        A person can release their own lock. Otherwise they must command its incident or have the role operator.
        """
        self._session.lock(f"lock:{service}")
        lock = self.of(service)
        if lock is None:
            raise Refusal(f"{service} is not locked. `locks` shows what is.")
        its_own = holder is not None and holder == lock.holder
        released = lock.release(by=by, at=self._tx.now, anyway=anyway or its_own)
        if by:
            self._must_be_theirs(lock, by)
        self._keep(released, because="released")
        return released

    def _must_be_theirs(self, lock: Lock, by: str) -> None:
        """Refuse people who may not release it. A run's lock also belongs to who proposed the run."""
        run = self._session.failovers.holder(lock.service) if lock.runs else None
        incident = self._session.incidents.look(lock.incident) if lock.incident and not lock.runs else None
        Ownership(self._tx).require(
            by,
            f"can unlock {lock.service}",
            authors=people(lock.by, run.proposed_by if run else None),
            incident=incident,
            role="operator",
            instead=f"It is locked since {lock.since:%H:%M} UTC: {lock.why}",
        )

    def remind(self, lock: Lock, timer: Timer) -> None:
        """Ask the person who set the lock whether it is still needed."""
        self._session.locks.put(lock.reminded(at=self._tx.now))
        self._ask(lock, int(timer.occurrence.cycle), because="asked")

    # --- storing ---

    def _keep(self, lock: Lock, *, because: str) -> None:
        """Store the lock and its timer; refresh the announcement, the reminders and the cards of open incidents."""
        self._session.locks.put(lock)
        self._session.timers.replace(lock.subject, lock_agenda(lock, self._tx.policy))
        if self._tx.policy.announce:
            key = f"lock:{lock.number}:{because}"
            self._tx.send(
                UpsertMessage(key=key, message_type="lock", ref=lock.number, to=self._tx.policy.announce)
            )
        for asked in range(lock.reminders):
            self._ask(lock, asked, because=because)
        for incident in self._session.incidents.open(limit=SHOWN_ON):
            key = f"card:{incident.number}:lock:{lock.number}:{because}"
            self._tx.send(
                UpsertMessage(
                    key=key, message_type="card", ref=incident.number, to=IncidentChannel(incident.number)
                )
            )

    def _ask(self, lock: Lock, count: int, *, because: str) -> None:
        if lock.by:
            mark = f":{count}"
            key = f"forgotten:{lock.number}{mark}:{because}"
            self._tx.send(
                UpsertMessage(
                    key=key,
                    message_type="forgotten",
                    ref=lock.number,
                    mark=mark,
                    facts={"count": count},
                    to=lock.by,
                )
            )


def shown_reason(why: str, incident: Incident | None, *, is_private: bool) -> str:
    """Return the reason that a lock shows to all. Words from a private incident or channel stay there."""
    if incident and incident.private:
        return IN_PRIVATE_INCIDENT
    return IN_PRIVATE_CHANNEL if is_private else why


@reminds("lock")
class LockReminders:
    """The reminders of deploy locks."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        lock = self._session.locks.get(subject.number)
        if lock is None:
            return []
        self._session.lock(f"lock:{lock.service}")
        lock = self._session.locks.get(subject.number)
        return lock_agenda(lock, self._tx.policy) if lock else []

    def send(self, timer: Timer) -> None:
        lock = self._session.locks.get(timer.subject.number)
        if lock:
            Locks(self._tx).remind(lock, timer)


@message("lock", "changes/lock")
def lock(tx: Transaction, it: UpsertMessage) -> Facts:
    return {"lock": tx.session.locks.get(it.ref), "now": tx.now}


def _is_asking(facts: Facts) -> bool:
    lock = facts["lock"]
    return bool(lock and lock.stands and facts["latest"])


@message("forgotten", "changes/forgotten", is_worth_posting=_is_asking)
def forgotten(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a reminder about a lock."""
    found = tx.session.locks.get(it.ref)
    return {**lock(tx, it), "latest": bool(found and it.facts["count"] == max(found.reminders - 1, 0))}
