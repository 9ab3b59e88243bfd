"""Safety reminders: without them, nobody may notice that an incident, a page or a person is left alone.

A changed configuration that makes one vanish is refused, unless it switches the reminder off by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from bot.domain.incident import events
from bot.domain.incident.agenda import agenda
from bot.domain.incident.incident import Incident
from bot.domain.paging.page import Page, PageState
from bot.domain.paging.reminders import page_agenda
from bot.domain.policy import LONG_HOURS, NO_COMMANDER, PAGE_UNANSWERED, RELIEF, Policy, Severity
from bot.domain.relief.relief import COMMAND, PAGE, began, climb
from bot.domain.timer import LastSent, milliseconds

DAY, WEEK = timedelta(days=1), timedelta(days=7)
STEPS = 4
"""The steps of the escalation for relief, without those that repeat."""
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When the causes begin. Only spans are compared, so any day will do."""
SOMEBODY = "U0SOMEBODY"
UPDATE_ROWS = {"update_due": "the update is due", "update_late": "the update is overdue"}


@dataclass(frozen=True, kw_only=True)
class SafetyReminder:
    """A safety reminder, or one step of it, under one policy."""

    what: str
    """Its row in docs/timers.md, with the severity or the step."""
    wait: timedelta
    """How long after its cause it comes."""
    keys: tuple[str, ...]
    """Beginnings of the keys of config.yaml that can change it."""
    switch: str
    """How config.yaml switches it off by name."""
    is_off: bool = False
    """Whether the policy switches it off by name."""
    longest: timedelta = DAY
    """If it comes later than this, it counts as vanished."""
    severity: str | None = None
    """The only severity that it is about."""

    @property
    def comes(self) -> bool:
        return not self.is_off and self.wait <= self.longest


def vanished(before: Policy, after: Policy) -> Iterator[SafetyReminder]:
    """Yield, as they were, the safety reminders that the new policy makes vanish without switching them off."""
    later = safety_reminders(after)
    for what, reminder in safety_reminders(before).items():
        known = later.get(what)
        is_kept = known is not None and (known.comes or known.is_off)
        is_needless = reminder.severity is not None and reminder.severity not in after.severities
        if reminder.comes and not is_kept and not is_needless:
            yield reminder


def safety_reminders(policy: Policy) -> Mapping[str, SafetyReminder]:
    """Return the safety reminders of a policy by what they are, also those that it switches off."""
    off = policy.timers.switched_off
    whole = replace(policy, timers=replace(policy.timers, switched_off=()))
    named = {
        NO_COMMANDER: _commander(whole),
        PAGE_UNANSWERED: _page(whole),
        RELIEF: _relief(whole),
        LONG_HOURS: _hours(whole),
    }
    found = [
        *_updates(whole),
        *(replace(it, is_off=name in off) for name, reminders in named.items() for it in reminders),
    ]
    return {it.what: it for it in found}


def declared(severity: Severity | None) -> Incident:
    """Return an incident that somebody has just declared, to try a policy on it."""
    every = severity.update_every if severity else None
    event = events.Declared(
        at=START,
        by=SOMEBODY,
        name="trial",
        severity=severity.key if severity else None,
        next_due=START + every if every else None,
    )
    return Incident.declared(0, event)


def _switch(name: str) -> str:
    return f"timers: {{switched_off: [{name}]}}"


def _updates(policy: Policy) -> Iterator[SafetyReminder]:
    for severity in policy.severities.values():
        waits = {it.reminder: it.due_at - START for it in agenda(declared(severity), policy)}
        for name, row in UPDATE_ROWS.items():
            if name in waits or severity.is_quiet:
                yield SafetyReminder(
                    what=f"{row} ({severity.key})",
                    wait=waits.get(name, WEEK),
                    keys=(f"severities.{severity.key}", "severities", "timers.update_shown_after"),
                    switch=f"severities: {{{severity.key}: {{update_every: never}}}}",
                    is_off=severity.is_quiet,
                    longest=WEEK,
                    severity=severity.key,
                )


def _commander(policy: Policy) -> Iterator[SafetyReminder]:
    """Nobody leads: the channel is asked, and then the command team is paged."""
    timers, unled = policy.timers, replace(declared(None), commander=None)
    asked_at = START + timers.no_commander_every * timers.asked_at_most
    sent = LastSent(mark=milliseconds(START), count=timers.asked_at_most, at=asked_at)
    keys = ("timers.no_commander_every", "timers.asked_at_most")
    for incident, name, what, paged in (
        (unled, "no_commander", "no commander", ()),
        (
            replace(unled, reminded={"no_commander": sent}),
            "no_commander_page",
            "no commander: the page",
            _team_keys(policy),
        ),
    ):
        due = next((it.due_at for it in agenda(incident, policy) if it.reminder == name), None)
        if due and (not paged or _can_page(policy)):
            yield SafetyReminder(
                what=what, wait=due - START, keys=(*paged, *keys), switch=_switch(NO_COMMANDER)
            )


def _page(policy: Policy) -> Iterator[SafetyReminder]:
    page = Page(number=0, key="trial", message="", requested_by=SOMEBODY, requested_at=START, team="trial")
    for timer in page_agenda(replace(page, state=PageState.SENT, sent_at=START, rings_since=START), policy):
        yield SafetyReminder(
            what="a page is not acknowledged",
            wait=timer.due_at - START,
            keys=("timers.page_unanswered_after", "timers.asked_at_most"),
            switch=_switch(PAGE_UNANSWERED),
        )


def _relief(policy: Policy) -> Iterator[SafetyReminder]:
    """Somebody leads for too long: each step of the escalation. The later ones page."""
    pages = False
    for step, due in islice(climb(began(0, SOMEBODY, 0, COMMAND, at=START), UTC, policy.timers), STEPS):
        pages = pages or step.name == PAGE
        if not pages or _can_page(policy):
            yield SafetyReminder(
                what=f"who has worked too long ({step.name})",
                wait=due - START,
                keys=(f"timers.relief_{step.name}", *(_team_keys(policy) if pages else ()), "timers.relief"),
                switch=_switch(RELIEF),
            )


def _hours(policy: Policy) -> Iterator[SafetyReminder]:
    """Hours add up within a day, or the day is long."""
    for what, key, wait in (
        ("hours add up", "duty_urge", policy.timers.duty_urge),
        ("a long day", "day_urge", policy.timers.day_urge),
    ):
        yield SafetyReminder(what=what, wait=wait, keys=(f"timers.{key}",), switch=_switch(LONG_HOURS))


def _can_page(policy: Policy) -> bool:
    """Whether Spy can page the command team."""
    team = policy.teams.get(policy.command_team or "")
    return bool(team and team.service)


def _team_keys(policy: Policy) -> tuple[str, ...]:
    return (f"teams.{policy.command_team}", "teams", "command_team")
