"""Merge an incident into another one, with all that belongs to it, and take it out again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.effects import Effect, Notify, UpsertMessage
from bot.domain.event import Event
from bot.domain.incident import events, merging
from bot.domain.incident.effects import Invite, SetTopic
from bot.domain.incident.incident import Incident
from bot.domain.incident.merge import comes_with, must_fit
from bot.domain.incident.merging import MERGED_FROM
from bot.domain.incident.state import MergeRecord
from bot.domain.incident.timeline import HIDDEN, Entry
from bot.domain.paging.events import PageEvent
from bot.domain.postmortem.events import FollowUpAdded, FollowUpChanged, FollowUpDone, FollowUpReopened
from bot.domain.subject import IncidentChannel
from bot.services.directory import Directory
from bot.services.incident.followings import Followings
from bot.services.paging.pages import Pages
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.transaction import Transaction, follower

STAY_THEMSELVES = (
    events.NoteTaken,
    events.ImageShared,
    PageEvent,
    FollowUpAdded,
    FollowUpChanged,
    FollowUpDone,
    FollowUpReopened,
)
"""The kinds of lines that stay of their kind in the other timeline: what they are about is there now."""


class Merges:
    """The incident that ends is locked first, then the one that goes on. Two merges crosswise are tried again."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- merging ---

    def merge(self, incident: Incident, into: Incident, *, by: str) -> Incident:
        """Move command, roles, pages, follow-ups, people and timeline, and point the other channel there.

        Return the incident that goes on.
        """
        must_fit(incident, into)
        target = self._tx.record(into, comes_with(incident, into=into, by=by, at=self._tx.now))
        target = self._bring_lines(incident, target)
        target = self._bring_facts(incident, target, by=by)
        moved = self._move(incident, target)
        merged = merging.MergedInto(at=self._tx.now, by=by, into=target.number, **moved)
        self._tx.record(incident, merged)
        self._invite(incident, target)
        self._tx.send(*self._refreshed(incident))
        return self._tx.incident(target.number)

    def _bring_facts(self, incident: Incident, target: Incident, *, by: str) -> Incident:
        """Let the other incident have what it lacks: impact, cause, a commander, roles."""
        now = self._tx.now
        since = incident.impact_since or incident.declared_at
        lacks: list[Event | None] = [
            events.ImpactStated(at=now, by=by, impact=incident.impact, since=since)
            if incident.impact and not target.impact
            else None,
            events.CauseSuspected(at=now, by=by, cause=incident.cause)
            if incident.cause and not target.cause
            else None,
        ]
        if incident.commander and not target.commander and self._can_go(incident.commander, target):
            taken = events.CommandTaken(at=now, by=by, commander=incident.commander, before=None)
            lacks.append(taken)
        roles = {it: who for it, who in incident.roles.items() if it not in target.roles}
        lacks += [
            events.RoleGiven(at=now, by=by, role=role, person=person)
            for role, person in roles.items()
            if self._can_go(person, target)
        ]
        return self._tx.record(target, *lacks) if any(lacks) else target

    def _can_go(self, person: str, target: Incident) -> bool:
        """Whether a person may be brought into an incident: no guest, and nobody who left it or was removed."""
        known = self._session.people.get(person)
        is_guest = known is not None and known.is_guest and person not in target.members
        return not is_guest and not target.has_left(person) and Directory(self._tx).is_assignable(person)

    def _invite(self, incident: Incident, target: Incident) -> None:
        people = [it for it in incident.members if it not in target.members and self._can_go(it, target)]
        if people:
            key = f"invite:{target.number}:from:{incident.number}:{target.entries}"
            self._tx.send(Invite(key=key, incident=target.number, people=tuple(people)))

    # --- the records ---

    def _move(self, incident: Incident, target: Incident) -> dict[str, tuple[int, ...]]:
        """Move the records of an incident to another one. Return their numbers."""
        pages = [it.number for it in self._session.pages.of(incident.number)]
        follow_ups = [it.number for it in self._session.follow_ups.of(incident.number)]
        failovers = [it.number for it in self._session.failovers.active() if it.incident == incident.number]
        locks = [it.number for it in self._session.locks.held() if it.incident == incident.number]
        moved = MergeRecord(
            into=target.number,
            at=self._tx.now,
            by=None,
            pages=tuple(pages),
            follow_ups=tuple(follow_ups),
            failovers=tuple(failovers),
            locks=tuple(locks),
            followings=Followings(self._tx).numbers_to_move(incident, target),
        )
        self._move_records(moved, to=target)
        Followings(self._tx).move(moved.followings, target, came_from=incident.number)
        return {
            "pages": moved.pages,
            "follow_ups": moved.follow_ups,
            "failovers": moved.failovers,
            "locks": moved.locks,
            "followings": moved.followings,
        }

    def _move_records(self, moved: MergeRecord, *, to: Incident) -> None:
        for number in moved.pages:
            self._move_page(number, to)
        for number in moved.follow_ups:
            FollowUps(self._tx).move(number, to=to)
        for number in moved.failovers:
            if run := self._session.failovers.get(number):
                self._session.failovers.put(replace(run, incident=to.number))
        for number in moved.locks:
            if lock := self._session.locks.get(number):
                self._session.locks.put(replace(lock, incident=to.number))

    def _move_page(self, number: int, to: Incident) -> None:
        """Move a page. It rings on; who answers it is shown in the channel of its new incident from now on."""
        page = self._session.pages.get(number)
        if page is None:
            return
        line_at = IncidentChannel(to.number) if isinstance(page.line_at, IncidentChannel) else page.line_at
        page = replace(page, incident=to.number, line_at=line_at)
        pages, mark = Pages(self._tx), int(self._tx.now.timestamp() * 1000)
        self._session.pages.put(page)
        pages.keep_time(page)
        if page.may_ring:
            pages.show(page, origin=f"moved:{to.number}:{mark}")

    # --- the timeline ---

    def _bring_lines(self, incident: Incident, target: Incident) -> Incident:
        """Add the lines that people see of one timeline to the other, at their own times."""
        numbers = set(self._session.timeline.visible(incident.number))
        entries = self._session.timeline.with_edits(incident.number, numbers) if numbers else ()
        lines = [it for it in entries if it.seq in numbers and it.kind != merging.MergedFrom.kind()]
        return self._tx.extend(
            target,
            [self._brought(it, target, seq=seq) for seq, it in enumerate(lines, start=target.entries + 1)],
        )

    def _brought(self, entry: Entry, target: Incident, *, seq: int) -> Entry:
        came_with = [*entry.data.get(MERGED_FROM, ()), entry.incident]
        kind, data = entry.kind, {**entry.data}
        if not issubclass(entry.event, (merging.MergedLine, *STAY_THEMSELVES)):
            original = {**entry.data, "template": f"events/{kind}"}
            kind, data = merging.MergedLine.kind(), {"other": entry.incident, "original": original}
        return replace(
            entry,
            incident=target.number,
            seq=seq,
            kind=kind,
            recorded_at=self._tx.now,
            data={**data, MERGED_FROM: came_with},
            substance=True,
            supersedes=None,
        )

    def _hide_lines(self, incident: Incident, target: Incident) -> None:
        """Hide the lines that came with an incident from the timeline of another one."""
        came = [
            it.seq
            for it in self._session.timeline.of(target.number)
            if incident.number in it.data.get(MERGED_FROM, ())
        ]
        self._session.timeline.set_visibility(target.number, came, HIDDEN)

    # --- taking out ---

    def take_out(self, before: Incident, incident: Incident, *, by: str) -> None:
        """Give a reopened incident back what had moved with its merge (`before`). It left no other trace there."""
        if before.merged is None:
            return
        self._move_records(before.merged, to=incident)
        Followings(self._tx).move(before.merged.followings, incident)
        for target in self._chain(before):
            self._hide_lines(incident, target)
            self._tx.record(target, merging.TakenOut(at=self._tx.now, by=by, other=incident.number))
        self._tx.send(*self._refreshed(self._tx.incident(incident.number)))

    def _chain(self, incident: Incident) -> Iterator[Incident]:
        """Yield the incidents as which this one goes on: into which it was merged, into which that one was, …"""
        while incident.merged:
            incident = self._tx.incident(incident.merged.into)
            yield incident

    # --- the channel that is left ---

    def last(self, incident: Incident) -> Incident:
        """Return the incident as which a merged one goes on at last."""
        while incident.merged:
            further = self._session.incidents.look(incident.merged.into)
            if further is None:
                break
            incident = further
        return incident

    def point(self, incident: Incident, person: str) -> None:
        """Tell a person once, and nobody else, where a merged incident goes on."""
        if incident.merged is None or incident.channel is None:
            return
        target = self.last(incident)
        facts = {"into": target.id, "channel": target.channel} if is_shown(target, to=incident) else {}
        self._tx.send(
            Notify(
                key=f"pointer:{incident.number}:{incident.merged.at:%Y%m%d%H%M%S}:{person}",
                to=incident.channel,
                person=person,
                template="incident/pointer",
                facts={"into": None, "channel": None, **facts},
                incident=incident.number,
            )
        )

    def _refreshed(self, incident: Incident) -> list[UpsertMessage | SetTopic]:
        """Return the pointer in the channel of an incident, and in those of the incidents merged into it before."""
        n, mark = incident.number, str(self._tx.incident(incident.number).entries)
        topic = SetTopic(key=f"topic:{n}:{mark}", incident=n)
        return [topic, _pointer(n, mark), *self.pointers(incident, mark=f"{n}-{mark}")]

    def pointers(self, incident: Incident, *, mark: str) -> Sequence[UpsertMessage]:
        """Return the messages in the channels of the incidents that were merged into this one, directly or not."""
        return [_pointer(it.number, mark) for it in self.came_into(incident)]

    def came_into(self, incident: Incident) -> Iterator[Incident]:
        """Yield the incidents that were merged into this one, directly or not, and go on as it."""
        came = self._session.timeline.among([incident.number], [merging.MergedFrom.kind()])
        for other in map(self._session.incidents.look, dict.fromkeys(it.data["other"] for it in came)):
            if other and other.merged and other.merged.into == incident.number:
                yield other
                yield from self.came_into(other)


@follower
class Pointers:
    """Keeps what the channels that were left say of an incident: it has a channel now, or it is private."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def follow(self, before: Incident | None, incident: Incident) -> Sequence[Effect]:
        if before is None or (before.channel, before.private) == (incident.channel, incident.private):
            return ()
        return Merges(self._tx).pointers(incident, mark=str(incident.entries))


def is_shown(target: Incident, *, to: Incident) -> bool:
    """Whether the people of a merged incident may read which one it goes on as. That one may be private by now."""
    return not target.private or to.private


def _pointer(number: int, mark: str) -> UpsertMessage:
    return UpsertMessage(
        key=f"merged:{number}:{mark}", message_type="merged", ref=number, to=IncidentChannel(number)
    )
