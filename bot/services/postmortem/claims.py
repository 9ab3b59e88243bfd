"""Sentences of a postmortem that the timeline contradicts: what people wrote in Spy, and on the issue."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache, partial
from itertools import islice
from zoneinfo import ZoneInfo

from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry, visible
from bot.domain.markup import MENTION, as_seen
from bot.domain.postmortem.claims.check import Finding, Known, check
from bot.domain.postmortem.claims.facts import People, facts
from bot.domain.postmortem.claims.sentences import MOST, sentences
from bot.domain.postmortem.claims.shape import Vocabulary
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.postmortem import SECTIONS, Postmortem
from bot.services.directory import Directory
from bot.services.messages import Facts
from bot.services.postmortem.documents import as_corrected
from bot.services.postmortem.lifecycle import PostmortemLifecycle
from bot.services.transaction import Transaction

MEANT = 20
"""If a name can mean this many people, it says nothing about who it was."""
FACTS = {"impact": ("summary", "impact"), "cause": ("unfolded",), "resolution": ("summary",)}
"""What people said during the incident that the document repeats, and in which of its sections."""


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A sentence, where it stands, and what the timeline has instead."""

    statement: Statement
    finding: Finding


class Claims:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._directory = Directory(tx)
        self._lifecycle = PostmortemLifecycle(tx)

    def checked(self, incident: Incident) -> Facts:
        """Return what `postmortem check` shows: the contradictions, and when the issue was last read."""
        postmortem = self._lifecycle.of(incident.number)
        return {
            "incident": incident,
            "postmortem": postmortem,
            "found": self.contradictions(incident),
            "now": self._tx.now,
        }

    def contradictions(self, incident: Incident) -> list[Contradiction]:
        """Return the sentences that the timeline contradicts. Lines that were corrected count as corrected."""
        postmortem, entries = self._lifecycle.of(incident.number), self._session.timeline.of(incident.number)
        found = islice(self._statements(postmortem, incident, entries), MOST)
        written = {it.sentence: it for it in found}
        if not written:
            return []
        known = self.known(incident)
        checked = ((it, check(it.sentence, known)) for it in written.values())
        return [Contradiction(statement=it, finding=finding) for it, finding in checked if finding]

    def say(self, number: int, named: Sequence[str]) -> None:
        """Store which sentences the comment on the issue names."""
        postmortem = self._lifecycle.of(self._tx.incident(number).number)
        self._session.postmortems.put(replace(postmortem, named=tuple(named)))

    # --- what people wrote ---

    def _statements(
        self, postmortem: Postmortem, incident: Incident, entries: Sequence[Entry]
    ) -> Iterator[Statement]:
        """Yield the sentences that readers see. A section that people edited on the issue is read there alone."""
        theirs = set(postmortem.edited_by_people)
        corrected = as_corrected(incident, visible(entries))
        said = [(it, getattr(corrected, it) or "", sections) for it, sections in FACTS.items()]
        written = [(part, words, (SECTIONS.get(part, part),)) for part, words in postmortem.parts.items()]
        reasons = [(category, words, ("follow-ups",)) for category, words in postmortem.nothing.items()]
        for place, words, sections in (*said, *written, *reasons):
            if not theirs.issuperset(sections):
                yield from (Statement(sentence=it, place=place) for it in sentences(as_seen(words)))
        yield from postmortem.statements

    # --- what is known ---

    def known(self, incident: Incident) -> Known:
        """Return what the timeline knows of an incident, and whom names can mean."""
        n = incident.number
        postmortem, entries = self._lifecycle.of(n), self._session.timeline.of(n)
        pages = self._session.pages.of(n)
        ids = {name: self._paged_as(name) for name in _names_at_the_pager(entries)}
        found = facts(incident, entries, pages, ids=ids, now=self._tx.now)
        involved = {*incident.members, *postmortem.written_by.values(), postmortem.owned_by(incident)}
        involved |= {person for it in found for person in (*(it.who or ()), *(it.whom or ()))}
        zones = sorted({self._directory.zone(it) for it in involved} | {"UTC"})
        return Known(
            facts=found,
            zones=[UTC, *(ZoneInfo(it) for it in zones)],
            people=cache(partial(self._meant, names={it: self._directory.name(it) or "" for it in involved})),
            words=Vocabulary(
                incident=incident.id,
                severities=tuple(self._tx.policy.severities),
                teams=tuple(self._tx.policy.teams),
            ),
        )

    def _paged_as(self, name: str) -> People:
        return frozenset(self._directory.all_called(name, limit=MEANT)) or None

    def _meant(self, typed: str, *, names: dict[str, str]) -> frozenset[str]:
        """Return whom a name can mean: a mention, a login at the tracker, a first, last or whole name.

        Slack may know a person by the first name alone. Nobody, if so many are called so that it says nothing.
        """
        if mention := MENTION.fullmatch(typed):
            return frozenset({mention["id"]})
        name = typed.removeprefix("@").casefold()
        logins = self._tx.policy.postmortem_settings.logins
        found = {it for it, login in logins.items() if login.casefold() == name and typed.startswith("@")}
        found |= self._called(name, names)
        first, _, rest = name.partition(" ")
        if rest and not found:
            found = self._called(first, names)
        return frozenset() if len(found) >= MEANT else frozenset(found)

    def _called(self, name: str, names: dict[str, str]) -> set[str]:
        involved = {
            it for it, known in names.items() if name == known.casefold() or name in known.casefold().split()
        }
        return involved | set(self._directory.all_called(name, limit=MEANT))


def _names_at_the_pager(entries: Sequence[Entry]) -> Collection[str]:
    """Return the names of people as the pager wrote them."""
    lists = (
        it.data.get(name)
        for it in entries
        for name in ("who", "assigned", "to")
        if it.kind.startswith("page_")
    )
    return {name.strip() for them in lists if them for name in str(them).replace(" and ", ",").split(",")}
