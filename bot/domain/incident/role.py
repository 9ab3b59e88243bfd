"""The roles besides commander, and how people write them."""

from collections.abc import Iterable

from bot.domain import spelling

ROLES = ("scribe", "comms lead", "operations lead", "support")
"""The defaults of `roles:`: the usual ones at PagerDuty and Google, and the one in Spy's own milestones."""
ROLE_LENGTH = 40
COMMAND_NAMES = frozenset({"commander", "incident commander", "imoc", "ic", "lead", "incident lead"})
"""Names for the commander, whose role moves by a handover only."""


def plain(typed: str) -> str:
    """Normalise a name: `Comms-Lead` becomes `comms lead`."""
    return " ".join(typed.replace("-", " ").replace("_", " ").split()).casefold()


def find(typed: str, roles: Iterable[str]) -> str | None:
    """Return the role with this name, else the only one that begins with this word: `comms` means `comms lead`."""
    wanted, known = plain(typed), {plain(role): role for role in roles}
    begun = [role for name, role in known.items() if name.startswith(f"{wanted} ")]
    return known.get(wanted) or (begun[0] if len(begun) == 1 else None)


def nearest(typed: str, roles: Iterable[str]) -> str | None:
    known = {plain(role): role for role in roles}
    return known.get(spelling.nearest(plain(typed), known) or "")
