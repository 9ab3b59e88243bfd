"""One database transaction: its session, time and policy, and the effects it queues."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.effects import Effect, PostEvent
from bot.domain.event import Event
from bot.domain.incident.agenda import agenda, refresh
from bot.domain.incident.event_effects import brief, effects_of
from bot.domain.incident.events import CommandOffered, PersonUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.plugin import PluginVersion
from bot.domain.policy import Policy
from bot.domain.proposal import ProposalApproval
from bot.domain.registering import at_start_only
from bot.ports import Session

T = TypeVar("T", bound=Callable[["Transaction"], "Follower"])


class Follower(Protocol):
    """A feature that reacts to every change of an incident, in the same transaction."""

    def follow(self, before: Incident | None, incident: Incident) -> Iterable[Effect]:
        """Store what follows from the change and return its effects. `before` is None for a new incident."""


FOLLOWERS: list[Callable[["Transaction"], Follower]] = []
"""The registered features. Each adds itself with `@follower`."""


def follower(feature: T) -> T:
    """Register a class that follows incidents."""
    at_start_only("a follower")
    FOLLOWERS.append(feature)
    return feature


@dataclass
class Understood:
    """What the router has understood of a request so far. A refusal needs it after its transaction is rolled back."""

    command: str = ""
    """The command's own words, without those of its slots."""
    incident: Incident | None = None
    number: int | None = None
    """The number of the incident that it names. The person may not be allowed to see it."""
    plugin: PluginVersion | None = None
    """The team's plugin whose code was called, if it is not Spy's own."""
    plugin_failed_before: bool = False
    """Whether the last call of this command failed."""
    is_private: bool = False
    shown: dict[int, Incident] = field(default_factory=dict)
    """The incidents, by number, that somebody was found to see: an answer may show them."""


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """`now` is in UTC. `source` is where the request came from (slash, button, pagerduty, spy, …)."""

    session: Session
    now: datetime
    policy: Policy
    source: str = "spy"
    here: str | None = None
    """The channel that the request was said in, if it was: Slack delivers it from the members of that channel only."""
    effects: list[Effect] = field(default_factory=list)
    """The effects queued so far, so that a reply need not repeat them."""
    recorded: dict[str, Incident] = field(default_factory=dict)
    """The timeline entries stored so far, each with its incident, for the audit log: `12.3 update_posted`."""
    newest: dict[int, Incident] = field(default_factory=dict)
    """The incidents changed so far, by number, each as its last change left it."""
    understood: Understood = field(default_factory=Understood)
    approval: ProposalApproval | None = None
    """Who approved what a machine proposed, while that runs."""
    followers: Sequence[Callable[["Transaction"], Follower]] = field(default_factory=lambda: FOLLOWERS)
    """The features that follow each change. A replay has those that decide about reminders, and no others."""

    @contextmanager
    def reading(self) -> Iterator["Transaction"]:
        """Yield this transaction for code that only reads. Raises ReadsOnly for what it would write or send."""
        with self.session.reading() as session:
            yield replace(self, session=session, effects=[], recorded={}, newest={})

    def record(self, incident: Incident, *events: Event | None) -> Incident:
        """Store events: state, timeline, effects and timers together. Skips None, which means that nothing is new.

        They follow all that this transaction has stored before, also if the caller holds an earlier state.
        """
        incident = self.newest.get(incident.number, incident)
        known = incident if incident.entries else None
        for event in events:
            if event is None:
                continue
            before = incident
            incident = replace(incident.after(event), entries=incident.entries + 1)
            self.tell(before, incident, event)
        self._keep(incident)
        for feature in self.followers:
            self.send(*feature(self).follow(known, incident))
        self.session.timers.replace(incident.subject, agenda(incident, self.policy), is_new=known is None)
        return incident

    def _marked(self, effect: Effect) -> Effect:
        """Return an effect that says whether a machine's proposal caused it."""
        if self.approval is None or not isinstance(effect, PostEvent):
            return effect
        return replace(effect, facts={**effect.facts, "e": effect.facts["e"] | self.approval.facts})

    def tell(self, before: Incident, incident: Incident, event: Event) -> None:
        """Write an event into the timeline, and queue its effects. A replay overrides this: it tells nobody."""
        self.session.timeline.append(self._entry(incident, event))
        self.recorded[f"{incident.number}.{incident.entries} {event.kind()}"] = incident
        self.send(*map(self._marked, effects_of(event, incident, self.policy, seq=incident.entries)))
        self.send(*refresh(before, incident, self.policy))
        self.send(*self._ended_offer(before, incident, event))

    def _ended_offer(self, before: Incident, after: Incident, event: Event) -> Iterator[Effect]:
        """Refresh the brief of an offer of command that is over, because its buttons would stay in Slack."""
        person = before.command_offered_to
        is_over = after.command_offered_to != person or isinstance(event, CommandOffered)
        if person is None or not is_over or isinstance(event, PersonUnavailable):
            return
        offers = self.session.timeline.among([after.number], [CommandOffered.kind()])
        seq = max((it.seq for it in offers if it.seq < after.entries), default=0)
        if self.session.outbox.knows(brief(after.number, seq, person).key):
            yield brief(after.number, seq, person, origin=str(after.entries))

    def correct(self, incident: Incident, entry: Entry) -> Incident:
        """Store a corrected timeline entry, which supersedes another. It has no effects."""
        self.session.timeline.append(entry)
        corrected = replace(incident, entries=max(incident.entries, entry.seq))
        self._keep(corrected)
        self.recorded[f"{incident.number}.{entry.seq} {entry.kind}"] = corrected
        return corrected

    def extend(self, incident: Incident, entries: Sequence[Entry]) -> Incident:
        """Store further timeline entries, which are numbered already. They have no effects."""
        for entry in entries[:-1]:
            self.session.timeline.append(entry)
        return self.correct(incident, entries[-1]) if entries else incident

    def _keep(self, incident: Incident) -> None:
        self.session.incidents.put(incident)
        self.newest[incident.number] = incident

    def _entry(self, incident: Incident, event: Event) -> Entry:
        facts = event.facts()
        return Entry(
            incident=incident.number,
            seq=incident.entries,
            kind=event.kind(),
            occurred_at=facts.pop("at"),
            recorded_at=self.now,
            actor=facts.pop("by"),
            source=self.source,
            text=event.text,
            supersedes=facts.pop("supersedes", None),
            data=facts | self.approval.facts if self.approval else facts,
            substance=event.substance,
        )

    def send(self, *effects: Effect) -> None:
        self.effects.extend(effects)
        self.session.outbox.add(effects, now=self.now)

    def incident(self, number: int) -> Incident:
        """Load and lock an incident. Raises LookupError if there is none."""
        found = self.session.incidents.get(number)
        if found is None:
            raise LookupError(f"INC-{number} is not in the database")
        return found
