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
class Occurrence:
    """One sending of a reminder: the nth (or step `n`) in a cycle, or the only one in it."""

    reminder: str
    cycle: str
    n: str | None = None

    def __str__(self) -> str:
        """Return it as stored in the database, beside the reminder's name."""
        return self.cycle if self.n is None else f"{self.cycle}.{self.n}"


def incident_addressed(address: str) -> int | None:
    """Return the incident whose channel an address such as `incident:42` means, else None."""
    kind, _, number = address.partition(":")
    return int(number) if kind == "incident" else None
