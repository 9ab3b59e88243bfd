"""Find past incidents that resemble one, by facts only, and tell how they ended."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.incident.incident import Incident
from bot.domain.incident.likeness import Likeness, Traits, in_common, traits
from bot.domain.incident.search import Search
from bot.domain.incident.state import Phase
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

ENDED = frozenset({Phase.RESOLVED, Phase.REVIEWED, Phase.FALSE_ALARM})
READ = 40
"""How many past incidents are read: those with most words in common, and the newest ones with a runbook in common."""
WORDS = 12
"""How many words are searched. Each is searched in every incident."""
RUNBOOKS = 300
"""How many of the last runbooks that were opened are looked at."""
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Similar:
    """A past incident, and what it has in common with this one."""

    incident: Incident
    common: Likeness


class SimilarIncidents:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._access = ReadAccess(tx)

    def of(self, incident: Incident, *, asker: str) -> list[Similar]:
        """Return past incidents that resemble this one and that the asker may see, likeliest first."""
        opened = self._runbooks()
        mine = self._traits(incident, opened)
        others = self._candidates(incident, mine, opened, asker=asker)
        found = [(it, in_common(mine, self._traits(it, opened))) for it in others]
        similar = [Similar(incident=it, common=common) for it, common in found if common]
        similar.sort(key=lambda it: (-it.common.score, -it.incident.number))
        shown = similar[:SHOWN]
        self._access.shows(it.incident for it in shown)
        return shown

    def _candidates(
        self, incident: Incident, mine: Traits, opened: Mapping[int, set[str]], *, asker: str
    ) -> list[Incident]:
        wanted = self._access.search(Search(seen_by=asker, phases=ENDED))
        words = sorted(mine.services) + sorted(mine.words - mine.services, key=lambda it: (-len(it), it))
        resembling = self._session.incidents.resembling(wanted, words[:WORDS], limit=READ) if words else ()
        same_runbook = [it for it, theirs in opened.items() if theirs & mine.runbooks][:READ]
        by_runbook = filter(None, map(self._session.incidents.look, same_runbook))
        seen = [it for it in by_runbook if it.phase in ENDED and self._may_see(asker, it)]
        every = {it.number: it for it in (*resembling, *seen)}
        return [it for it in every.values() if it.number != incident.number and it.drill == incident.drill]

    def _may_see(self, asker: str, incident: Incident) -> bool:
        """Whether the asker may see it. Only those that are shown count as shown."""
        shown = dict(self._tx.understood.shown)
        may = self._access.sees(asker, incident)
        if incident.number not in shown:
            self._tx.understood.shown.pop(incident.number, None)
        return may

    def _runbooks(self) -> Mapping[int, set[str]]:
        """Return the runbooks that were opened lately, by incident, the newest first."""
        found: dict[int, set[str]] = {}
        for number, runbook in self._session.timeline.opened_runbooks(limit=RUNBOOKS):
            found.setdefault(number, set()).add(runbook)
        return found

    def _traits(self, incident: Incident, opened: Mapping[int, set[str]]) -> Traits:
        runbooks = opened.get(incident.number, ())
        return traits(incident, services=self._tx.policy.services, runbooks=runbooks)
