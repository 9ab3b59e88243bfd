"""The messages about a failover: one that is edited in place, one per question, and one at the end."""

from collections.abc import Iterator

from bot.domain.effects import UpsertMessage
from bot.domain.event import Event
from bot.domain.failover import events
from bot.domain.failover.plan import End
from bot.domain.failover.run import Failover
from bot.domain.subject import Address

CARD, QUESTION, WORD = "failover", "failover_question", "failover_word"


def effects_of(before: Failover, run: Failover, event: Event) -> Iterator[UpsertMessage]:
    """Yield the effects of an event, which is entry `run.entries` of the audit log.

    A question and the end are new messages, because edits notify nobody. A success is shown together with the next
    start, because Slack allows about fifty edits a minute.
    """
    if not (isinstance(event, events.FailoverActionFinished) and event.end == End.OK):
        yield _show(run, CARD, run.place)
    if isinstance(event, events.FailoverAsked | events.FailoverReminded):
        yield _question(run, run.asks[-1])
    elif before.question and not run.question:
        for count in range(1, run.asks[-1] + 1):
            yield _question(run, count)
    if run.began_at and isinstance(event, events.FailoverRollbackBegan | events.FailoverEnded):
        yield _show(run, WORD, run.place)


def _show(run: Failover, message_type: str, to: Address) -> UpsertMessage:
    key = f"{message_type}:{run.number}:{run.entries}"
    return UpsertMessage(key=key, message_type=message_type, ref=run.number, to=to)


def _question(run: Failover, time: int) -> UpsertMessage:
    """Return the last question as it was asked for the `time`th time."""
    number = len(run.asks)
    mark = f":{number}.{time}"
    return UpsertMessage(
        key=f"{QUESTION}:{run.number}{mark}:{run.entries}",
        message_type=QUESTION,
        ref=run.number,
        to=run.place,
        mark=mark,
        facts={"question": number, "time": time},
    )
