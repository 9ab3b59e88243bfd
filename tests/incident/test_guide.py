"""The step guide: which step an incident is at, by its facts and by people's word."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.changes import events as changes_events
from bot.domain.event import Event
from bot.domain.incident import events, guide
from bot.domain.incident.agenda import agenda, status
from bot.domain.incident.guide import STEPS, GuideStep
from bot.domain.incident.incident import Incident
from bot.domain.incident.reminders import MITIGATE_FIRST
from bot.domain.incident.timeline import Entry
from bot.domain.policy import Policy, Severity
from bot.domain.refusal import Refusal
from bot.domain.reminder import Status
from bot.domain.subject import IncidentChannel

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = Policy(severities={"sev1": Severity(key="sev1"), "sev3": Severity(key="sev3")})


def after(**by: float) -> datetime:
    return NOON + timedelta(**by)


def told(*happened: Event, severity: str | None = "sev3") -> Incident:
    """Tell an incident in events, after its declaration at noon."""
    declared = events.Declared(at=NOON, by="U0ANA", name="checkout is down", severity=severity)
    incident = Incident.declared(42, declared)
    for event in happened:
        incident = incident.after(event)
    return incident


def stated(minute: int = 1) -> events.ImpactStated:
    return events.ImpactStated(at=after(minutes=minute), by="U0ANA", impact="nobody can pay", since=NOON)


def updated(minute: int = 2) -> events.UpdatePosted:
    return events.UpdatePosted(at=after(minutes=minute), by="U0RAJ", message="we look", next_due=None)


def suspected(minute: int = 3, cause: str = "a full disk") -> events.CauseSuspected:
    return events.CauseSuspected(at=after(minutes=minute), by="U0KIM", cause=cause)


def mitigated(minute: int = 8) -> events.PhaseChanged:
    return events.PhaseChanged(at=after(minutes=minute), by="U0ANA", phase="mitigated", before="triage")


def passed(step: GuideStep, minute: int = 5) -> events.StepPassed:
    return events.StepPassed(at=after(minutes=minute), by="U0RAJ", step=step.value)


def resolved(minute: int = 30) -> events.Resolved:
    return events.Resolved(at=after(minutes=minute), by="U0ANA")


WHOLE = (stated(), updated(), suspected(), mitigated(), resolved())


@pytest.mark.parametrize(
    ("happened", "step", "missing"),
    [
        ((), GuideStep.IMPACT, ("impact",)),
        ((stated(),), GuideStep.COMMUNICATE, ("update",)),
        ((updated(),), GuideStep.IMPACT, ("impact",)),
        ((stated(), updated()), GuideStep.CHANGES, ("change",)),
        ((stated(), updated(), suspected()), GuideStep.MITIGATE, ("mitigation",)),
        ((stated(), updated(), passed(GuideStep.CHANGES)), GuideStep.MITIGATE, ("mitigation",)),
        ((stated(), updated(), passed(GuideStep.CHANGES), mitigated()), GuideStep.CAUSE, ("cause",)),
        ((stated(), updated(), suspected(), mitigated()), GuideStep.CONFIRM, ("end",)),
        (WHOLE, GuideStep.CLEAN_UP, ("review",)),
        ((resolved(),), GuideStep.CLEAN_UP, ("review",)),
    ],
)
def test_the_facts_say_which_step_it_is(happened: Sequence[Event], step: GuideStep, missing: tuple[str, ...]):
    now = guide.current(told(*happened))

    assert now == guide.Guide(step=step, missing=missing)


def test_without_a_commander_the_first_step_is_not_done():
    nobody = Incident(number=1, name="x", declared_by="U0ANA", declared_at=NOON, channel_name="inc-1")

    assert guide.current(nobody) == guide.Guide(step=GuideStep.CALM, missing=("commander",))


def test_assessing_wants_a_severity_too():
    assert guide.current(told(severity=None)) == guide.Guide(
        step=GuideStep.IMPACT, missing=("severity", "impact")
    )


def test_a_false_alarm_has_no_steps():
    assert guide.current(told(events.Cancelled(at=NOON, by="U0ANA"))) is None


def test_one_press_moves_on_whatever_is_missing():
    incident = told()
    steps = []
    for minute in range(1, 6):
        word = guide.move_on(incident, by="U0RAJ", at=after(minutes=minute))
        steps.append(word.step)
        incident = incident.after(word)

    assert steps == ["impact", "communicate", "changes", "mitigate", "cause"]
    assert guide.current(incident) == guide.Guide(step=GuideStep.CONFIRM, missing=("end",))


def test_the_end_is_not_said_by_moving_on():
    with pytest.raises(Refusal, match="The next step is to resolve") as refused:
        guide.move_on(told(stated(), updated(), suspected(), mitigated()), by="U0ANA", at=after(minutes=9))

    assert refused.value.choices[0].say == "incident 42 stop"


def test_after_the_end_there_is_nowhere_to_move_on_to():
    with pytest.raises(Refusal, match="no next step"):
        guide.move_on(told(resolved()), by="U0ANA", at=after(minutes=40))


def test_that_nothing_changed_is_said_once():
    incident = told(passed(GuideStep.CHANGES, 1))

    word = guide.nothing_changed(incident, by="U0KIM", at=after(minutes=2))

    assert (word.step, word.answer) == ("changes", "nothing changed")
    with pytest.raises(Refusal, match="has that already"):
        guide.nothing_changed(incident.after(word), by="U0KIM", at=after(minutes=3))


REOPENED = events.Reopened(at=after(minutes=60), by="U0ANA")


def test_reopened_it_is_mitigated_anew_and_what_was_said_stays_said():
    incident = told(*WHOLE, passed(GuideStep.MITIGATE, 20), REOPENED)

    assert guide.current(incident) == guide.Guide(step=GuideStep.MITIGATE, missing=("mitigation",))
    assert guide.passed(GuideStep.MITIGATE, incident) is None


@pytest.mark.parametrize(
    "step", [GuideStep.IMPACT, GuideStep.COMMUNICATE, GuideStep.CHANGES, GuideStep.CAUSE]
)
def test_the_word_that_a_step_is_done_outlives_the_reopening(step: GuideStep):
    incident = told(passed(step, 20), resolved(), REOPENED)

    assert guide.is_done(step, incident)


def test_the_checklist_of_a_reopened_incident_names_who_posted_the_first_update():
    incident = told(*WHOLE, REOPENED)

    line = guide.checklist(incident, entries(*WHOLE, REOPENED))[GuideStep.COMMUNICATE.number - 1]

    assert (line.is_done, line.by, line.at) == (True, "U0RAJ", after(minutes=2))


# --- the checklist ----------------------------------------------------------------------------------------


def entries(*happened: Event) -> list[Entry]:
    return [
        Entry(
            incident=42,
            seq=seq,
            kind=it.kind(),
            occurred_at=it.at,
            recorded_at=it.at,
            actor=it.by,
            source="slash",
            data={"phase": getattr(it, "phase", None)},
        )
        for seq, it in enumerate(happened, start=1)
    ]


def test_the_checklist_says_who_did_each_step_and_when():
    happened = (stated(1), stated(6), updated(2), updated(7), suspected(3), mitigated(8))

    lines = guide.checklist(told(*happened), entries(*happened))

    done = {it.step: (it.by, it.at) for it in lines if it.is_done}
    assert [it.step for it in lines] == list(STEPS)
    assert done[GuideStep.IMPACT] == ("U0ANA", after(minutes=6))
    assert done[GuideStep.COMMUNICATE] == ("U0RAJ", after(minutes=2))
    assert done[GuideStep.CHANGES] == ("U0KIM", after(minutes=3))
    assert done[GuideStep.MITIGATE] == ("U0ANA", after(minutes=8))
    assert [it.step for it in lines if it.is_now] == [GuideStep.CONFIRM]


def test_the_checklist_says_what_was_moved_on_from():
    happened = (stated(), passed(GuideStep.COMMUNICATE, 5))

    line = guide.checklist(told(*happened), entries(*happened))[2]

    assert (line.is_done, line.by, line.missing) == (True, "U0RAJ", ("update",))


def test_a_change_that_is_marked_as_suspect_answers_what_changed():
    marked = changes_events.ChangeSuspected(
        at=after(minutes=4),
        by="U0RAJ",
        change=7,
        title="deploy 1.2",
        url=None,
        service="checkout",
        happened_at=NOON,
    )

    lines = {line.step: line for line in guide.checklist(told(marked), entries(marked))}

    assert lines[GuideStep.CHANGES].is_done
    assert (lines[GuideStep.CHANGES].by, lines[GuideStep.CHANGES].at) == ("U0RAJ", after(minutes=4))
    assert not lines[GuideStep.CAUSE].is_done


def test_a_fact_that_comes_later_outdoes_the_word():
    happened = (stated(), passed(GuideStep.COMMUNICATE, 5), updated(9))

    line = guide.checklist(told(*happened), entries(*happened))[2]

    assert (line.missing, line.by, line.at) == ((), "U0RAJ", after(minutes=9))


# --- first mitigate ---------------------------------------------------------------------------------------


def due(incident: Incident) -> datetime | None:
    return next((it.due_at for it in agenda(incident, POLICY) if it.reminder == MITIGATE_FIRST.name), None)


@pytest.mark.parametrize(
    ("happened", "at"),
    [
        ((), None),
        ((stated(), updated()), None),
        ((suspected(3),), after(minutes=10)),
        ((passed(GuideStep.MITIGATE, 4),), after(minutes=10)),
        ((suspected(25),), after(minutes=25)),
        ((suspected(3), mitigated(8)), None),
        ((mitigated(2), suspected(3)), None),
        ((suspected(3), resolved(8)), None),
        ((passed(GuideStep.CHANGES),), None),
    ],
)
def test_who_looks_for_the_cause_first_is_told_at_ten_minutes(happened: Sequence[Event], at: datetime | None):
    assert due(told(*happened)) == at


def test_it_is_said_once_and_then_shows_what_became_of_it():
    incident = told(suspected(3))
    timer = next(it for it in agenda(incident, POLICY) if it.reminder == MITIGATE_FIRST.name)

    said = incident.after(timer.sent_event(after(minutes=10), to=IncidentChannel(42)))

    assert due(said.after(suspected(12, "a full queue"))) is None
    assert status(said, POLICY, MITIGATE_FIRST.name, said.reminded[MITIGATE_FIRST.name]) is Status.OPEN
    done = said.after(mitigated(14))
    assert status(done, POLICY, MITIGATE_FIRST.name, done.reminded[MITIGATE_FIRST.name]) is Status.DONE


def test_where_roll_back_is_asked_nothing_is_added():
    incident = told(suspected(3, "the deploy of 11:58"), severity="sev1")
    asked = next(it for it in agenda(incident, POLICY) if it.reminder == "roll_back")

    assert due(incident) is None
    assert due(incident.after(asked.sent_event(after(minutes=10), to=IncidentChannel(42)))) is None
