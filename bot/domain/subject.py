"""What reminders are about, which time they are sent, and where: values, not strings to be cut apart."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """What timers are about: an incident (42), a page (17), a person (U0ANA) …; `ref` is unique within the kind."""

    kind: str
    ref: str

    @property
    def number(self) -> int:
        return int(self.ref)

    def __str__(self) -> str:
        """Return it as locks, keys and the database name it."""
        return f"{self.kind}:{self.ref}"


@dataclass(frozen=True)
class Occurrence:
    """Which time a reminder is sent: the nth (or the step `n`) of a cycle, or the only one of it."""

    reminder: str
    cycle: str
    n: str | None = None

    def __str__(self) -> str:
        """Return it as records and the database name it, beside the reminder."""
        return self.cycle if self.n is None else f"{self.cycle}.{self.n}"


def incident_addressed(address: str) -> int | None:
    """Return the incident whose channel an address means, before Slack's id of that is known."""
    kind, _, number = address.partition(":")
    return int(number) if kind == "incident" else None
