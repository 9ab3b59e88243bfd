"""What reminders are about, which occurrence they are, and their address: values instead of strings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """What timers are about: an incident (42), a page (17), a person (U0ANA), …. `ref` is unique within the kind."""

    kind: str
    ref: str

    @property
    def number(self) -> int:
        return int(self.ref)

    def __str__(self) -> str:
        """Return it as used in locks, keys and the database."""
        return f"{self.kind}:{self.ref}"


@dataclass(frozen=True)
class MilestoneName:
    """The name of a milestone's reminder. The one at the end of the incident has a name of its own."""

    milestone: str
    at_stop: bool = False

    def __str__(self) -> str:
        """Return it as stored in the database."""
        return f"milestone:{self.milestone}{'@stop' if self.at_stop else ''}"


ReminderName = MilestoneName | str
"""A milestone, or the name of a reminder that Spy declares."""


@dataclass(frozen=True)
class Occurrence:
    """One sending of a reminder: the nth (or step `n`) in a cycle, or the only one in it."""

    reminder: ReminderName
    cycle: str
    n: str | None = None

    def __str__(self) -> str:
        """Return it as stored in the database, beside the reminder's name."""
        return self.cycle if self.n is None else f"{self.cycle}.{self.n}"


@dataclass(frozen=True)
class IncidentChannel:
    """The channel of an incident, usable before its Slack id is known."""

    incident: int

    def __str__(self) -> str:
        """Return it as used in keys and the database."""
        return f"incident:{self.incident}"


@dataclass(frozen=True)
class CardOnly:
    """No message: only the card of an incident shows the reminder, because it may not be posted."""

    incident: int

    def __str__(self) -> str:
        """Return it as stored in the database."""
        return f"card:{self.incident}"


Address = IncidentChannel | str
"""Where a message goes: an incident's channel, or the Slack id of a channel or a person."""


SOMEBODY = "somebody"
"""The name of a person whom `spy forget` removed."""
FORGOTTEN = "USOMEBODY"
"""How the id of such a person begins. What follows keeps two of them apart."""


def is_forgotten(slack_id: str) -> bool:
    """Whether an id is in the place of a person whom `spy forget` removed."""
    return slack_id[: len(FORGOTTEN)] == FORGOTTEN


def is_person(slack_id: str) -> bool:
    """Whether a Slack id belongs to a person. Slack documents the first letters of its ids."""
    return slack_id[:1] in {"U", "W"}


def is_channel(slack_id: str) -> bool:
    """Whether a Slack id belongs to a channel."""
    return slack_id[:1] in {"C", "G"}


def is_direct(slack_id: str) -> bool:
    """Whether a message there is a direct message: the id of one, or of the person who gets it."""
    return slack_id[:1] == "D" or is_person(slack_id)


def is_user_group(slack_id: str) -> bool:
    """Whether a Slack id belongs to a user group."""
    return slack_id[:1] == "S"
