"""Who is who, as far as Spy has seen."""

from datetime import timedelta

from bot.domain.effects import MeetPerson
from bot.domain.refusal import Refusal
from bot.ports import Person, Profile
from bot.services.desk import Desk
from bot.services.stretches import Stretches

IN_SLACK = "Type @ and choose the person from Slack's list."
IN_TERMINAL = (
    "I know the people whom I have met in Slack. Write their Slack id, such as @U0ANA "
    "(in Slack: the person's profile, ⋮, Copy member ID)."
)


class People:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._work = desk.work

    def seen(self, person: str, name: str | None) -> None:
        """Remember the name that came with a request, and ask Slack for all the rest, at most once a day."""
        known = self._work.people.get(person)
        if known is None:
            self._work.people.put(Person(id=person, name=name or f"<@{person}>"))
        if known is None or known.profiled_at is None:
            key = f"meet:{person}:{self._desk.now:%Y-%m-%d}"
            self._desk.send(MeetPerson(key=key, person=person))

    def met(self, person: str, profile: Profile) -> None:
        """Keep what Slack says of somebody; in another zone they have another night."""
        before = self.zone(person)
        self._work.people.put(
            Person(
                id=person,
                name=profile.name,
                email=profile.email,
                zone=profile.zone,
                is_guest=profile.is_guest,
                is_bot=profile.is_bot,
                is_deactivated=profile.is_deactivated,
                profiled_at=self._desk.now,
            )
        )
        if self.zone(person) != before:
            Stretches(work=self._work, now=self._desk.now, policy=self._desk.policy).replan(person)

    def name(self, person: str) -> str | None:
        known = self._work.people.get(person)
        return known.name if known and not known.name.startswith("<@") else None

    def paged_as(self, user: str | None, email: str | None = None) -> str | None:
        """Return who (a Slack id) has this account in PagerDuty: by `people:`, else by e-mail as Slack told."""
        if found := self._desk.policy.person_of(user=user, email=email):
            return found
        contact = self._work.contacts.get(email.casefold()) if email else None
        return contact.person if contact else None

    def called(self, name: str) -> str | None:
        """Return who has exactly this name; None where nobody has, or several."""
        found = self._work.people.named(name)
        return found.id if found and found.name.casefold() == name.casefold() else None

    def zone(self, person: str) -> str:
        """Give the zone a person lives in (IANA); UTC where it is not known."""
        known = self._work.people.get(person)
        return (known.zone if known else None) or "UTC"

    def named(self, name: str) -> str:
        """Find a person by name; refuse where Spy has not met anyone of that name."""
        known = self._work.people.named(name.removeprefix("@"))
        if known is None:
            way_out = IN_TERMINAL if self._desk.source == "terminal" else IN_SLACK
            raise Refusal(f"I don't know {name}. {way_out}", slot="person")
        return known.id

    def stale(self, *, limit: int = 20) -> list[str]:
        """Give those whose profile has not been asked for within a day."""
        before = self._desk.now - timedelta(days=1)
        return [person.id for person in self._work.people.unprofiled(before=before, limit=limit)]
