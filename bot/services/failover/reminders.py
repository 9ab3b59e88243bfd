"""The reminders of a failover."""

from collections.abc import Sequence

from bot.domain.failover import decisions, questions
from bot.domain.failover.questions import ASK_AGAIN, failover_agenda
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.services.failover.failovers import Failovers
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction


@reminds("failover")
class FailoverReminders:
    """The reminders of a failover: a proposal lapses, and a question is asked again."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._failovers = Failovers(tx)

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        return failover_agenda(self._failovers.locked(subject.number))

    def send(self, timer: Timer) -> None:
        run = self._failovers.locked(timer.subject.number)
        now = self._tx.now
        event = (
            questions.ask_again(run, at=now) if timer.reminder == ASK_AGAIN else decisions.lapse(run, at=now)
        )
        self._failovers.keep(run, event)
