"""Who may change what somebody wrote or set: they themselves, the commander of its incident, or people with a role."""

from collections.abc import Collection, Iterator

from bot.domain.incident.incident import Incident
from bot.domain.subject import is_person
from bot.services.permissions import Forbidden, Permissions
from bot.services.transaction import Transaction

NAMED = 3
"""How many people with the role a refusal names."""


class Ownership:
    def __init__(self, tx: Transaction) -> None:
        self._permissions = Permissions(tx)

    def may(
        self, person: str, *, authors: Collection[str], incident: Incident | None, role: str = "admin"
    ) -> bool:
        """Whether a person (Slack id) is one of the authors, commands the incident, or has the role."""
        leads = incident is not None and incident.commander == person
        return person in authors or leads or self._permissions.may(person, role)

    def require(
        self,
        person: str,
        what: str,
        *,
        authors: Collection[str],
        incident: Incident | None,
        role: str = "admin",
        instead: str = "",
    ) -> None:
        """Refuse everybody else, and name who could do it.

        `what` ends the sentence: *can edit line 7*. `instead` is a sentence about what this person can do.
        """
        if self.may(person, authors=authors, incident=incident, role=role):
            return
        is_seen = incident is not None and incident.is_seen_by(person)
        able = [*self._able(authors, incident if is_seen else None), self._with(role)]
        sentence = " ".join(filter(None, (f"Only {_either(able)} {what}.", instead)))
        raise Forbidden(sentence, role="commander" if is_seen and role == "admin" else role)

    def _able(self, authors: Collection[str], incident: Incident | None) -> Iterator[str]:
        leads = incident.commander if incident else None
        yield from (f"<@{it}> (whose it is)" for it in sorted(authors) if it != leads)
        if incident and leads:
            yield f"<@{leads}> (commander of {incident.id})"

    def _with(self, role: str) -> str:
        """Describe who has the role. User groups are named by id, because a mention would notify all their members."""
        holders = self._permissions.holders(role)
        named = [f"<@{it}>" for it in holders.people[:NAMED]]
        named += [f"the user group {it.id}" for it in holders.groups]
        those = ", ".join(named) or "nobody yet: see `permissions:` in config.yaml"
        return f"someone with the role {role} ({those})"


def _either(able: Collection[str]) -> str:
    first, last = list(able)[:-1], list(able)[-1]
    return f"{', '.join(first)} or {last}" if first else last


def people(*known: str | None) -> frozenset[str]:
    """Return the people among these authors. Spy itself (None) is left out."""
    return frozenset(it for it in known if it and is_person(it))
