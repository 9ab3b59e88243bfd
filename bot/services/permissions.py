"""Who may do what: `permissions:` in config.yaml, with the members of its user groups as last read from Slack."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.refusal import Refusal
from bot.domain.subject import is_user_group
from bot.ports import UserGroup
from bot.services.directory import Directory
from bot.services.transaction import Transaction

FRESH = timedelta(minutes=5)
"""How long the members of a user group stay valid before Slack is asked again."""
NAMED = 5
"""How many members of a user group a refusal names. The others are counted."""


@dataclass(frozen=True, kw_only=True)
class Holders:
    """Who has a role: people by Slack id, and user groups as last read."""

    people: tuple[str, ...]
    groups: tuple[UserGroup, ...]

    @property
    def everybody(self) -> frozenset[str]:
        """The Slack ids of all of them, with the members of the groups."""
        return frozenset(self.people).union(*(group.members for group in self.groups))


class Permissions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- roles --------------------------------------------------------------------------------------------

    def may(self, person: str, role: str) -> bool:
        """Whether a person (Slack id) has a role, directly or through a user group."""
        holds = self._tx.policy.may(person, role) or person in self.holders(role).everybody
        return holds and self._is_assignable(person)

    def holders(self, role: str) -> Holders:
        """Return who has a role, admins included. For the role `everyone` the list is empty."""
        granted = sorted(filter(self._is_assignable, self._tx.policy.granted(role)))
        return Holders(
            people=tuple(it for it in granted if not is_user_group(it)),
            groups=tuple(self._with_who_can(self._group(it)) for it in granted if is_user_group(it)),
        )

    def require(self, person: str, role: str, what: str) -> None:
        """Refuse people without this role. `what` begins the sentence: *Approving a failover*."""
        if not self.may(person, role):
            raise Refusal(f"{what} is for the role {role}{self._whom_to_ask(self.holders(role))}")

    def require_member(self, person: str, what: str) -> None:
        """Refuse guests, people of other organisations, and people whose profile is not loaded yet."""
        known = self._session.people.get(person)
        if known is None or known.profiled_at is None:
            raise Refusal(
                f"{what} is for members of this workspace, and Slack has not confirmed yet that you are one. "
                "Try again in a moment."
            )
        if known.is_guest:
            raise Refusal(
                f"{what} is for members of this workspace, and Slack says that you are a guest here, "
                "or from another organisation. Ask a member to do it."
            )

    # --- from Slack ---------------------------------------------------------------------------------------

    def stale(self) -> list[str]:
        """Return the user groups in `permissions:` whose members must be read again."""
        before = self._tx.now - FRESH
        read = {it: self._group(it).synced_at for it in sorted(self._tx.policy.user_groups)}
        return [group for group, at in read.items() if at is None or at <= before]

    def synced(self, group: str, members: Sequence[str]) -> None:
        """Store the members of a user group."""
        self._session.user_groups.put(UserGroup(id=group, members=tuple(members), synced_at=self._tx.now))

    def not_synced(self, group: str, trouble: str) -> bool:
        """Record that a user group could not be read; its last known members stay.

        Return whether the problem is new.
        """
        known = self._group(group)
        self._session.user_groups.put(replace(known, trouble=trouble))
        return known.trouble != trouble

    # --- helpers ------------------------------------------------------------------------------------------

    def _is_assignable(self, person: str) -> bool:
        return Directory(self._tx).is_assignable(person)

    def _with_who_can(self, group: UserGroup) -> UserGroup:
        return replace(group, members=tuple(filter(self._is_assignable, group.members)))

    def _group(self, group: str) -> UserGroup:
        return self._session.user_groups.get(group) or UserGroup(id=group)

    def _whom_to_ask(self, holders: Holders) -> str:
        people = ", ".join(f"<@{person}>" for person in holders.people)
        groups = [
            f"someone in the user group {it.id} ({self._members(it, holders)})" for it in holders.groups
        ]
        if request := ", or ".join(filter(None, (people, *groups))):
            return f": ask {request}."
        return ". Nobody has it yet: see `permissions:` in config.yaml."

    def _members(self, group: UserGroup, holders: Holders) -> str:
        """Describe a group by its members, because a mention of the group would notify all of them."""
        if group.synced_at is None and group.trouble:
            return "Slack does not tell me who is in it: `spy check` says why"
        if group.synced_at is None:
            return "Slack has not told me yet who is in it"
        others = [person for person in group.members if person not in holders.people]
        named = _named(others) if others else "nobody else" if group.members else "nobody"
        return f"{named}, as of {_moment(group.synced_at, now=self._tx.now)}"


def _named(people: Sequence[str]) -> str:
    more = f" and {len(people) - NAMED} more" if len(people) > NAMED else ""
    return ", ".join(f"<@{person}>" for person in people[:NAMED]) + more


def _moment(at: datetime, *, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if now - at < timedelta(hours=20) else f"{at:%b} {at.day}, {at:%H:%M} UTC"
