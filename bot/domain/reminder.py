"""What a reminder about an incident is: one declaration with its rule, whom it goes to, and when it is done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.incident import Incident
from bot.domain.policy import Policy
from bot.domain.subject import Occurrence
from bot.domain.timer import LastSent, Timer, mark_of

Rule = Callable[[Incident, Policy, str | None], Iterable[Timer | None]]
"""Returns its next occurrence; the last argument is the owner's zone (IANA), where that is known."""
IsDone = Callable[[Incident, Policy, str, LastSent], bool]
"""Whether what was asked for (by the reminder of this name) has happened since."""


class Status(StrEnum):
    """What became of a reminder that was sent: its message shows it."""

    OPEN = "open"
    DONE = "done"
    SNOOZED = "snoozed"
    AGAIN = "again"
    """Sent again since, in a newer message."""
    MOOT = "moot"
    """Not asked for any more: the incident ended, or the promise is another one."""


def never(_incident: Incident) -> bool:
    return False


def always(_incident: Incident) -> bool:
    return True


def unknown(_incident: Incident, _policy: Policy, _name: str, _said: LastSent) -> bool:
    """Nothing tells that it is done but the incident's end."""
    return False


def since_opened(incident: Incident) -> str:
    """Return the cycle that begins when the incident is opened, or reopened."""
    return mark_of(incident.opened_at)


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """Declared once, by `declare`; `row` is what docs/timers.md calls it, `settings` the keys that change it."""

    name: str
    row: str
    settings: tuple[str, ...]
    template: str
    rule: Rule
    is_done: IsDone = unknown
    cycle: Callable[[Incident], str | None] | None = since_opened
    """The cycle it is in now: what was sent in another one is moot. None where that does not matter."""
    to_owner: bool = False
    """Whether it goes to who leads, by DM; else to the channel."""
    is_urgent: Callable[[Incident], bool] = never
    """Whether no quiet and no rest holds it back."""
    snoozed_as: str | None = None
    """The reminder by whose snooze this one waits."""
    repeats: str | None = None
    """The reminder that this one asks again, in front of others: the card names only one of them."""
    is_on_card: bool = True
    lasts: bool = False
    """Whether it still asks once the incident is over."""


REMINDERS: dict[str, Reminder] = {}


def declare(reminder: Reminder) -> Reminder:
    """Register a reminder about an incident."""
    if reminder.name in REMINDERS:
        raise ValueError(f"two reminders are called {reminder.name}")
    REMINDERS[reminder.name] = reminder
    return reminder


# --- the parts of a rule ----------------------------------------------------------------------------------


def sent_in(reminded: Mapping[str, LastSent], name: str, cycle: str) -> LastSent | None:
    """Return what was last sent in this cycle."""
    said = reminded.get(name)
    return said if said and said.mark == cycle else None


def once(incident: Incident, name: str, cycle: str, due: datetime) -> Timer | None:
    return None if sent_in(incident.reminded, name, cycle) else occurrence(incident, name, cycle, None, due)


def repeated(
    incident: Incident,
    name: str,
    cycle: str,
    start: datetime,
    every: timedelta,
    *,
    most: int | None = None,
) -> Timer | None:
    said = sent_in(incident.reminded, name, cycle)
    if said and most is not None and said.count >= most:
        return None
    return occurrence(incident, name, cycle, said, next_period(start, every, said))


def next_period(start: datetime, every: timedelta, said: LastSent | None) -> datetime:
    """Return the start, or the first period's end after what was last sent: what was missed is sent once."""
    if said is None or said.at < start:
        return start
    return start + every * ((said.at - start) // every + 1)


def occurrence(incident: Incident, name: str, cycle: str, said: LastSent | None, due: datetime) -> Timer:
    nth = Occurrence(name, cycle, str(said.count if said else 0))
    return Timer(subject=incident.subject, occurrence=nth, due_at=due)


# --- peace in the channel ---------------------------------------------------------------------------------


def may_speak(incident: Incident, now: datetime, *, is_urgent: bool = False) -> bool:
    """Whether quiet lets this be sent to anybody."""
    quiet = incident.quiet_until is not None and now < incident.quiet_until
    return is_urgent or not quiet


def may_post(incident: Incident, now: datetime, policy: Policy, *, is_urgent: bool = False) -> bool:
    """Whether the channel may get this unasked now; what may not is shown on the card."""
    rested = incident.reminded_at is None or now - incident.reminded_at >= policy.timers.channel_rest
    return is_urgent or (rested and may_speak(incident, now))
