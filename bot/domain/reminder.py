"""What Spy must say next, given what happened: the rules of an incident's and a page's timers, as pure functions.

A duty's next occurrence follows from the incident alone: from its moments and from what was said of the duty
already. A timer that is not in the agenda any more is moot, by whatever route its duty was done.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.events import Snoozed
from bot.domain.guide import skipped_at
from bot.domain.incident import Incident, Phase
from bot.domain.page import Page, PageState
from bot.domain.policy import Milestone, Policy
from bot.domain.refusal import Choice, Refusal
from bot.domain.role import plain
from bot.domain.timer import Said, Snooze, Timer, mark_of

__all__ = ["Said", "Snooze", "Timer", "agenda", "may_post", "page_agenda", "standing"]

UPDATE_DUE, UPDATE_LATE = "update_due", "update_late"
NO_COMMANDER, NO_COMMANDER_PAGE, NO_SEVERITY = "no_commander", "no_commander_page", "no_severity"
ROLL_BACK, STILL_OPEN, UNANSWERED = "roll_back", "still_open", "unanswered"
MITIGATE_FIRST = "mitigate_first"
TEST_PAGE_RESULT = "verdict"
MILESTONE, AT_STOP = "milestone:", "@stop"
SINCE_OPENED = frozenset(
    {NO_COMMANDER, NO_COMMANDER_PAGE, NO_SEVERITY, ROLL_BACK, MITIGATE_FIRST, STILL_OPEN}
)
"""Duties that are counted from when the incident was opened, or reopened: what was said before that is moot."""

USUAL_PERIOD = timedelta(minutes=30)
"""How often an overdue update is reminded where its severity says nothing any more."""
CHANGE_WORDS = re.compile(
    r"\b(change|chang\w+|deploy\w*|release\w*|roll\w*|ship\w*|merge\w*|config\w*|migrat\w+|upgrade\w*"
    r"|flag\w*|commit\w*|version\w*|pr|patch\w*)\b",
    re.IGNORECASE,
)
"""A stated cause with one of these words suspects a change, as a change that was marked does."""

CONDITIONS: Mapping[str, Callable[[Incident], bool]] = {
    "updated": lambda incident: incident.updated_at is not None,
    "impact": lambda incident: incident.impact is not None,
    "cause": lambda incident: incident.cause is not None or bool(incident.suspects),
    "severity": lambda incident: incident.severity is not None,
    "mitigated": lambda incident: incident.is_safe,
    "told": lambda incident: bool(incident.told),
}
"""What `unless:` of a milestone may name; besides these `told :team` and `role <name>`."""


# --- the agenda -------------------------------------------------------------------------------------------


def agenda(incident: Incident, policy: Policy, *, zone: str | None = None) -> list[Timer]:
    """Give the next occurrence of each duty. Without the owner's `zone` (IANA) *still open* comes too early."""
    rules = _while_open(incident, policy, zone) if incident.is_open else _once_stopped(incident, policy)
    return [timer for timer in rules if timer]


def _while_open(incident: Incident, policy: Policy, zone: str | None) -> Iterator[Timer | None]:
    yield from _update(incident, policy)
    yield from _commander(incident, policy)
    yield _severity(incident, policy)
    yield _roll_back(incident, policy)
    yield _mitigate_first(incident, policy)
    yield _still_open(incident, policy, zone)
    for milestone in policy.milestones:
        yield _milestone(incident, milestone)


def _once_stopped(incident: Incident, policy: Policy) -> Iterator[Timer | None]:
    if incident.phase is not Phase.RESOLVED or incident.resolved_at is None:
        return
    for milestone in policy.milestones:
        if milestone.at_stop and concerns(milestone, incident):
            reminder, mark = f"{MILESTONE}{milestone.name}{AT_STOP}", mark_of(incident.resolved_at)
            yield _once(incident, reminder, mark, incident.resolved_at)


def _update(incident: Incident, policy: Policy) -> Iterator[Timer | None]:
    """The commander hears at due, the channel some minutes later; both again each period."""
    if incident.update_due is None:
        return
    mark, start = mark_of(incident.update_due), incident.update_due
    snooze = incident.snoozed.get(UPDATE_DUE)
    if snooze and snooze.mark == mark:
        start = max(start, snooze.until)
    severity = policy.severities.get(incident.severity or "")
    every = (severity.update_every if severity else None) or USUAL_PERIOD
    yield _repeated(incident, UPDATE_DUE, mark, start, every)
    yield _repeated(incident, UPDATE_LATE, mark, start + policy.timers.update_shown_after, every)


def _commander(incident: Incident, policy: Policy) -> Iterator[Timer | None]:
    if incident.commander is not None:
        return
    since = max(incident.opened_at, incident.command_since or incident.opened_at)
    times, mark = policy.timers, mark_of(incident.opened_at)
    every = times.no_commander_every
    yield _repeated(incident, NO_COMMANDER, mark, since + every, every, most=times.asked_at_most)
    asked = incident.reminded.get(NO_COMMANDER)
    if asked and asked.mark == mark and asked.count >= times.asked_at_most:
        yield _once(incident, NO_COMMANDER_PAGE, mark, asked.at + every)


def _severity(incident: Incident, policy: Policy) -> Timer | None:
    if incident.severity is not None:
        return None
    since, every = incident.opened_at, policy.timers.no_severity_every
    return _repeated(
        incident, NO_SEVERITY, mark_of(since), since + every, every, most=policy.timers.asked_at_most
    )


def _roll_back(incident: Incident, policy: Policy) -> Timer | None:
    suspected = change_suspected_at(incident)
    if suspected is None or incident.is_safe or incident.severity not in policy.timers.roll_back_severities:
        return None
    since = incident.opened_at
    due = max(since + policy.timers.roll_back_after, suspected, incident.severity_at or since)
    return _once(incident, ROLL_BACK, mark_of(since), due)


def change_suspected_at(incident: Incident) -> datetime | None:
    """Tell since when a change is suspected: one was marked, or the words of the stated cause speak of one."""
    moments = [it.suspected_at for it in incident.suspects]
    if incident.cause and incident.cause_at and CHANGE_WORDS.search(incident.cause):
        moments.append(incident.cause_at)
    return min(moments, default=None)


def _mitigate_first(incident: Incident, policy: Policy) -> Timer | None:
    """Where "roll back?" is asked, that says it."""
    skipped, mark = skipped_at(incident), mark_of(incident.opened_at)
    if skipped is None or _roll_back(incident, policy) or _said(incident.reminded, ROLL_BACK, mark):
        return None
    due = max(incident.opened_at + policy.timers.mitigate_first_after, skipped)
    return _once(incident, MITIGATE_FIRST, mark, due)


def _still_open(incident: Incident, policy: Policy, zone: str | None) -> Timer:
    """Ask in the owner's morning, at least half a period after it opened or was last asked."""
    mark, every = mark_of(incident.opened_at), policy.timers.still_open_every
    said = _said(incident.reminded, STILL_OPEN, mark)
    earliest = (said.at if said else incident.opened_at) + every / 2
    due = _next_at(policy.timers.still_open_hour, earliest, zone) if zone else earliest
    return _timer(incident, STILL_OPEN, mark, said, due)


def _next_at(hour: int, earliest: datetime, zone: str) -> datetime:
    """Give the next moment (UTC) at which it is this hour there."""
    local = earliest.astimezone(ZoneInfo(zone))
    day = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if day < local:
        day += timedelta(days=1)  # wall clock: the same hour tomorrow, whatever summer time does
    return day.astimezone(UTC)


def _milestone(incident: Incident, milestone: Milestone) -> Timer | None:
    if not concerns(milestone, incident):
        return None
    since = incident.opened_at
    reminder, mark = f"{MILESTONE}{milestone.name}", mark_of(since) if incident.reopened_at else "open"
    said = _said(incident.reminded, reminder, mark)
    at = incident.severity_at if milestone.severities else None
    for after in sorted(milestone.when):
        counted = since + after
        if said is None or counted > said.at:
            return _timer(incident, reminder, mark, said, max(counted, at or counted))
    return None


def concerns(milestone: Milestone, incident: Incident) -> bool:
    """Whether a milestone is for this incident, and not done already."""
    if milestone.severities and incident.severity not in milestone.severities:
        return False
    return not (milestone.unless and holds(milestone.unless, incident))


def holds(condition: str, incident: Incident) -> bool:
    """Whether a condition of `unless:` holds: a name of CONDITIONS, `told :team` or `role <name>`."""
    word, _, rest = condition.partition(" ")
    if word == "told" and rest:
        return rest.strip(" :") in incident.told
    if word == "role":
        return plain(rest) in incident.roles
    return CONDITIONS[word](incident)


def milestone_of(reminder: str, policy: Policy) -> Milestone | None:
    """Find the milestone that a duty's name speaks of, if it is still configured."""
    name = reminder.removeprefix(MILESTONE).removesuffix(AT_STOP)
    return next((it for it in policy.milestones if reminder.startswith(MILESTONE) and it.name == name), None)


def page_agenda(page: Page, policy: Policy, incident: Incident | None = None) -> list[Timer]:
    """Return when a page counts as unanswered: so long after it rang, or after it was escalated.

    Nobody is waited for once somebody answered in chat or the incident is over, even if PagerDuty does not know yet.
    """
    if page.test or page.state is not PageState.SENT or page.rings_since is None:
        return []
    if page.answer or page.is_needless(incident):
        return []
    every, mark = policy.timers.page_unanswered_after, mark_of(page.rings_since)
    said = _said(page.reminded, UNANSWERED, mark)
    if said and said.count >= policy.timers.asked_at_most:
        return []
    reopened_at = incident.reopened_at if incident else None
    start = max(filter(None, (page.rings_since, page.escalated_at, reopened_at))) + every
    due = _after(start, every, said)
    occurrence = f"{mark}.{said.count if said else 0}"
    return [Timer(subject=f"page:{page.number}", reminder=UNANSWERED, occurrence=occurrence, due_at=due)]


def test_page_agenda(page: Page, policy: Policy) -> list[Timer]:
    """Give when to say how a test page went: once, whatever became of it."""
    if not page.test or TEST_PAGE_RESULT in page.reminded:
        return []
    due = page.requested_at + policy.timers.test_page_after
    return [Timer(subject=f"test:{page.number}", reminder=TEST_PAGE_RESULT, occurrence="1", due_at=due)]


# --- the parts of a rule ----------------------------------------------------------------------------------


def _said(reminded: Mapping[str, Said], reminder: str, mark: str) -> Said | None:
    said = reminded.get(reminder)
    return said if said and said.mark == mark else None


def _once(incident: Incident, reminder: str, mark: str, due: datetime) -> Timer | None:
    return None if _said(incident.reminded, reminder, mark) else _timer(incident, reminder, mark, None, due)


def _repeated(
    incident: Incident,
    reminder: str,
    mark: str,
    start: datetime,
    every: timedelta,
    *,
    most: int | None = None,
) -> Timer | None:
    said = _said(incident.reminded, reminder, mark)
    if said and most is not None and said.count >= most:
        return None
    return _timer(incident, reminder, mark, said, _after(start, every, said))


def _after(start: datetime, every: timedelta, said: Said | None) -> datetime:
    """Give the start, or the first period's end after what was last said: what was missed is said once."""
    if said is None or said.at < start:
        return start
    return start + every * ((said.at - start) // every + 1)


def _timer(incident: Incident, reminder: str, mark: str, said: Said | None, due: datetime) -> Timer:
    occurrence = f"{mark}.{said.count if said else 0}"
    return Timer(subject=f"incident:{incident.number}", reminder=reminder, occurrence=occurrence, due_at=due)


# --- how a reminder stands -------------------------------------------------------------------------------------


class Standing(StrEnum):
    """What became of something said: its message shows it."""

    OPEN = "open"
    DONE = "done"
    SNOOZED = "snoozed"
    AGAIN = "again"
    """Said again since, in a newer message."""
    MOOT = "moot"
    """Not asked for any more: the incident ended, or the promise is another one."""


def standing(incident: Incident, policy: Policy, reminder: str, said: Said) -> Standing:
    """Tell how something said of an incident's duty stands now."""
    if _is_done(incident, policy, reminder, said):
        return Standing.DONE
    if not incident.is_open and not reminder.endswith(AT_STOP):
        return Standing.MOOT
    if reminder in {UPDATE_DUE, UPDATE_LATE}:
        if incident.update_due is None or mark_of(incident.update_due) != said.mark:
            return Standing.MOOT
        snooze = incident.snoozed.get(UPDATE_DUE)
        if snooze and snooze.mark == said.mark and snooze.until > said.at:
            return Standing.SNOOZED
    if reminder in SINCE_OPENED and said.mark != mark_of(incident.opened_at):
        return Standing.MOOT
    latest = incident.reminded.get(reminder)
    return Standing.AGAIN if latest and latest.occurrence != said.occurrence else Standing.OPEN


def _is_done(incident: Incident, policy: Policy, reminder: str, said: Said) -> bool:
    if reminder in {UPDATE_DUE, UPDATE_LATE}:
        return incident.updated_at is not None and incident.updated_at >= said.at
    if reminder in {NO_COMMANDER, NO_COMMANDER_PAGE}:
        return incident.commander is not None
    if reminder == NO_SEVERITY:
        return incident.severity is not None
    if reminder in {ROLL_BACK, MITIGATE_FIRST}:
        return incident.mitigated_at is not None
    milestone = milestone_of(reminder, policy)
    return bool(milestone and milestone.unless and holds(milestone.unless, incident))


def is_incidents(reminder: str) -> bool:
    """Whether a duty is one of these: a person's (relief) and a page's are kept elsewhere."""
    return reminder.startswith(MILESTONE) or reminder in {
        UPDATE_DUE,
        UPDATE_LATE,
        NO_COMMANDER,
        NO_COMMANDER_PAGE,
        NO_SEVERITY,
        ROLL_BACK,
        MITIGATE_FIRST,
        STILL_OPEN,
    }


def open_asks(incident: Incident, policy: Policy) -> list[str]:
    """Give the duties that were spoken of and still stand open, for the card; what is asked twice, once."""
    stand = [
        reminder
        for reminder, said in incident.reminded.items()
        if is_incidents(reminder)
        and not reminder.startswith(MILESTONE)
        and standing(incident, policy, reminder, said) is Standing.OPEN
    ]
    more = {UPDATE_LATE: UPDATE_DUE, NO_COMMANDER_PAGE: NO_COMMANDER}
    return [reminder for reminder in stand if reminder not in {more.get(it) for it in stand}]


def snooze(incident: Incident, span: timedelta, *, by: str, at: datetime) -> Snoozed:
    """Move the reminder about the update that is promised, once: so long from now, or from when it is due."""
    incident.must_be_open()
    if incident.update_due is None:
        raise Refusal(f"{incident.id} has no reminder to snooze: no update is promised.")
    mark, before = mark_of(incident.update_due), incident.snoozed.get(UPDATE_DUE)
    if before and before.mark == mark:
        raise Refusal(
            f"<@{before.by}> already snoozed this reminder until {before.until:%H:%M} UTC; that is possible once. "
            "Post an update, or hand over.",
            slot="span",
            choices=(Choice(label="Post update", say=f"incident {incident.number} update"),),
        )
    return Snoozed(at=at, by=by, reminder=UPDATE_DUE, mark=mark, until=max(at, incident.update_due) + span)


# --- peace in the channel ------------------------------------------------------------------------------------

SAFETY = frozenset({NO_COMMANDER, NO_COMMANDER_PAGE, UNANSWERED, "relief"})
"""Duties that no quiet and no rest keeps back. `relief` is its steps from the one that asks the team (60 min) on."""


def is_safety(incident: Incident, reminder: str) -> bool:
    return reminder in SAFETY or (reminder == UPDATE_LATE and incident.severity == "sev1")


def may_speak(incident: Incident, reminder: str, now: datetime) -> bool:
    """Whether quiet lets this be said to anybody."""
    quiet = incident.quiet_until is not None and now < incident.quiet_until
    return not quiet or is_safety(incident, reminder)


def may_post(incident: Incident, reminder: str, now: datetime, policy: Policy) -> bool:
    """Whether the channel may get this unasked now; what may not is told on the card."""
    if is_safety(incident, reminder):
        return True
    rested = incident.reminded_at is None or now - incident.reminded_at >= policy.timers.channel_rest
    return rested and may_speak(incident, reminder, now)
