"""A person as Slack describes them, in our words."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.slack.identity import Identity
from bot.ports import Profile


def profile(user: Mapping[str, Any], us: Identity) -> Profile:
    """Read one of Slack's user objects; `us` tells who is of another organisation."""
    card = user.get("profile", {})
    name = card.get("display_name") or card.get("real_name") or user.get("real_name") or user["name"]
    return Profile(name=name, email=card.get("email"), zone=user.get("tz"), is_guest=_is_guest(user, us))


def _is_guest(user: Mapping[str, Any], us: Identity) -> bool:
    """Whether this is a guest of many channels or of one, or somebody whom Slack Connect brought here."""
    marks = ("is_restricted", "is_ultra_restricted", "is_stranger")
    return any(user.get(mark) for mark in marks) or _is_foreign(user, us)


def _is_foreign(user: Mapping[str, Any], us: Identity) -> bool:
    """Whether they are of another organisation: in a shared channel Slack calls nobody a stranger.

    On Enterprise Grid a colleague's home may be another workspace of the same organisation.
    """
    theirs = (user.get("enterprise_user") or {}).get("enterprise_id")
    is_colleague = bool(us.enterprise) and theirs == us.enterprise
    return user.get("team_id", us.team) != us.team and not is_colleague
