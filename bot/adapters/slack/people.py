"""Read Slack's user objects."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import structlog

from bot.adapters.slack.identity import Identity
from bot.adapters.slack.reading import maybe, part
from bot.domain.foreign import WORD, inert
from bot.ports import SLACKBOT, Person, Profile

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./x-]{3,30}")

log = structlog.get_logger()


def profile(user: Mapping[str, Any], us: Identity) -> Profile:
    """Return the profile in a user object; anything may be missing in it. `us` shows who is from elsewhere."""
    card = part(user, "profile")
    found = Profile(
        name=_name(user, card),
        email=_email(card),
        zone=_words(user.get("tz")),
        is_guest=_is_guest(user, us),
        is_bot=_is_bot(user, us),
        is_deactivated=bool(user.get("deleted")),
    )
    if found.zone is None and user.get("tz"):
        log.warning("this machine does not know a zone: UTC instead", person=user.get("id"), zone=user["tz"])
    return found


def person_of(user: Mapping[str, Any], us: Identity) -> Person | None:
    """Return the person in a user object; None if it has no id."""
    known, ident = profile(user, us), _words(user.get("id"))
    return Person(id=ident, **asdict(known)) if ident else None


def members(listed: object) -> tuple[str, ...]:
    """Return the user ids of a list. Anything else in it is left out."""
    return tuple(it for it in listed if isinstance(it, str) and it) if isinstance(listed, list) else ()


def _name(user: Mapping[str, Any], card: Mapping[str, Any]) -> str:
    given = (card.get("display_name"), card.get("real_name"), user.get("real_name"), user.get("name"))
    return next(filter(None, map(_words, given)), f"<@{user.get('id')}>")


def _email(card: Mapping[str, Any]) -> str | None:
    found = card.get("email")
    return found if isinstance(found, str) and _EMAIL.fullmatch(found) else None


def phone(user: Mapping[str, Any]) -> str | None:
    """Return the phone number that a person has put into their profile; None without one that can be dialled."""
    given = part(user, "profile").get("phone")
    found = " ".join(given.split()) if isinstance(given, str) else ""
    return found if _PHONE.fullmatch(found) else None


def _words(given: object) -> str | None:
    return inert(given, WORD) or None if isinstance(given, str) else None


def _is_bot(user: Mapping[str, Any], us: Identity) -> bool:
    marks = ("is_bot", "is_workflow_bot")
    return maybe(user, "id") in {SLACKBOT, us.user} or any(user.get(mark) for mark in marks)


def _is_guest(user: Mapping[str, Any], us: Identity) -> bool:
    """Return whether a user is a guest, or from another organisation through Slack Connect."""
    marks = ("is_restricted", "is_ultra_restricted", "is_stranger")
    return any(user.get(mark) for mark in marks) or _is_foreign(user, us)


def _is_foreign(user: Mapping[str, Any], us: Identity) -> bool:
    """Return whether a user is from another organisation. Slack's `is_stranger` is not set in shared channels.

    On Enterprise Grid, a colleague may belong to another workspace of the same organisation.
    """
    theirs = maybe(user, "enterprise_user", "enterprise_id")
    is_colleague = bool(us.enterprise) and theirs == us.enterprise
    return (maybe(user, "team_id") or us.team) != us.team and not is_colleague
