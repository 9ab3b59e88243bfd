"""Roles: who may do what. Each command needs one of them."""

from collections.abc import Mapping
from typing import Literal

Role = Literal["everyone", "member", "responder", "commander", "operator", "admin"]

INCLUDED: Mapping[str, tuple[Role, ...]] = {
    "member": ("member", "responder", "commander", "operator", "admin"),
    "responder": ("responder", "commander", "operator", "admin"),
    "commander": ("commander", "admin"),
    "operator": ("operator", "admin"),
    "admin": ("admin",),
}
"""For each role, the roles in `permissions:` that include it."""

MEANING: Mapping[str, str] = {
    "everyone": "everyone, also guests and people of other organisations",
    "member": "every member of the workspace",
    "responder": "the incident's commander, and responders (every member, unless `responder:` names some)",
    "commander": "the incident's commander, and those that `commander:` names",
    "operator": "those that `operator:` names",
    "admin": "those that `admin:` names",
}
"""What each role means, for people."""


def longest_match(words: tuple[tuple[str, ...], ...], roles: Mapping[str, Role]) -> str | None:
    """Return the key in `permissions.commands` that fits a command best; None if no key does.

    `words` are all the ways to call the command. A key is the beginning of one of them, such as `page` or `failover *`.
    """
    fitting = [key for key in roles if begins(words, key)]
    return max(fitting, key=lambda it: len(key_words(it)), default=None)


def begins(words: tuple[tuple[str, ...], ...], key: str) -> bool:
    """Whether a key is the beginning of one of the ways to call a command."""
    wanted = key_words(key)
    return any(it[: len(wanted)] == wanted for it in words)


def key_words(key: str) -> tuple[str, ...]:
    """Return the words of a key: `failover *` means the same as `failover`."""
    return tuple(key.casefold().removesuffix("*").split())
