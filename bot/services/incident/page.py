"""One incident as its web page shows it: its state, windows of its timeline, what is new in it, and its past."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.domain.event import EVENT_KINDS
from bot.domain.incident import guide
from bot.domain.incident.agenda import open_asks
from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import TakenOut
from bot.domain.incident.replay import PastState, replayed
from bot.domain.incident.timeline import ALL_LINES, Entry, WantedLines
from bot.domain.oncall.load import KINDS, command_periods
from bot.domain.service import Service
from bot.domain.subject import is_person
from bot.services.changes.changes import Changes
from bot.services.directory import Directory
from bot.services.incident.views import Views
from bot.services.postmortem.documents import Documents
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]
WINDOW = 100
"""How many lines of a timeline are shown at once."""
NEWS = 200
"""After more new entries than these, the page is loaded again."""
TOPICS: Mapping[str, frozenset[str]] = {
    "updates": frozenset({"update_posted"}),
    "notes": frozenset({"note_taken", "image_shared", "link_added"}),
    "pages": frozenset(),
    "changes": frozenset(),
    "alerts": frozenset(),
    "failovers": frozenset(),
    "follow-ups": frozenset(),
    "state": frozenset(),
}
"""What a timeline can be narrowed to. A topic without kinds has those of a feature; the last one has all others."""
FEATURES = {
    "paging": "pages",
    "changes": "changes",
    "alert": "alerts",
    "failover": "failovers",
    "postmortem": "follow-ups",
}


def topic_of(kind: str) -> str:
    """Return the topic of a kind of entry."""
    named = next((topic for topic, kinds in TOPICS.items() if kind in kinds), None)
    event = EVENT_KINDS.get(kind)
    feature = event.__module__.split(".")[2] if event and event.__module__.startswith("bot.domain.") else ""
    return named or FEATURES.get(feature, "state")


def kinds_of(topics: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of entries of some topics."""
    wanted = frozenset(topics)
    return tuple(kind for kind in EVENT_KINDS if topic_of(kind) in wanted)


@dataclass(frozen=True, kw_only=True)
class TimelineNews:
    """What is new in a timeline since a line: the lines to show, newest first, and the numbers of those to take away.

    With `is_too_much`, the page has to be loaded again.
    """

    last: int
    events: Sequence[Facts] = ()
    gone: Sequence[int] = ()
    is_too_much: bool = False


class IncidentPage:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._views = Views(tx)

    def seen_by(self, person: str, number: int) -> Incident | None:
        """Return an incident; None if there is none that this person may see."""
        incident = self._session.incidents.look(number)
        return incident if incident and ReadAccess(self._tx).sees(person, incident) else None

    # --- now ----------------------------------------------------------------------------------------------

    def now(self, incident: Incident) -> Facts:
        """Return its state, and who and what belongs to it."""
        return {
            **self._views.state(incident),
            "coming": self._views.coming(incident),
            "people": self._people(incident),
            "changes": Changes(self._tx).recent(incident),
            **self._postmortem(incident),
        }

    def _postmortem(self, incident: Incident) -> Facts:
        """Return the state of its postmortem: while it is open, only the follow-ups that it has already."""
        state = Documents(self._tx).state(incident)
        return {name: state[name] for name in ("postmortem", "owner", "due", "missing", "follow_ups")}

    def _people(self, incident: Incident) -> Sequence[Facts]:
        """Return who takes part, who did most first: their roles, their time in command, and their lines."""
        until = incident.resolved_at or self._tx.now
        led = Counter[str]()
        for period in command_periods(self._session.timeline.among([incident.number], KINDS), now=until):
            led[period.person] += int((period.end - period.start).total_seconds())
        lines = Counter[str]()
        for _, actor, count in self._session.timeline.tally(incident.number):
            if actor and is_person(actor):
                lines[actor] += count
        known = dict.fromkeys((*incident.members, *incident.roles.values(), *led, *lines))
        people = [
            {
                "person": it,
                "roles": [role for role, person in incident.roles.items() if person == it],
                "leads": it == incident.commander,
                "led": timedelta(seconds=led[it]),
                "lines": lines[it],
            }
            for it in known
        ]
        return sorted(people, key=lambda it: (not it["leads"], -it["led"], -it["lines"], it["person"]))

    # --- the timeline -------------------------------------------------------------------------------------

    def filters(self, incident: Incident) -> Facts:
        """Return by what its timeline can be narrowed: topics and people that it has."""
        tally = self._session.timeline.tally(incident.number)
        topics = Counter[str]()
        people = Counter[str]()
        for kind, actor, count in tally:
            topics[topic_of(kind)] += count
            if actor and is_person(actor):
                people[actor] += count
        return {
            "topics": [(it, topics[it]) for it in TOPICS if topics[it]],
            "actors": [it for it, _ in people.most_common()],
            "count": topics.total(),
        }

    def window(self, incident: Incident, wanted: WantedLines = ALL_LINES) -> Facts:
        """Return a window of the timeline, newest first, and where the next one begins, if there is more."""
        found = self._session.timeline.window(
            incident.number, self._named(incident, wanted), limit=WINDOW + 1
        )
        events = self._views.lines(incident, found[:WINDOW])
        last = events[-1] if len(found) > WINDOW and events else None
        return {"events": events, "earlier": (last["at"], last["line"]) if last else None}

    def news(self, incident: Incident, since: int, wanted: WantedLines = ALL_LINES) -> TimelineNews:
        """Return what is new in the timeline since a line."""
        entries = self._session.timeline.after(incident.number, since, limit=NEWS + 1)
        if len(entries) > NEWS or any(it.kind == TakenOut.kind() for it in entries):
            return TimelineNews(last=incident.entries, is_too_much=True)
        touched = {number for it in entries for number in _touched(it)}
        shown = self._session.timeline.window(
            incident.number, self._named(incident, wanted), limit=NEWS * 2, among=touched
        )
        return TimelineNews(
            last=max((it.seq for it in entries), default=since),
            events=self._views.lines(incident, shown),
            gone=sorted(touched - {*shown}),
        )

    def _named(self, incident: Incident, wanted: WantedLines) -> WantedLines:
        """Return what is wanted, with those people of the incident whose name has one of the words."""
        if not wanted.words:
            return wanted
        actors = (actor for _, actor, _ in self._session.timeline.tally(incident.number) if actor)
        people, directory = {*incident.members, *incident.roles.values(), *actors}, Directory(self._tx)
        names = {it: (directory.name(it) or "").casefold() for it in sorted(people)}
        words = wanted.words.casefold().split()
        return replace(wanted, named=tuple(tuple(it for it in names if word in names[it]) for word in words))

    # --- the past -----------------------------------------------------------------------------------------

    def replay(self, incident: Incident) -> "Replay":
        """Return its past, for somebody who may see the incident now."""
        return Replay(self._tx, incident)


def _touched(entry: Entry) -> Iterator[int]:
    """Yield the numbers of the lines that an entry adds, changes, shows or hides."""
    yield entry.seq
    if entry.supersedes:
        yield entry.supersedes
    if entry.kind == "timeline_edited":
        yield from entry.data["lines"]
        if into := entry.data.get("into"):
            yield into


COMPARED: Mapping[str, Any] = {
    "badges": lambda f: (f["incident"].severity, f["incident"].phase, f["incident"].private),
    "lead": lambda f: (f["incident"].commander, f["incident"].command_since, f["incident"].is_open),
    "offer": lambda f: f["incident"].command_offered_to,
    "due": lambda f: (f["incident"].update_due, f["incident"].is_open),
    "end": lambda f: (f["incident"].resolved_at, f["incident"].resolution, f["incident"].merged),
    "broken": lambda f: f["incident"].still_broken_for,
    "impact": lambda f: (f["incident"].impact, f["incident"].impact_since),
    "services": lambda f: f["incident"].services,
    "update": lambda f: (f["incident"].update, f["incident"].updated_at),
    "cause": lambda f: f["incident"].cause,
    "suspects": lambda f: f["incident"].suspects,
    "waits": lambda f: (f["asks"], f["incident"].update_due, f["incident"].command_offered_to),
    "pages": lambda f: f["pages"],
    "guide": lambda f: f["guide"],
    "roles": lambda f: f["incident"].roles,
    "links": lambda f: f["incident"].links,
}
"""The facts that the past has too, each with what it is made of."""


class Replay:
    """The past of an incident, from one change to the next. It is made while it is read, since it may be long."""

    def __init__(self, tx: Transaction, incident: Incident) -> None:
        self._tx = tx
        self._number = incident.number
        self.is_over = not incident.is_open

    def steps(self) -> Iterator[Facts]:
        """Yield each state with its time (UTC), and the names of the facts that differ from the one before."""
        before: dict[str, object] = {}
        for state in replayed(self._number, self._tx.session.timeline.events(self._number)):
            facts = self._facts(state)
            now = {name: made_of(facts) for name, made_of in COMPARED.items()}
            changed = [name for name, it in now.items() if name not in before or before[name] != it]
            if changed:
                yield {"at": state.at, "facts": facts, "changed": changed}
            before = now

    def _facts(self, state: PastState) -> Facts:
        incident, policy = state.incident, self._tx.policy
        return {
            "incident": incident,
            "severities": list(policy.severities),
            "services": [policy.services.get(it) or Service(key=it) for it in incident.services],
            "pages": list(state.pages.values()),
            "asks": open_asks(incident, policy),
            "guide": guide.current(incident),
            "now": state.at,
        }
