"""What the audit log says of a failover: the outcome of each action."""

from bot.domain.audit import DONE
from bot.domain.event import Event
from bot.domain.failover.events import FailoverActionFinished, FailoverResumed
from bot.domain.failover.plan import End
from bot.domain.failover.run import Failover
from bot.services.audit import AuditLog
from bot.services.transaction import Transaction

GONE = "the process that ran it is gone"


def add_step(tx: Transaction, run: Failover, event: Event) -> None:
    """Add the line of an action that ended, or whose process is gone. `run` is the run before the event."""
    if isinstance(event, FailoverActionFinished):
        doing = f"{event.action} {event.name}"
        outcome, result = DONE if event.end == End.OK else event.end, event.says
    elif isinstance(event, FailoverResumed) and run.attempt:
        doing, outcome, result = run.attempt.action.kind.value, End.UNKNOWN.value, GONE
    else:
        return
    AuditLog(tx).stepped(run.number, doing, outcome, result=result, incident=run.incident)
