"""What every unit of work keeps to with failovers: found, held alone, run by one at a time, and traced."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from bot.adapters.database import Database
from bot.domain.failover.plan import HttpCall, Param, Plan, Program, Question, Step
from bot.domain.failover.run import Failover
from bot.domain.failover.state import Approval, State, Task
from bot.ports import AuditEntry, Sessions
from tests.contracts.test_session import NOON

LEASE = timedelta(seconds=20)
PLAN = Plan(
    name="pod",
    usage="pod <pod>",
    params={"pod": Param(pattern="[0-9]+")},
    lock="pod-7",
    steps=(
        Step(name="drain", run=Program(args=("drain", "7")), undo=Program(args=("undrain", "7"))),
        Step(name="dns", run=HttpCall(url="http://dns", json={"percent": "{{ stage }}"}), stages=(5, 100)),
        Step(name="look", run=Question(person="All well?")),
    ),
)
OTHER, THIRD = replace(PLAN, lock="pod-8"), replace(PLAN, lock="pod-9")


def run(number: int = 1, **facts: object) -> Failover:
    proposed = Failover(
        number=number,
        plan=PLAN,
        given={"pod": "7"},
        what="pod 7",
        place="C0GENERAL",
        proposed_by="U0ANA",
        proposed_at=NOON,
        lapses_at=NOON + timedelta(minutes=10),
    )
    return replace(proposed, **facts)  # type: ignore[arg-type]


def kept(sessions: Sessions, *failovers: Failover) -> None:
    with sessions.begin() as session:
        for it in failovers:
            session.failovers.put(it)


def claimed(sessions: Sessions, owner: str, *, after: int = 0, besides: tuple[int, ...] = ()) -> int | None:
    with sessions.begin() as session:
        now = NOON + timedelta(seconds=after)
        return session.failovers.claim(owner, now=now, lease=LEASE, besides=besides)


def test_a_failover_comes_back_as_it_was(sessions: Sessions) -> None:
    moved = run(state=State.DONE, approvals=(Approval(by="U0RAJ", at=NOON),), began=(0, 1), ended_at=NOON)
    kept(sessions, run(), moved)

    with sessions.begin() as session:
        assert session.failovers.get(1) == moved
        assert session.failovers.get(2) is None


def test_numbers_are_given_once(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert [session.failovers.reserve(), session.failovers.reserve()] == [1, 2]


def test_a_lock_is_held_while_a_run_is_active_and_not_by_a_rehearsal(sessions: Sessions) -> None:
    over = run(1, state=State.DONE, began=(0,), ended_at=NOON)
    kept(sessions, over, run(2, task=Task.REHEARSAL, state=State.APPROVED), run(3))

    with sessions.begin() as session:
        holder = session.failovers.holder("pod-7")
        assert holder
        assert holder.number == 3
        assert session.failovers.holder("pod-8") is None
        assert [it.number for it in session.failovers.active()] == [2, 3]


def test_what_moved_last_and_what_ended_last_are_found(sessions: Sessions) -> None:
    ended = {"state": State.DONE, "ended_at": NOON}
    kept(
        sessions,
        run(1, **ended, began=(0,)),
        run(2, **{**ended, "ended_at": NOON + LEASE}, began=(0,)),
        run(3, **ended, task=Task.REHEARSAL),
        run(4, state=State.LAPSED, ended_at=NOON),
    )

    with sessions.begin() as session:
        last = session.failovers.last_moved("pod-7")
        assert last
        assert last.number == 2
        assert session.failovers.last_moved("pod-8") is None
        assert [it.number for it in session.failovers.ended("pod", limit=3)] == [2, 4, 3]


def test_one_owner_at_a_time_is_at_a_run(sessions: Sessions) -> None:
    kept(sessions, run(1), run(2, plan=OTHER, state=State.APPROVED), run(3, plan=THIRD, state=State.RUNNING))

    assert claimed(sessions, "one") == 2
    assert claimed(sessions, "one", besides=(2,)) == 3
    assert claimed(sessions, "other") is None
    assert claimed(sessions, "other", after=21) == 2
    with sessions.begin() as session:
        assert not session.failovers.renew(2, "one", until=NOON)
        assert session.failovers.renew(3, "one", until=NOON + timedelta(minutes=5))
    assert claimed(sessions, "other", after=21, besides=(2,)) is None


def test_what_is_let_go_is_taken_by_whoever_comes(sessions: Sessions) -> None:
    kept(sessions, run(2, state=State.RUNNING))
    claimed(sessions, "one")
    with sessions.begin() as session:
        session.failovers.let_go(2, "other")
    assert claimed(sessions, "other") is None

    with sessions.begin() as session:
        session.failovers.let_go(2, "one")

    assert claimed(sessions, "other") == 2


def test_keeping_a_run_leaves_its_owner_alone(sessions: Sessions) -> None:
    kept(sessions, run(2, state=State.RUNNING))
    claimed(sessions, "one")

    kept(sessions, run(2, state=State.ROLLING_BACK))

    assert claimed(sessions, "other") is None


def test_the_trail_is_kept_in_order(sessions: Sessions) -> None:
    audit_entries = [
        AuditEntry(
            failover=1,
            seq=seq,
            kind=kind,
            at=NOON,
            by="U0ANA",
            source="slash",
            data={"until": "x", "took": 1.5},
        )
        for seq, kind in enumerate(("failover_proposed", "failover_approved"), start=1)
    ]
    with sessions.begin() as session:
        for audit_entry in audit_entries:
            session.failovers.append(audit_entry)

    with sessions.begin() as session:
        assert session.failovers.audit_log(1) == audit_entries
        assert session.failovers.audit_log(2) == []


def test_a_run_of_an_incident_is_not_pruned_alone_though_an_older_spy_left_its_column_empty(
    sessions: Database,
) -> None:
    ended = {"state": State.DONE, "ended_at": NOON}
    kept(sessions, run(1, incident=7, **ended), run(2, **ended), run(3, **ended))
    with sessions.engine.begin() as connection:
        connection.execute(text("UPDATE failover SET incident = NULL"))

    with sessions.begin() as session:
        assert session.pruning.remove_failovers(before=NOON + timedelta(days=1), limit=10) == 1
        assert session.failovers.get(1)
        assert not session.failovers.get(2)
