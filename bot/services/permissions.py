"""Who may do what: `permissions:` in config.yaml, with the members of its user groups as last read from Slack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import is_channel, is_user_group
from bot.domain.zone import in_utc
from bot.ports import UserGroup
from bot.services.directory import Directory
from bot.services.messages import Facts, message
from bot.services.transaction import Transaction

FRESH = timedelta(minutes=5)
"""How long the members of a user group stay valid before Slack is asked again."""
LED = ("responder", "commander")
"""The roles that an incident's commander has in it."""
ASKED_WITHIN, ASKS = timedelta(minutes=10), 3
"""How many times one person may ask others in this time."""
ASKED = 3
"""At most this many people are asked at once."""
NAMED = 5
"""How many members of a user group a refusal names. The others are counted."""


class Forbidden(Refusal):
    """The asker lacks the role that the request needs."""

    def __init__(self, sentence: str, *, role: str, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(sentence, choices=choices)
        self.role = role

    def with_choices(self, *choices: Choice) -> "Forbidden":
        return Forbidden(self.sentence, role=self.role, choices=choices)


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

    def may(self, person: str, role: str, incident: Incident | None = None) -> bool:
        """Whether a person (Slack id) has a role: by name, through a user group, as commander, or as a member."""
        person = self._answering(person)
        return self._is_assignable(person) and (
            role == "everyone"
            or (self._tx.policy.is_for_members(role) and self._is_member(person))
            or (role in LED and incident is not None and incident.commander == person)
            or self._is_named(person, role)  # last, because it reads the user groups
        )

    def holders(self, role: str) -> Holders:
        """Return whom `permissions:` gives a role. Members who have it without being named are not listed."""
        granted = sorted(filter(self._is_assignable, self._tx.policy.granted(role)))
        return Holders(
            people=tuple(it for it in granted if not is_user_group(it)),
            groups=tuple(self._with_who_can(self._group(it)) for it in granted if is_user_group(it)),
        )

    def is_confirmed(self, person: str) -> bool:
        """Whether Slack has said who a person is. On a terminal nobody waits for that: chat may be down."""
        known = self._session.people.get(person)
        return self._tx.source == "terminal" or (known is not None and known.is_confirmed)

    def require(self, person: str, role: str, what: str, incident: Incident | None = None) -> None:
        """Refuse people without this role. `what` begins the sentence: *Approving a failover*."""
        if self.may(person, role, incident):
            return
        if not self._tx.policy.is_for_members(role):
            raise Forbidden(f"{what} is for {self._held_by(role, incident)}", role=role)
        self.require_member(person, what, role=role)

    def require_member(self, person: str, what: str, *, role: str = "member") -> None:
        """Refuse guests, people of other organisations, and people whose profile is not loaded yet."""
        known = self._session.people.get(self._answering(person))
        if known is None or not known.is_confirmed:
            raise Refusal(
                f"{what} is for members of this workspace, and Slack has not confirmed yet that you are one. "
                "Try again in a moment."
            )
        if known.is_guest:
            raise Forbidden(
                f"{what} is for members of this workspace, and you are a guest here. "
                "Ask a member to do it: `oncall` shows who is on call.",
                role=role,
            )

    def _answering(self, person: str) -> str:
        """Return whose roles count: those of who approved a machine's command, not of whom it speaks for."""
        approval = self._tx.approval
        return approval.by if approval and person == approval.person else person

    def _is_named(self, person: str, role: str) -> bool:
        return person in self._tx.policy.granted(role) or person in self.holders(role).everybody

    def _is_member(self, person: str) -> bool:
        """Whether Slack has confirmed that a person is a member, not a guest.

        On a terminal a person unknown to Slack counts as one: chat may be down, and a terminal is trusted.
        """
        known = self._session.people.get(person)
        return self.is_confirmed(person) and not (known is not None and known.is_guest)

    def ask(
        self, words: str, role: str, *, by: str, place: str | None, incident: Incident | None
    ) -> Sequence[str]:
        """Ask people with a role to run a command: in this channel, else each by DM. Return the few that are named.

        Members who may do it without being named are not. A person may ask `ASKS` times in `ASKED_WITHIN`, so that
        nobody is flooded.
        """
        if incident and incident.private and place != incident.channel:
            raise Refusal(f"{incident.id} is private: ask in its channel, so that only its members read it.")
        people = [it for it in self._able(role, incident) if it != by][:ASKED]
        key = self._free_ask(by, people)
        in_channel = place is not None and is_channel(place)
        facts = {"asker": by, "words": words, "asked": list(people), "role": role}
        is_for_members = self._tx.policy.is_for_members(role)
        if not people and not (is_for_members and in_channel):
            way_out = "Ask in a channel." if is_for_members else "See `permissions:` in config.yaml."
            raise Refusal(f"Spy knows nobody by name who may do it. {way_out}")
        to = [place] if in_channel and place else people
        self._show_ask({"key": key, "ref": int(self._tx.now.timestamp()), "to": list(to), **facts})
        return people

    def ran(self, ask: Mapping[str, Any], *, by: str) -> None:
        """Let each message that asked for a command say who ran it. The first person counts."""
        if self._session.inbound.remember(f"ran:{ask['key']}", at=self._tx.now) is None:
            self._show_ask({**ask, "by": by, "at": self._tx.now.isoformat()})

    def _show_ask(self, facts: Mapping[str, Any]) -> None:
        key, end = facts["key"], ":ran" if "by" in facts else ""
        for number, address in enumerate(facts["to"]):
            self._tx.send(
                UpsertMessage(
                    key=(f"{key}:also-{number}" if number else key) + end,
                    message_type="ask",
                    ref=facts["ref"],  # the time: old ones are found by it
                    to=address,
                    mark=f":{key}:{number}",
                    facts=facts,
                )
            )

    def _free_ask(self, by: str, people: Sequence[str]) -> str:
        period = int(self._tx.now.timestamp() // ASKED_WITHIN.total_seconds())
        keys = (f"asked:{by}:{period}:{number}" for number in range(ASKS))
        if key := next((it for it in keys if not self._session.outbox.knows(it)), None):
            return key
        directly = f" Write to {_named(people)} directly." if people else ""
        raise Refusal(f"You asked {ASKS} times in a few minutes.{directly}")

    def _able(self, role: str, incident: Incident | None) -> Sequence[str]:
        """Return who has a role: the incident's commander, then people by name, then members of user groups."""
        commander = [incident.commander] if incident and incident.commander and role in LED else []
        if self._tx.policy.is_for_members(role):
            return commander
        named = self.holders(role)
        return list(dict.fromkeys((*commander, *named.people, *sorted(named.everybody))))

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

    def _held_by(self, role: str, incident: Incident | None) -> str:
        commander = incident.commander if incident and role in LED else None
        leads = f" or the commander of {incident.id}, <@{commander}>" if incident and commander else ""
        return f"the role {role}{leads}{self._whom_to_ask(self.holders(role), besides=bool(commander))}"

    def _whom_to_ask(self, holders: Holders, *, besides: bool) -> str:
        people = ", ".join(f"<@{person}>" for person in holders.people)
        groups = [
            f"someone in the user group {it.id} ({self._members(it, holders)})" for it in holders.groups
        ]
        if request := ", or ".join(filter(None, (people, *groups))):
            return f": ask {request}."
        if besides:
            return "."
        return ". Nobody has it yet: see `permissions:` in config.yaml."

    def _members(self, group: UserGroup, holders: Holders) -> str:
        """Describe a group by its members, because a mention of the group would notify all of them."""
        if group.synced_at is None and group.trouble:
            return "Slack does not tell me who is in it: `spy check` says why"
        if group.synced_at is None:
            return "Slack has not told me yet who is in it"
        others = [person for person in group.members if person not in holders.people]
        named = _named(others) if others else "nobody else" if group.members else "nobody"
        return f"{named}, as of {in_utc(group.synced_at, now=self._tx.now)}"


def _named(people: Sequence[str]) -> str:
    more = f" and {len(people) - NAMED} more" if len(people) > NAMED else ""
    return ", ".join(f"<@{person}>" for person in people[:NAMED]) + more


@message("ask", "help/ask")
def ask(_tx: Transaction, it: UpsertMessage) -> Facts:
    """Return who asks for a command, and who ran it. The button keeps what its message shows."""
    at = it.facts.get("at")
    kept = {name: it.facts[name] for name in ("key", "ref", "to", "asker", "words", "asked", "role")}
    return {
        **kept,
        "memory": kept,
        "by": it.facts.get("by"),
        "at": datetime.fromisoformat(at) if at else None,
    }
