"""Roles beside command: which there are, and which one somebody means who writes it otherwise."""

from collections.abc import Iterable

from bot.domain import spelling

ROLES = ("scribe", "comms lead", "operations lead", "support")
"""Where `roles:` is left out: PagerDuty's and Google's usual ones, and the one that Spy's own milestones speak to."""
ROLE_LENGTH = 40
COMMAND_NAMES = frozenset({"commander", "incident commander", "imoc", "ic", "lead", "incident lead"})
"""How people call the one role that moves by a handover."""


def plain(said: str) -> str:
    """Reduce a name to what tells it from others: `Comms-Lead` is `comms lead`."""
    return " ".join(said.replace("-", " ").replace("_", " ").split()).casefold()


def find(said: str, roles: Iterable[str]) -> str | None:
    """Return the role of this name; else the only one that begins with this word, as `comms` means `comms lead`."""
    wanted, known = plain(said), {plain(role): role for role in roles}
    begun = [role for name, role in known.items() if name.startswith(f"{wanted} ")]
    return known.get(wanted) or (begun[0] if len(begun) == 1 else None)


def nearest(said: str, roles: Iterable[str]) -> str | None:
    known = {plain(role): role for role in roles}
    return known.get(spelling.nearest(plain(said), known) or "")
