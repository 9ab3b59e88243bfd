"""The questions of a failover run to people: asked, asked again, and answered."""

from datetime import datetime, timedelta

from bot.domain.failover import events
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Answer, Result, State
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence
from bot.domain.timer import Timer

ASKED_AGAIN = timedelta(minutes=5)
"""How long a question waits for an answer before Spy asks again, up to `ASKED_AT_MOST` times."""
ASKED_AT_MOST = 5
LAPSE, ASK_AGAIN = "lapse", "ask_again"
"""The names of the two timers."""


def asked(run: Failover, trouble: Result, at: datetime) -> events.FailoverAsked:
    return events.FailoverAsked(
        at=at,
        failover=run.number,
        what=run.what,
        question=len(run.asks) + 1,
        name=run.name_of(trouble.action),
        why=trouble.says,
    )


def ask_again(run: Failover, *, at: datetime) -> events.FailoverReminded:
    """Return the next reminder of the open question."""
    number, count = len(run.asks), run.asks[-1] + 1
    return events.FailoverReminded(at=at, failover=run.number, what=run.what, question=number, count=count)


def answer(
    run: Failover, answer: Answer, *, by: str, at: datetime, question: int | None = None
) -> events.FailoverAnswered:
    """Return an answer to the open question.

    With `question`, refuse if that question is no longer the open one: nobody has read the new one yet.
    """
    if run.question is None:
        raise Refusal(f"{run.id} has no open question: it is {run.state}.")
    if question not in {None, run.question.number}:
        raise Refusal(f"Someone has already answered that. {run.id} has a new question: read it first.")
    if answer not in run.question.answers:
        known = ", ".join(f"`failover answer {run.number} {it}`" for it in run.question.answers)
        raise Refusal(f"That is not an answer to the question of {run.id}. Use one of: {known}.")
    return events.FailoverAnswered(
        at=at,
        by=by,
        failover=run.number,
        what=run.what,
        question=run.question.number,
        answer=answer.value,
    )


def failover_agenda(run: Failover) -> list[Timer]:
    """Return the timers: a proposal lapses, and an unanswered question is asked again."""
    if run.state is State.PROPOSED:
        mark = str(round(run.lapses_at.timestamp()))
        return [Timer(subject=run.subject, occurrence=Occurrence(LAPSE, mark, "1"), due_at=run.lapses_at)]
    if run.question is None or run.asks[-1] >= ASKED_AT_MOST:
        return []
    count = run.asks[-1]
    due = run.question.since + ASKED_AGAIN * count
    occurrence = Occurrence(ASK_AGAIN, str(run.question.number), str(count))
    return [Timer(subject=run.subject, occurrence=occurrence, due_at=due)]
