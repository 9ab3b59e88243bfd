"""The step guide (Michael Gorven's): the current step of an incident, and what it lacks.

A step is done once its facts are known, or once somebody presses *Next step*. People may do later steps first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.incident.events import StepPassed
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Passed, Phase
from bot.domain.incident.timeline import Entry
from bot.domain.refusal import Choice, Refusal


class GuideStep(StrEnum):
    CALM = "calm"
    IMPACT = "impact"
    COMMUNICATE = "communicate"
    CHANGES = "changes"
    MITIGATE = "mitigate"
    CAUSE = "cause"
    CONFIRM = "confirm"
    CLEAN_UP = "clean_up"

    @property
    def number(self) -> int:
        return STEPS.index(self) + 1


STEPS = tuple(GuideStep)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """The current step, and what it lacks (keys of `MISSING`)."""

    step: GuideStep
    missing: tuple[str, ...]

    @property
    def number(self) -> int:
        return self.step.number

    @property
    def steps(self) -> int:
        return len(STEPS)


@dataclass(frozen=True, kw_only=True)
class ChecklistLine:
    """One line of the checklist. `by` and `at` (UTC) are from the event that completed it.

    If somebody moved on without some facts, those are `missing`; `answer` is what they answered instead.
    """

    step: GuideStep
    is_done: bool
    is_now: bool
    missing: tuple[str, ...] = ()
    answer: str = ""
    by: str | None = None
    at: datetime | None = None


MISSING: Mapping[GuideStep, Mapping[str, Callable[[Incident], bool]]] = {
    GuideStep.CALM: {"commander": lambda it: it.commander is None},
    GuideStep.IMPACT: {"severity": lambda it: it.severity is None, "impact": lambda it: it.impact is None},
    GuideStep.COMMUNICATE: {"update": lambda it: it.updated_at is None},
    GuideStep.CHANGES: {"change": lambda it: it.cause is None and not it.suspects},
    GuideStep.MITIGATE: {"mitigation": lambda it: not it.is_safe},
    GuideStep.CAUSE: {"cause": lambda it: it.cause is None},
    GuideStep.CONFIRM: {"end": lambda it: it.is_open},
    GuideStep.CLEAN_UP: {"review": lambda it: it.phase is not Phase.REVIEWED},
}
"""What each step needs, and when an incident lacks it. A suspected change answers *what changed?*"""


def current(incident: Incident) -> Guide | None:
    """Return the first step that is not done; None if all are. Once resolved, only the last step can be open."""
    if incident.phase in {Phase.REVIEWED, Phase.MERGED, Phase.FALSE_ALARM}:
        return None
    ahead = STEPS if incident.is_open else (GuideStep.CLEAN_UP,)
    step = next(it for it in ahead if not is_done(it, incident))
    return Guide(step=step, missing=missing(step, incident))


def missing(step: GuideStep, incident: Incident) -> tuple[str, ...]:
    return tuple(word for word, is_lacking in MISSING[step].items() if is_lacking(incident))


def is_done(step: GuideStep, incident: Incident) -> bool:
    return passed(step, incident) is not None or not missing(step, incident)


def passed(step: GuideStep, incident: Incident) -> Passed | None:
    """Return who marked a step as done, and when; None if nobody did."""
    answered = incident.steps.get(step)
    return answered if answered and _is_of_now(step, answered.at, incident) else None


def skipped_at(incident: Incident) -> datetime | None:
    """Return since when people look for the cause although nothing is mitigated (UTC); None if they don't."""
    if incident.is_safe:
        return None
    word = passed(GuideStep.MITIGATE, incident)
    times = (word.at if word else None, incident.cause_at if incident.cause else None)
    return min(filter(None, times), default=None)


NOTHING_CHANGED = "nothing changed"


# --- moving on --------------------------------------------------------------------------------------------


def move_on(incident: Incident, *, by: str, at: datetime) -> StepPassed:
    """Return the event that the current step is done, whatever it lacks. Refuses at the last two steps."""
    now = current(incident)
    if now is None or now.step is GuideStep.CLEAN_UP:
        raise Refusal(f"{incident.id} is {incident.state}; there is no next step.")
    if now.step is GuideStep.CONFIRM:
        raise Refusal(
            f"The next step is to resolve {incident.id}. Watch it for a while first.",
            choices=(Choice(label="Resolve", say=f"incident {incident.number} stop"),),
        )
    return StepPassed(at=at, by=by, step=now.step.value)


def nothing_changed(incident: Incident, *, by: str, at: datetime) -> StepPassed:
    """Return the answer to *what changed?* that nothing changed before the incident."""
    incident.must_be_open()
    answered = passed(GuideStep.CHANGES, incident)
    if answered and answered.answer:
        raise Refusal(f"{incident.id} has that already: {answered.answer}.")
    return StepPassed(at=at, by=by, step=GuideStep.CHANGES.value, answer=NOTHING_CHANGED)


# --- the checklist ----------------------------------------------------------------------------------------

MAKES: Mapping[GuideStep, frozenset[str]] = {
    GuideStep.CALM: frozenset({"declared", "command_taken"}),
    GuideStep.IMPACT: frozenset({"declared", "impact_stated", "severity_set"}),
    GuideStep.COMMUNICATE: frozenset({"update_posted"}),
    GuideStep.CHANGES: frozenset({"cause_suspected", "change_suspected"}),
    GuideStep.MITIGATE: frozenset({"phase_changed", "resolved"}),
    GuideStep.CAUSE: frozenset({"cause_suspected"}),
    GuideStep.CONFIRM: frozenset({"resolved"}),
    GuideStep.CLEAN_UP: frozenset({"phase_changed"}),
}
"""The kinds of events that complete a step."""
MADE = frozenset[str]().union(*MAKES.values())
FIRST = frozenset({GuideStep.COMMUNICATE, GuideStep.CHANGES})
"""Steps whose first event counts. For the other steps the last event counts."""
UNDONE = frozenset({GuideStep.MITIGATE, GuideStep.CONFIRM, GuideStep.CLEAN_UP})
"""Steps that start again when an incident is reopened. The others stay done."""
SAFE = frozenset({Phase.MITIGATED.value, Phase.MONITORING.value, Phase.REVIEWED.value})


def checklist(incident: Incident, entries: Iterable[Entry]) -> tuple[ChecklistLine, ...]:
    """Return all steps with who completed them and when. `entries` are those of `MADE`."""
    kept = list(entries)
    now = current(incident)
    return tuple(_line(step, incident, kept, is_now=bool(now and now.step is step)) for step in STEPS)


def _line(step: GuideStep, incident: Incident, entries: Iterable[Entry], *, is_now: bool) -> ChecklistLine:
    lacking, word = missing(step, incident), passed(step, incident)
    if lacking and word:
        lacking = () if word.answer else lacking
        return ChecklistLine(
            step=step, is_done=True, is_now=False, answer=word.answer, by=word.by, at=word.at, missing=lacking
        )
    if lacking:
        return ChecklistLine(step=step, is_done=False, is_now=is_now, missing=lacking)
    made = [it for it in entries if it.kind in MAKES[step] and _counts(it, step, incident)]
    fact = (made[0] if step in FIRST else made[-1]) if made else None
    by, at = (fact.actor, fact.occurred_at) if fact else (None, None)
    return ChecklistLine(step=step, is_done=True, is_now=is_now, by=by, at=at)


def _counts(entry: Entry, step: GuideStep, incident: Incident) -> bool:
    if entry.kind == "phase_changed" and entry.data.get("phase") not in SAFE:
        return False
    return _is_of_now(step, entry.occurred_at, incident)


def _is_of_now(step: GuideStep, at: datetime, incident: Incident) -> bool:
    """Whether a step was completed since the incident was last opened. Some steps start again after a reopening."""
    return step not in UNDONE or at >= incident.opened_at
