"""Who is in an incident's channel, who left it, and who may see the incident. Membership follows Slack."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Membership:
    """The people of an incident, by Slack id."""

    declared_by: str | None
    """Who declared it; None is Spy, for an alert."""
    private: bool = False
    commander: str | None = None
    command_offered_to: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    left: Mapping[str, datetime] = field(default_factory=dict)
    """Who left the channel or was removed from it, and when (UTC), until they are added again."""

    @property
    def owner(self) -> str:
        """The person responsible: the commander, else who declared it, else who came first."""
        return self.commander or self.declared_by or next(iter((*self.members, *self.left)), "")

    @property
    def contact(self) -> str:
        """The person who gets its direct messages: the owner, or someone else if the owner may not see it any more."""
        return self.reader(self.owner)

    def is_seen_by(self, person: str) -> bool:
        """Whether this person may see it. A private incident: only members and the person who is offered command.

        Ask `services.read_access` instead where an answer depends on it: it knows guests.
        """
        return not self.private or person in self.members or person == self.command_offered_to

    def has_left(self, person: str, *, since: datetime | None = None) -> bool:
        """Whether this person left the channel or was removed (at or after `since`, in UTC) and is not back."""
        at = self.left.get(person)
        return at is not None and (since is None or at >= since)

    def is_closed_to(self, person: str) -> bool:
        """Whether it is private and this person was removed, so that not even a queued message may reach them."""
        return self.private and self.has_left(person) and not self.is_seen_by(person)

    def reader(self, wanted: str) -> str:
        """Return this person if they may see it, else the owner or somebody else who may, if there is one."""
        others = (self.owner, self.declared_by, *self.roles.values(), *self.members)
        return next((it for it in (wanted, *others) if it and self.is_seen_by(it)), wanted)

    # --- changes ---

    def with_member(self, person: str) -> Self:
        members = self.members if person in self.members else (*self.members, person)
        return replace(self, members=members, left=self._left_without(person))

    def without_member(self, person: str, at: datetime) -> Self:
        """Return it without a member. An offer of command ends with the right to see a private incident."""
        is_over = self.private and person == self.command_offered_to
        return replace(
            self,
            members=tuple(it for it in self.members if it != person),
            left={**self.left, person: at},
            command_offered_to=None if is_over else self.command_offered_to,
        )

    def offering_command(self, to: str) -> Self:
        """Return it with command offered to a person, who may see it from then on."""
        return replace(self, command_offered_to=to, left=self._left_without(to))

    def _left_without(self, person: str) -> Mapping[str, datetime]:
        return {it: at for it, at in self.left.items() if it != person}
