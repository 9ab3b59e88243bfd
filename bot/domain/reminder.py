"""The declaration of a reminder about an incident: its rule, its recipient, and when it is done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy, Safety
from bot.domain.registering import at_start_only
from bot.domain.subject import Occurrence, ReminderName
from bot.domain.timer import LastSent, Timer, milliseconds

Rule = Callable[[Incident, Policy, str | None], Iterable[Timer | None]]
"""Returns the next occurrence. The last argument is the owner's time zone (IANA), if known."""
IsDone = Callable[[Incident, Policy, ReminderName, LastSent], bool]
"""Whether what the reminder of this name asked for has happened since."""


class Status(StrEnum):
    """The state of a sent reminder, as its message shows it."""

    OPEN = "open"
    DONE = "done"
    SNOOZED = "snoozed"
    AGAIN = "again"
    """Sent again in a newer message."""
    MOOT = "moot"
    """No longer needed: the incident ended, or a new cycle began."""


def never(_incident: Incident) -> bool:
    return False


def always(_incident: Incident) -> bool:
    return True


def unknown(_incident: Incident, _policy: Policy, _name: ReminderName, _said: LastSent) -> bool:
    """Return False: only the end of the incident shows that it is done."""
    return False


def since_opened(incident: Incident) -> str:
    """Return the cycle that starts when the incident is opened or reopened."""
    return milliseconds(incident.opened_at)


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """One reminder, registered by `declare`.

    `row` names it in docs/timers.md; `settings` are the keys that change it. Its words are in the template of its name.
    """

    name: str
    row: str
    settings: tuple[str, ...]
    rule: Rule
    is_done: IsDone = unknown
    cycle: Callable[[Incident], str | None] | None = since_opened
    """Returns the current cycle. A message of another cycle is moot. None if cycles don't matter."""
    to_owner: bool = False
    """Whether it goes to the owner by DM; otherwise to the channel."""
    is_urgent: Callable[[Incident], bool] = never
    """Whether it is sent in spite of quiet time and the channel's pause."""
    snoozed_as: str | None = None
    """The reminder whose snooze also delays this one."""
    repeats: str | None = None
    """The reminder that this one repeats to more people. The card shows only one of the two."""
    is_on_card: bool = True
    lasts: bool = False
    """Whether it is still sent after the incident is over."""
    safety: Safety | None = None
    """The name by which `timers.switched_off` switches it off."""
    lapses: Callable[[datetime, Policy, str], datetime] | None = None
    """Returns when it is too late to send it, from its due time and the owner's zone (IANA). None: never."""

    @property
    def template(self) -> str:
        return f"incident/{self.name}"


REMINDERS: dict[str, Reminder] = {}


def declare(reminder: Reminder) -> Reminder:
    """Register a reminder about an incident. Raises ValueError if the name is taken."""
    at_start_only("a reminder")
    if reminder.name in REMINDERS:
        raise ValueError(f"two reminders are called {reminder.name}")
    REMINDERS[reminder.name] = reminder
    return reminder


# --- building a rule --------------------------------------------------------------------------------------


def sent_in(reminded: Mapping[ReminderName, LastSent], name: ReminderName, cycle: str) -> LastSent | None:
    """Return what was last sent in this cycle, else None."""
    sent = reminded.get(name)
    return sent if sent and sent.mark == cycle else None


def once(incident: Incident, name: ReminderName, cycle: str, due: datetime) -> Timer | None:
    return None if sent_in(incident.reminded, name, cycle) else occurrence(incident, name, cycle, None, due)


def repeated(
    incident: Incident,
    name: ReminderName,
    cycle: str,
    start: datetime,
    every: timedelta,
    *,
    most: int | None = None,
) -> Timer | None:
    sent = sent_in(incident.reminded, name, cycle)
    if sent and most is not None and sent.count >= most:
        return None
    return occurrence(incident, name, cycle, sent, next_period(start, every, sent))


def next_period(start: datetime, every: timedelta, sent: LastSent | None) -> datetime:
    """Return the start, or the end of the first period after the last message. Missed periods are sent once."""
    if sent is None or sent.at < start:
        return start
    return start + every * ((sent.at - start) // every + 1)


def occurrence(
    incident: Incident, name: ReminderName, cycle: str, sent: LastSent | None, due: datetime
) -> Timer:
    nth = Occurrence(name, cycle, str(sent.count if sent else 0))
    return Timer(subject=incident.subject, occurrence=nth, due_at=due)


# --- quiet time -------------------------------------------------------------------------------------------


def may_send(incident: Incident, now: datetime, *, is_urgent: bool = False) -> bool:
    """Whether quiet time allows this message at all."""
    quiet = incident.quiet_until is not None and now < incident.quiet_until
    return is_urgent or not quiet


def may_post(incident: Incident, now: datetime, policy: Policy, *, is_urgent: bool = False) -> bool:
    """Whether the channel may get this unsolicited message now. If not, only the card shows it."""
    rested = incident.reminded_at is None or now - incident.reminded_at >= policy.timers.channel_rest
    return is_urgent or (rested and may_send(incident, now))
