"""The agenda of an incident, and the status of each sent reminder."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import MILESTONE, milestone_address, milestone_of
from bot.domain.incident.reminder_events import Snoozed
from bot.domain.incident.reminders import UPDATE_DUE
from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.domain.reminder import REMINDERS, Reminder, Status
from bot.domain.subject import Address, CardOnly, IncidentChannel, MilestoneName, ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds


def agenda(incident: Incident, policy: Policy, *, zone: str | None = None) -> list[Timer]:
    """Return each reminder's next occurrence. Without the owner's `zone` (IANA) *still open* may come too early."""
    off = policy.timers.switched_off
    asking = [it for it in REMINDERS.values() if (incident.is_open or it.lasts) and it.safety not in off]
    return [timer for it in asking for timer in it.rule(incident, policy, zone) if timer]


def reminder_of(name: ReminderName) -> Reminder | None:
    """Return the reminder that a timer names, or None if it is about a page or a person."""
    return REMINDERS.get(MILESTONE if isinstance(name, MilestoneName) else name)


def sent_name(incident: Incident, text: str, policy: Policy) -> ReminderName:
    """Return the name of a reminder that was sent, from its stored form."""
    milestones = (MilestoneName(it.name, end) for it in policy.milestones for end in (False, True))
    known = (it for it in (*incident.reminded, *REMINDERS, *milestones) if str(it) == text)
    return next(known, MilestoneName(text))  # one that is no longer configured


def status(incident: Incident, policy: Policy, name: ReminderName, sent: LastSent) -> Status:
    """Return the current status of a sent reminder. Raises LookupError for an unknown name."""
    reminder = reminder_of(name)
    if reminder is None:
        raise LookupError(f"no reminder about an incident is called {name}")
    if reminder.is_done(incident, policy, name, sent):
        return Status.DONE
    lasts = name.at_stop if isinstance(name, MilestoneName) else reminder.lasts
    if not incident.is_open and not lasts:
        return Status.MOOT
    if reminder.cycle and reminder.cycle(incident) != sent.mark:
        return Status.MOOT
    snooze = incident.snoozed.get(reminder.snoozed_as or "")
    if snooze and snooze.mark == sent.mark and snooze.until > sent.at:
        return Status.SNOOZED
    latest = incident.reminded.get(name)
    return Status.AGAIN if latest and latest.occurrence != sent.occurrence else Status.OPEN


def open_asks(incident: Incident, policy: Policy) -> list[str]:
    """Return the names of sent reminders that are still open, for the card, without repeats of one question."""
    asked = [
        reminder
        for name, sent in incident.reminded.items()
        if (reminder := reminder_of(name))
        and reminder.is_on_card
        and status(incident, policy, name, sent) is Status.OPEN
    ]
    repeated_ones = {it.repeats for it in asked}
    return [it.name for it in asked if it.name not in repeated_ones]


def refresh(before: Incident, after: Incident, policy: Policy) -> Iterator[UpsertMessage]:
    """Yield the messages of reminders whose status changed: done, snoozed, sent again or moot."""
    for name, sent in before.reminded.items():
        if reminder_of(name) and not isinstance(sent.to, CardOnly):
            was, now = status(before, policy, name, sent), status(after, policy, name, sent)
            asks_nothing = isinstance(name, MilestoneName) and now is not Status.DONE
            if was is not now and not asks_nothing:
                yield reminder_message(after.number, name, sent, origin=str(after.entries))


def reminder_message(number: int, name: ReminderName, sent: LastSent, *, origin: str) -> UpsertMessage:
    """Return the message of one occurrence. `origin` makes the key unique among refreshes of the same message."""
    mark = f":{name}/{sent.occurrence}"
    return UpsertMessage(
        key=f"reminder:{number}{mark}:{origin}",
        message_type="reminder",
        ref=number,
        to=sent.address,
        mark=mark,
        facts={
            "name": str(name),
            "cycle": sent.mark,
            "occurrence": sent.occurrence,
            "at": sent.at.isoformat(),
            "due_at": (sent.due_at or sent.at).isoformat(),
            "late": sent.late,
        },
    )


def last_sent(facts: Mapping[str, Any]) -> LastSent:
    """Return what was sent, from the facts of its message."""
    return LastSent(
        mark=facts["cycle"],
        count=0,
        at=datetime.fromisoformat(facts["at"]),
        occurrence=facts["occurrence"],
        due_at=datetime.fromisoformat(facts["due_at"]),
        late=facts["late"],
    )


def whom(incident: Incident, name: ReminderName, policy: Policy) -> Address:
    """Return the address that a reminder goes to, before quiet time is considered."""
    if milestone := milestone_of(name, policy):
        return milestone_address(incident, milestone, policy)
    reminder = reminder_of(name)
    return incident.contact if reminder and reminder.to_owner else IncidentChannel(incident.number)


def snooze(incident: Incident, span: timedelta, *, by: str, at: datetime) -> Snoozed:
    """Return the snooze of the reminder about the promised update. Possible once per promise.

    The span counts from now or from the due time.
    """
    incident.must_be_open()
    if incident.update_due is None:
        raise Refusal(f"{incident.id} has no reminder to snooze: no update is promised.")
    cycle, before = milliseconds(incident.update_due), incident.snoozed.get(UPDATE_DUE.name)
    if before and before.mark == cycle:
        raise Refusal(
            f"<@{before.by}> already snoozed this reminder until {before.until:%H:%M} UTC; that is possible once. "
            "Post an update, or hand over.",
            slot="span",
            choices=(Choice(label="Post update", say=f"incident {incident.number} update"),),
        )
    return Snoozed(
        at=at, by=by, reminder=UPDATE_DUE.name, mark=cycle, until=max(at, incident.update_due) + span
    )
