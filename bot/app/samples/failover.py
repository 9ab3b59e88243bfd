"""Sample facts for messages about failovers, in each state."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.app.samples.failover_play import OK, PLANS, POD, RED, UNKNOWN, FailoverPlay
from bot.domain.failover import events
from bot.domain.failover.plan import End, Outcome
from bot.domain.failover.state import Answer, Task
from bot.domain.portion import Portion
from bot.services.failover.failovers import Failovers
from bot.services.failover.views import FailoverViews

Facts = Mapping[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TYPED = 'the <!channel> is <b>down</b> & "out"'
PRINTED = '<b>x</b> & "y" ``` `z`'
"""In code, text is shown exactly as it is."""
OUTPUT: Facts = {
    "clock": "12:00:00",
    "name": "drain",
    "action": "run",
    "says": TYPED,
    "dropped": 7,
    "output": f"{PRINTED}\n" * 900,
}
SAYS = Outcome(end=End.RED, says=TYPED)

ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA", "failover": 12, "what": TYPED}
MOVE: dict[str, Any] = {"attempt": 3, "name": "drain"}
HAPPENED = (
    events.FailoverProposed(**ABOUT, task="move", until=NOON),
    events.FailoverProposed(**ABOUT, task="rehearsal", until=NOON),
    events.FailoverApproved(**ABOUT, needed=1),
    events.FailoverApproved(**ABOUT, needed=0),
    events.FailoverChanged(**ABOUT, until=NOON),
    events.FailoverBegan(**ABOUT),
    events.FailoverResumed(**ABOUT, attempt=3),
    events.FailoverActionStarted(
        **ABOUT, **MOVE, action="run", at_step=0, stage=None, does=f"./drain {PRINTED}"
    ),
    events.FailoverActionStarted(**ABOUT, **MOVE, action="soak", at_step=0, stage=None, does=""),
    *(
        events.FailoverActionFinished(**ABOUT, **MOVE, action="again", end=end, says=says, took=7.0)
        for end, says in (("ok", ""), ("red", TYPED), ("unknown", TYPED))
    ),
    events.FailoverCrashed(**ABOUT, name="drain", why=TYPED),
    events.FailoverAsked(**ABOUT, question=1, name="drain", why=TYPED),
    events.FailoverAsked(**ABOUT, question=1, name="look", why=""),
    events.FailoverAnswered(**ABOUT, question=1, answer="did_not"),
    events.FailoverReminded(**ABOUT, question=1, count=2),
    events.FailoverAborted(**ABOUT),
    events.FailoverRollbackBegan(**ABOUT, why=TYPED),
    events.FailoverRollbackBegan(**ABOUT, why=""),
    events.FailoverEnded(**ABOUT, state="rolled back", why=TYPED),
    events.FailoverEnded(**ABOUT, state="done"),
)


def plays() -> Iterator[FailoverPlay]:
    """Return runs in every state, each reached through the services."""
    policy = replace(
        PLANS,
        plans={
            **PLANS.plans,
            "pod": replace(POD, blast_radius=TYPED, watch=TYPED),
            "two": replace(PLANS.plans["ask"], name="two", usage="two", approvals=2),
            "drill": replace(PLANS.plans["ask"], name="drill", usage="drill", approvals=0, drill=True),
        },
    )

    def play() -> FailoverPlay:
        return FailoverPlay.begin(policy)

    for words in ("pod 7 to east", "two", "drill", "db", "rehearse pod 7 to east"):
        proposed = play()
        proposed.say(f"failover {words}")
        yield proposed
    one_of_two, withdrawn, lapsed, back, rehearsed = (play() for _ in range(5))
    one_of_two.begun("failover two")
    withdrawn.say("failover pod 7 to east")
    withdrawn.say("failover abort 1")
    lapsed.say("failover pod 7 to east")
    lapsed.spy.pass_time(minutes=11)
    back.begun().to_the_end().say("failover rollback")
    rehearsed.say("failover rehearse pod 7 to east")
    yield from (one_of_two, withdrawn, lapsed, back, rehearsed.to_the_end())
    running = play().begun().goes(OK, OK, OK)
    running.start()
    yield running
    called_back = play().begun().goes(OK, OK)
    called_back.say("failover abort 1")
    yield called_back
    for outcomes in (
        (),
        (SAYS,),
        (OK, SAYS),
        (OK, SAYS, OK),
        (OK, OK, OK, SAYS, SAYS),
        (OK, OK, OK, UNKNOWN),
    ):
        yield play().begun().goes(*outcomes)
    for answer in (Answer.HAPPENED, Answer.DID_NOT, Answer.LEAVE):
        answered = play().begun().goes(OK, SAYS, SAYS)
        answered.say(f"failover answer 1 {answer}", by="U0RAJ")
        yield answered
    for outcomes in ((RED,), (OK, RED), (OK, OK, RED), (OK, OK, OK, RED)):
        yield play().begun("failover db").goes(*outcomes)
    asks = play().begun("failover ask")
    asks.start()
    yield asks


def facts() -> dict[str, Sequence[Facts]]:
    """Return every template's facts."""
    cards: list[Facts] = []
    audit_logs: list[Facts] = []
    questions: list[Facts] = []
    lists: list[Facts] = [{"found": Portion.of([], 1)}]
    for play in plays():
        with play.spy.tx() as tx:
            views = FailoverViews(tx)
            for number in (1, 2):
                run = tx.session.failovers.get(number)
                if run:
                    cards.append(views.card(run))
                    audit_logs.append(views.audit_log(run))
                    questions += [views.question(run, asked + 1) for asked in range(len(run.asks))]
            lists.append({"found": Portion.of(Failovers(tx).plans(asker="U0ANA"), 1)})
    runs = [it["run"] for it in cards]
    over = [it for it in cards if it["run"].state == "rolling back" or (it["run"].began_at and it["took"])]
    return {
        "failover/card": [
            *cards,
            {**cards[-1], "run": replace(runs[-1], tail=f"{PRINTED}\n" * 90)},
        ],
        "failover/question": questions,
        "failover/outcome": over,
        "failover/list": lists,
        "failover/trail": audit_logs,
        "failover/output": [
            {"run": runs[0], "step": step, "printed": printed}
            for step, printed in (("", []), (TYPED, []), ("", [OUTPUT]), ("", [OUTPUT] * 6))
        ],
        "failover/proposed": [
            {"run": run, "incident": None}
            for run in runs
            if run.state in {"proposed", "approved"} or run.task is Task.REHEARSAL
        ],
        "failover/approved": [
            {"run": run} for run in runs if run.state in {"proposed", "approved", "withdrawn"}
        ],
        "failover/aborted": [{"run": run} for run in runs if run.state in {"withdrawn", "failed", "running"}],
        "failover/answered": [{"run": run} for run in runs if run.began_at],
    }


RUNNING = FailoverPlay.begin().begun().run()
