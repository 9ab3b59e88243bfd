"""The reminders about an incident, their agenda, and the status of each sent reminder.

The next occurrence depends only on the incident: on its times and on what was sent. A timer that is no longer in the
agenda is never sent.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.daylight import next_hour
from bot.domain.incident.guide import skipped_at
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import MILESTONE, is_milestone_done, milestones_due
from bot.domain.policy import NO_COMMANDER, Policy
from bot.domain.reminder import Reminder, always, declare, occurrence, once, repeated, sent_in, since_opened
from bot.domain.subject import ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds

USUAL_PERIOD = timedelta(minutes=30)
"""How often an overdue update is reminded if its severity has no interval any more."""
FIND_CAUSE = "find the cause"
"""The words of the follow-up that *the cause can wait* offers."""
CHANGE_WORDS = re.compile(
    r"\b(change|chang\w+|deploy\w*|release\w*|roll\w*|ship\w*|merge\w*|config\w*|migrat\w+|upgrade\w*"
    r"|flag\w*|commit\w*|version\w*|pr|patch\w*)\b",
    re.IGNORECASE,
)
"""A suspected cause with one of these words counts as a suspected change."""


# --- the update -------------------------------------------------------------------------------------------


def _promise(incident: Incident) -> str | None:
    return milliseconds(incident.update_due) if incident.update_due else None


def _promised(incident: Incident, policy: Policy) -> tuple[str, datetime, timedelta] | None:
    """Return the cycle of the promised update, its due time (after a snooze), and the interval of repeats."""
    if incident.update_due is None:
        return None
    cycle, start = milliseconds(incident.update_due), incident.update_due
    snooze = incident.snoozed.get("update_due")
    if snooze and snooze.mark == cycle:
        start = max(start, snooze.until)
    severity = policy.severities.get(incident.severity or "")
    return cycle, start, (severity.update_every if severity else None) or USUAL_PERIOD


def _update_due(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    if promised := _promised(incident, policy):
        cycle, start, every = promised
        yield repeated(incident, "update_due", cycle, start, every)


def _update_late(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    if promised := _promised(incident, policy):
        cycle, start, every = promised
        yield repeated(incident, "update_late", cycle, start + policy.timers.update_shown_after, every)


def _updated(incident: Incident, _policy: Policy, _name: ReminderName, sent: LastSent) -> bool:
    return incident.updated_at is not None and incident.updated_at >= sent.at


UPDATE_DUE = declare(
    Reminder(
        name="update_due",
        row="the update is due",
        settings=("update_every",),
        rule=_update_due,
        is_done=_updated,
        cycle=_promise,
        to_owner=True,
        snoozed_as="update_due",
    )
)
UPDATE_LATE = declare(
    Reminder(
        name="update_late",
        row="the update is overdue",
        settings=("update_shown_after",),
        rule=_update_late,
        is_done=_updated,
        cycle=_promise,
        is_urgent=lambda incident: incident.severity == "sev1",
        snoozed_as="update_due",
        repeats="update_due",
    )
)


# --- command and severity ---------------------------------------------------------------------------------


def _no_commander(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    if incident.commander is None:
        since = max(incident.opened_at, incident.command_since or incident.opened_at)
        every, most = policy.timers.no_commander_every, policy.timers.asked_at_most
        yield repeated(incident, "no_commander", since_opened(incident), since + every, every, most=most)


def _no_commander_page(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    """Page the command team after the last reminder in the channel."""
    cycle = since_opened(incident)
    asked = sent_in(incident.reminded, "no_commander", cycle)
    if incident.commander is None and asked and asked.count >= policy.timers.asked_at_most:
        yield once(incident, "no_commander_page", cycle, asked.at + policy.timers.no_commander_every)


def _is_led(incident: Incident, _policy: Policy, _name: ReminderName, _said: LastSent) -> bool:
    return incident.commander is not None


def _no_severity(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    if incident.severity is None:
        since, every = incident.opened_at, policy.timers.no_severity_every
        most = policy.timers.asked_at_most
        yield repeated(incident, "no_severity", milliseconds(since), since + every, every, most=most)


declare(
    Reminder(
        name="no_commander",
        row="no commander",
        settings=("no_commander_every", "asked_at_most"),
        rule=_no_commander,
        is_done=_is_led,
        is_urgent=always,
        safety=NO_COMMANDER,
    )
)
NO_COMMANDER_PAGE = declare(
    Reminder(
        name="no_commander_page",
        row="no commander",
        settings=("no_commander_every", "asked_at_most"),
        rule=_no_commander_page,
        is_done=_is_led,
        is_urgent=always,
        safety=NO_COMMANDER,
        repeats="no_commander",
    )
)
declare(
    Reminder(
        name="no_severity",
        row="no severity",
        settings=("no_severity_every", "asked_at_most"),
        rule=_no_severity,
        is_done=lambda incident, _policy, _name, _said: incident.severity is not None,
    )
)


# --- mitigation -------------------------------------------------------------------------------------------


def _roll_back(incident: Incident, policy: Policy, _zone: str | None) -> Iterator[Timer | None]:
    suspected = change_suspected_at(incident)
    if suspected is None or incident.is_safe or incident.severity not in policy.timers.roll_back_severities:
        return
    since = incident.opened_at
    due = max(since + policy.timers.roll_back_after, suspected, incident.severity_at or since)
    yield once(incident, "roll_back", milliseconds(since), due)


def change_suspected_at(incident: Incident) -> datetime | None:
    """Return since when a change is suspected (UTC): one is marked, or the suspected cause mentions one."""
    times = [it.suspected_at for it in incident.suspects]
    if incident.cause and incident.cause_at and CHANGE_WORDS.search(incident.cause):
        times.append(incident.cause_at)
    return min(times, default=None)


def _mitigate_first(incident: Incident, policy: Policy, zone: str | None) -> Iterator[Timer | None]:
    """Remind people to mitigate first, unless "roll back?" asks for the same."""
    skipped, cycle = skipped_at(incident), since_opened(incident)
    asks_to_roll_back = any(_roll_back(incident, policy, zone)) or sent_in(
        incident.reminded, "roll_back", cycle
    )
    if skipped and not asks_to_roll_back:
        due = max(incident.opened_at + policy.timers.mitigate_first_after, skipped)
        yield once(incident, "mitigate_first", cycle, due)


def _is_mitigated(incident: Incident, _policy: Policy, _name: ReminderName, _said: LastSent) -> bool:
    return incident.mitigated_at is not None


ROLL_BACK = declare(
    Reminder(
        name="roll_back",
        row='"roll back?"',
        settings=("roll_back_after", "roll_back_severities"),
        rule=_roll_back,
        is_done=_is_mitigated,
    )
)
MITIGATE_FIRST = declare(
    Reminder(
        name="mitigate_first",
        row="first mitigate",
        settings=("mitigate_first_after",),
        rule=_mitigate_first,
        is_done=_is_mitigated,
    )
)


# --- at night ---------------------------------------------------------------------------------------------


def _since_mitigated(incident: Incident) -> str | None:
    return milliseconds(incident.mitigated_at) if incident.mitigated_at and incident.is_open else None


def _till_morning(incident: Incident, policy: Policy, zone: str | None) -> Iterator[Timer | None]:
    """Say that the cause can wait: at once if it is night where the owner is, else when the night begins.

    Without a zone, the earliest time at which it may be due.
    """
    timers, cycle, since = policy.timers, _since_mitigated(incident), incident.mitigated_at
    if cycle is None or since is None or timers.night_from == timers.night_until:
        return
    is_night = zone is None or timers.is_night(since.astimezone(ZoneInfo(zone)).hour)
    yield once(
        incident,
        "till_morning",
        cycle,
        since if is_night else next_hour(timers.night_from, since, ZoneInfo(zone or "UTC")),
    )


def _night_ends(moment: datetime, policy: Policy, zone: str) -> datetime:
    return next_hour(policy.timers.night_until, moment, ZoneInfo(zone))


def morning(moment: datetime, policy: Policy, zone: str) -> datetime:
    """Return until when (UTC) a cause can wait: the hour of *still open* after the night of this moment."""
    return next_hour(policy.timers.still_open_hour, _night_ends(moment, policy, zone), ZoneInfo(zone))


def _has_changed_hands(incident: Incident, _policy: Policy, _name: ReminderName, sent: LastSent) -> bool:
    return incident.command_since is not None and incident.command_since > sent.at


TILL_MORNING = declare(
    Reminder(
        name="till_morning",
        row="the cause can wait",
        settings=("night_from", "night_until", "still_open_hour"),
        rule=_till_morning,
        is_done=_has_changed_hands,
        cycle=_since_mitigated,
        to_owner=True,
        is_on_card=False,
        lapses=_night_ends,
    )
)


# --- still open -------------------------------------------------------------------------------------------


def _still_open(incident: Incident, policy: Policy, zone: str | None) -> Iterator[Timer | None]:
    """Ask in the owner's morning, at least half an interval after opening or the last reminder."""
    cycle, every = since_opened(incident), policy.timers.still_open_every
    sent = sent_in(incident.reminded, "still_open", cycle)
    earliest = (sent.at if sent else incident.opened_at) + every / 2
    due = next_hour(policy.timers.still_open_hour, earliest, ZoneInfo(zone)) if zone else earliest
    yield occurrence(incident, "still_open", cycle, sent, due)


STILL_OPEN = declare(
    Reminder(
        name="still_open",
        row="still open?",
        settings=("still_open_every", "still_open_hour"),
        rule=_still_open,
        to_owner=True,
    )
)

declare(
    Reminder(
        name=MILESTONE,
        row="Milestones",
        settings=("milestones",),
        rule=milestones_due,
        is_done=is_milestone_done,
        cycle=None,
        is_on_card=False,
        lasts=True,
    )
)
