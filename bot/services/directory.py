"""Who is who in Slack: names, time zones, accounts, and who can be assigned something."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from bot.domain.effects import MeetPerson
from bot.domain.markup import as_seen
from bot.domain.policy import Team
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import SOMEBODY, is_channel, is_forgotten
from bot.domain.text import shortened
from bot.ports import SLACKBOT, Person
from bot.services.transaction import Transaction

IN_SLACK = "Type @ and choose the person from Slack's list."
IN_TERMINAL = (
    "I know the people whom I have met in Slack. Write their Slack id, such as @U0ANA "
    "(in Slack: the person's profile, ⋮, Copy member ID)."
)
MEANT = 4
"""How many people a refusal lists whom a name may mean."""
NAMED = 3
"""How many people a refusal suggests instead."""


class Directory:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def seen(self, person: str, name: str | None) -> None:
        """Store the name that came with a request. Ask Slack for the full profile, at most once a day."""
        known = self._session.people.get(person)
        if known is None:
            self._session.people.put(Person(id=person, name=name or f"<@{person}>"))
        elif name and known.name == f"<@{person}>":
            self._session.people.put(replace(known, name=name))
        if known is None or not known.is_confirmed:
            key = f"meet:{person}:{self._tx.now:%Y-%m-%d}"
            self._tx.send(MeetPerson(key=key, person=person))

    def name(self, ident: str) -> str | None:
        """Return the name of a person, or of an incident's or team's channel, by Slack id; None if unknown."""
        if is_channel(ident):
            return self._channel_name(ident)
        if is_forgotten(ident):
            return SOMEBODY
        known = self._session.people.get(ident)
        return known.name if known and known.name != f"<@{ident}>" else None

    def _channel_name(self, channel: str) -> str | None:
        """Return a channel's name.

        The channel of a private incident has none, because its name reveals the incident.
        """
        incident = self._session.incidents.in_channel(channel)
        if incident and incident.channel_name and not incident.private:
            return incident.channel_name
        return next((it.key for it in self._tx.policy.teams.values() if it.channel == channel), None)

    def paged_as(self, user: str | None, email: str | None = None) -> str | None:
        """Return the Slack id of the pager's user: from `people:`, else by e-mail; None if unknown."""
        if found := self._tx.policy.person_of(user=user, email=email):
            return found
        contact = self._session.contacts.get(email.casefold()) if email else None
        return contact.person if contact else None

    def called(self, name: str) -> str | None:
        """Return the id of the only person with exactly this name; None if there is none, or several."""
        found = self._session.people.named(name)
        return found.id if found and found.name.casefold() == name.casefold() else None

    def all_called(self, name: str, *, limit: int) -> list[str]:
        """Return the ids of the people whom a name can mean."""
        return [it.id for it in self._session.people.all_named(name, limit=limit)]

    def zone(self, person: str) -> str:
        """Return a person's time zone (IANA); UTC if unknown."""
        known = self._session.people.get(person)
        return (known.zone if known else None) or "UTC"

    def named(self, name: str) -> str:
        """Return the id of a person by name. Refuses a name that Spy does not know."""
        known, shown = self._session.people.all_named(name.removeprefix("@"), limit=MEANT), as_seen(name)
        if len(known) == 1:
            return known[0].id
        in_terminal = self._tx.source == "terminal"
        if known:
            several = ", ".join(f"{it.name} (@{it.id})" if in_terminal else it.name for it in known)
            way_out = "Write the Slack id." if in_terminal else IN_SLACK
            raise Refusal(f"{shortened(shown)} may be {several}. {way_out}", slot="person")
        way_out = IN_TERMINAL if in_terminal else IN_SLACK
        raise Refusal(f"I don't know {shortened(shown)}. {way_out}", slot="person")

    # --- assignments ---

    def is_assignable(self, person: str) -> bool:
        """Whether a person can be assigned something. Someone whose profile is unknown counts as assignable."""
        known = self._session.people.get(person)
        is_nobody = person == SLACKBOT or is_forgotten(person)
        return not is_nobody and (known is None or known.is_assignable)

    def require_assignable(
        self,
        person: str,
        what: str,
        *,
        others: Iterable[str] = (),
        besides: Iterable[str] = (),
        again: Callable[[str], str] | None = None,
        slot: str = "person",
    ) -> None:
        """Refuse a bot or a deactivated account, and suggest people on call or among `others`, but not `besides`.

        `what` completes *they can't …*; `again` returns the command of a button for another person.
        """
        self.seen(person, None)
        if self.is_assignable(person):
            return
        could = self._who_could(others, {person, *besides})
        named = ", ".join(f"{self._shown(it)} ({why})" for it, why in could.items())
        raise Refusal(
            f"{self._not_assignable(person)}: they can't {what}. "
            + (f"Who could: {named}." if named else "Choose someone else."),
            slot=slot,
            choices=tuple(Choice(label=self._shown(it), say=again(it)) for it in could if again),
        )

    def manager(self, team: Team | None) -> str | None:
        """Return a team's manager; None if there is none, or they can't be assigned anything."""
        manager = team.manager if team else None
        return manager if manager and self.is_assignable(manager) else None

    def _not_assignable(self, person: str) -> str:
        known = self._session.people.get(person)
        if known and known.is_deactivated:
            return f"The Slack account of {self._shown(person)} is deactivated"
        return f"{self._shown(person)} is a bot"

    def _shown(self, person: str) -> str:
        return "Slackbot" if person == SLACKBOT else self.name(person) or f"<@{person}>"

    def _who_could(self, others: Iterable[str], besides: Collection[str]) -> Mapping[str, str]:
        """Return people who could do it instead, and why each was chosen."""
        on_call = dict.fromkeys(self.on_call(), f"on call for :{self._tx.policy.command_team}")
        able = on_call | {it: "in the channel" for it in others if it not in on_call}
        found = [it for it in able if it not in besides and self.is_assignable(it)]
        return {it: able[it] for it in found[:NAMED]}

    def on_call(self) -> list[str]:
        """Return the Slack ids of the command team's on-call people, first level first.

        People unknown in Slack are left out.
        """
        team = self._tx.policy.teams.get(self._tx.policy.command_team or "")
        on_calls = [
            it
            for it in self._session.on_calls.copy().on_calls
            if team and it.policy == team.escalation_policy
        ]
        found = (self.paged_as(it.user, it.email) for it in sorted(on_calls, key=lambda it: it.level))
        return list(dict.fromkeys(filter(None, found)))
