"""Follow-ups: add them in chat, file them in the tracker, remind their owners, and close them from either side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.effects import UpsertMessage
from bot.domain.incident.agenda import reminder_message
from bot.domain.incident.incident import Incident
from bot.domain.incident.reminders import FIND_CAUSE, TILL_MORNING
from bot.domain.postmortem import events
from bot.domain.postmortem.effects import ExportPostmortem, FileFollowUp
from bot.domain.postmortem.follow_up import (
    LONGEST,
    Category,
    Filed,
    FollowUp,
    digest_agenda,
    digest_subject,
    follow_up_agenda,
)
from bot.domain.refusal import Refusal
from bot.domain.subject import Address, CardOnly, IncidentChannel, Subject
from bot.domain.text import quoted
from bot.domain.timer import Timer
from bot.ports import Issue, IssueNews, Moved
from bot.services.directory import Directory
from bot.services.home.changes import HomeChanges
from bot.services.read_access import ReadAccess
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction


class FollowUps:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- commands ---

    def add(
        self,
        incident: Incident,
        what: str,
        *,
        by: str,
        owner: str | None = None,
        category: Category | None = None,
        due: date | None = None,
    ) -> FollowUp:
        """Add a follow-up. If the postmortem is in the tracker already, the follow-up gets its issue at once."""
        if len(what) > LONGEST:
            raise Refusal(
                f"A follow-up is one line, of {LONGEST} characters at most; this has {len(what)}. "
                "Put the rest into its issue, or into a note.",
                slot="action",
            )
        self._must_be_to_come(due, asker=by)
        self._must_do_it(owner, incident, f"incident {incident.number} action {quoted(what)}")
        added = events.FollowUpAdded(
            at=self._tx.now,
            by=by,
            follow_up=self._session.follow_ups.reserve(),
            what=what,
            category=category.value if category else None,
            owner=owner,
            due=due,
        )
        follow_up = FollowUp.added(incident.number, added)
        recorded = self._tx.record(incident, added)
        self._keep(follow_up)
        self._publish(follow_up)
        if what == FIND_CAUSE:
            self._refresh_offer(recorded)
        return follow_up

    def change(
        self,
        number: int,
        *,
        by: str,
        owner: str | None = None,
        category: Category | None = None,
        due: date | None = None,
    ) -> FollowUp:
        """Change the owner, category or due day."""
        self._must_be_to_come(due, asker=by)
        follow_up = self.find(number, asker=by)
        self._must_do_it(owner, self._tx.incident(follow_up.incident), f"follow-up owner {number}")
        changed = follow_up.change(by=by, at=self._tx.now, owner=owner, category=category, due=due)
        return self._happened(follow_up, changed)

    def finish(self, number: int, *, by: str) -> FollowUp:
        """Mark a follow-up as done, and close its issue."""
        follow_up = self.find(number, asker=by)
        return self._happened(follow_up, follow_up.finish(by=by, at=self._tx.now))

    def take_up_again(self, number: int, *, by: str) -> FollowUp:
        follow_up = self.find(number, asker=by)
        again = follow_up.take_up_again(by=by, at=self._tx.now)
        return self._happened(follow_up, again, reopens=True)

    def move(self, number: int, *, to: Incident) -> None:
        """Let a follow-up belong to another incident, and tell its issue and both postmortems."""
        follow_up = self._locked(number)
        if follow_up and follow_up.incident != to.number:
            after = replace(follow_up, incident=to.number)
            self._keep(after)
            self._publish(after)

    def let_go(self, person: str) -> Mapping[int, Sequence[int]]:
        """Remove a person as the owner of their open follow-ups. Return the numbers by incident."""
        freed: dict[int, list[int]] = {}
        for it in self._session.follow_ups.open_of(person):
            follow_up = self._locked(it.number)
            if follow_up and follow_up.owner == person:
                after = replace(follow_up, owner=None, moved_at=self._tx.now)
                self._keep(after, before=follow_up)
                self._publish(after)
                freed.setdefault(after.incident, []).append(after.number)
        return freed

    def _must_be_to_come(self, due: date | None, *, asker: str) -> None:
        """Refuse a day that is past in the asker's time zone."""
        zone = ZoneInfo(Directory(self._tx).zone(asker))
        if due and due < self._tx.now.astimezone(zone).date():
            raise Refusal(f"{due} is past. Give a future day, such as `by friday` or `by 2w`.", slot="due")

    def _must_do_it(self, owner: str | None, incident: Incident, say: str) -> None:
        if owner:
            Directory(self._tx).require_assignable(
                owner,
                "do a follow-up",
                others=incident.members,
                again=lambda other: f"{say} <@{other}>",
                slot="owner",
            )

    # --- from the tracker ---

    def record(self, news: IssueNews) -> bool:
        """Apply the closing or reopening of an issue in the tracker.

        Return False if it is no follow-up's or changes nothing.
        """
        found = self._session.follow_ups.filed_as(news.repository, news.number)
        follow_up = self._locked(found.number) if found else None
        if follow_up is None or follow_up.is_open == (news.state == "open"):
            return False
        if follow_up.filed:
            if follow_up.filed.as_of and news.at < follow_up.filed.as_of:
                return False  # an older event that arrived late
            follow_up = replace(follow_up, filed=replace(follow_up.filed, as_of=news.at))
        by = next((it for it, login in self._logins() if login == (news.by or "").casefold()), None)
        happened: events.FollowUpDone | events.FollowUpReopened
        now, number, what = self._tx.now, follow_up.number, follow_up.what
        if news.state == "closed":
            happened = events.FollowUpDone(
                at=now, by=by, follow_up=number, what=what, who=news.by, why=news.reason
            )
        else:
            happened = events.FollowUpReopened(at=now, by=by, follow_up=number, what=what, who=news.by)
        self._happened(follow_up, happened, tells_github=False)
        return True

    def _logins(self) -> list[tuple[str, str]]:
        return [
            (person, login.casefold()) for person, login in self._tx.policy.postmortem_settings.logins.items()
        ]

    def filed(self, number: int, issue: Issue, *, assignee: str | None = None) -> None:
        """Store the issue that the tracker created or updated. `assignee` is the login that Spy set."""
        follow_up = self._locked(number)
        if follow_up:
            before = follow_up.filed.milestone if follow_up.filed else None
            filed = Filed(
                repository=issue.repository,
                number=issue.number,
                url=issue.url,
                assignee=assignee,
                milestone=issue.milestone or before,
                as_of=issue.as_of,
            )
            after = replace(follow_up, filed=filed, trouble=None, without=issue.without)
            self._session.follow_ups.put(after)

    def moved(self, news: Moved) -> None:
        """Store the new place of issues that were transferred, or whose repository was renamed."""
        for found in self._session.follow_ups.filed_in(news.repository):
            follow_up = self._locked(found.number)
            if follow_up and follow_up.filed:
                filed = filed_now(follow_up.filed, news)
                self._session.follow_ups.put(replace(follow_up, filed=filed))

    def refused(self, number: int, why: str) -> None:
        """Store why the tracker refused the issue. The list shows it, and the next export tries again."""
        follow_up = self._locked(number)
        if follow_up:
            self._session.follow_ups.put(replace(follow_up, trouble=why))

    # --- finding ---

    def find(self, number: int, *, asker: str) -> FollowUp:
        """Return a follow-up by number. Refuses one of a private incident for people who are not in it."""
        follow_up = self._locked(number)
        if follow_up and self._is_seen(follow_up, asker):
            return follow_up
        raise Refusal(f"There is no follow-up {number}. `follow-ups` lists what is open.", slot="number")

    def _locked(self, number: int) -> FollowUp | None:
        self._session.lock(f"follow-up:{number}")
        return self._session.follow_ups.get(number)

    def of(self, incident: Incident) -> Sequence[FollowUp]:
        return self._session.follow_ups.of(incident.number)

    def open_to(self, asker: str, *, limit: int = 1_000) -> Sequence[FollowUp]:
        """Return the open follow-ups of all incidents that this person may see."""
        return [it for it in self._session.follow_ups.open(limit=limit) if self._is_seen(it, asker)]

    def overdue(self, follow_ups: Iterable[FollowUp], *, reader: str) -> frozenset[int]:
        """Return the numbers of overdue ones. The day ends in the owner's time zone, else in the reader's."""
        zone = Directory(self._tx).zone
        late = (it for it in follow_ups if it.is_overdue(self._tx.now, zone=zone(it.owner or reader)))
        return frozenset(it.number for it in late)

    def _is_seen(self, follow_up: FollowUp, asker: str) -> bool:
        theirs = follow_up.owner == asker
        return ReadAccess(self._tx).sees_record(asker, follow_up.incident, theirs=theirs)

    # --- storing ---

    def _happened(
        self,
        follow_up: FollowUp,
        event: events.FollowUpChanged | events.FollowUpDone | events.FollowUpReopened,
        *,
        reopens: bool = False,
        tells_github: bool = True,
    ) -> FollowUp:
        self._tx.record(self._tx.incident(follow_up.incident), event)
        after = follow_up.after(event)
        self._keep(after, before=follow_up)
        self._publish(after, reopens=reopens, as_issue=tells_github)
        return after

    def _keep(self, follow_up: FollowUp, *, before: FollowUp | None = None) -> None:
        self._session.follow_ups.put(follow_up)
        self._session.timers.replace(follow_up.subject, self.agenda(follow_up))
        owners = {follow_up.owner, before.owner if before else None}
        for person in sorted(filter(None, owners)):
            self._session.lock(str(digest_subject(person)))
            self._session.timers.replace(digest_subject(person), self.digest(person))
        HomeChanges(self._tx).of(owners)
        self._tx.send(*self._shows(follow_up))

    def _shows(self, follow_up: FollowUp) -> list[UpsertMessage]:
        at = int(self._tx.now.timestamp() * 1000)
        return [
            UpsertMessage.about(
                "follow_up", follow_up.number, it, to=self.address(follow_up, it.n), origin=str(at)
            )
            for it in follow_up.told
            if it.n
        ]

    def _publish(self, follow_up: FollowUp, *, reopens: bool = False, as_issue: bool = True) -> None:
        """Update the follow-up's issue and the exported postmortem."""
        n = follow_up.incident
        postmortem = self._session.postmortems.get(n)
        is_exported = bool(postmortem and postmortem.filed)
        at = int(self._tx.now.timestamp() * 1000)
        if as_issue and (is_exported or follow_up.filed):
            key = f"file-follow-up:{follow_up.number}:{at}"
            filing = FileFollowUp(key=key, incident=n, follow_up=follow_up.number, reopens=reopens)
            self._tx.send(filing)
        if is_exported:
            key = f"export:{n}:follow-up:{follow_up.number}:{at}"
            self._tx.send(ExportPostmortem(key=key, incident=n))

    def _refresh_offer(self, incident: Incident) -> None:
        """Update the message that offered this follow-up: that the cause can wait."""
        name = TILL_MORNING.name
        sent = incident.reminded.get(name)
        if sent and not isinstance(sent.to, CardOnly):
            self._tx.send(reminder_message(incident.number, name, sent, origin=str(incident.entries)))

    # --- reminders ---

    def agenda(self, follow_up: FollowUp) -> list[Timer]:
        if not follow_up.owner or self._is_drill(follow_up):
            return []
        zone = Directory(self._tx).zone(follow_up.owner)
        return follow_up_agenda(follow_up, self._tx.policy.timers, zone=zone)

    def digest(self, person: str) -> list[Timer]:
        """Return the timers of a person's weekly digest."""
        since = min((it.moved_at or it.added_at for it in self.todo(person)), default=None)
        zone = Directory(self._tx).zone(person)
        return digest_agenda(person, since, self._tx.policy.timers, zone=zone, now=self._tx.now)

    def todo(self, person: str) -> list[FollowUp]:
        """Return a person's open follow-ups, soonest due first.

        It leaves out those of drills, and of private incidents that the person was removed from.
        """
        mine = [it for it in self._session.follow_ups.open_of(person) if self._reminds(it, person)]
        return sorted(mine, key=lambda it: (it.due or date.max, it.number))

    def _reminds(self, follow_up: FollowUp, person: str) -> bool:
        incident = self._session.incidents.look(follow_up.incident)
        return bool(incident and not incident.drill and not incident.is_closed_to(person))

    def address(self, follow_up: FollowUp, owner: str) -> Address:
        """Return where the reminder goes: to the owner, or to the channel if the owner was removed from it."""
        incident = self._session.incidents.look(follow_up.incident)
        is_closed = incident and incident.is_closed_to(owner)
        return IncidentChannel(follow_up.incident) if is_closed else owner

    def _is_drill(self, follow_up: FollowUp) -> bool:
        incident = self._session.incidents.look(follow_up.incident)
        return incident is None or incident.drill


def filed_now(filed: Filed, news: Moved) -> Filed:
    """Return an issue's new place after a move, or the issue unchanged if the news is about another."""
    if news.number is None:
        url = filed.url.replace(f"/{news.repository}/", f"/{news.to}/")
        return replace(filed, repository=news.to, url=url)
    if filed.number != news.number or news.to_number is None:
        return filed
    return replace(filed, repository=news.to, number=news.to_number, url=news.url or filed.url)


@reminds("follow-up")
class FollowUpReminders:
    """Reminders to the owner of a follow-up."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        self._tx.session.lock(str(subject))
        follow_up = self._tx.session.follow_ups.get(subject.number)
        return FollowUps(self._tx).agenda(follow_up) if follow_up else []

    def send(self, timer: Timer) -> None:
        number = timer.subject.number
        follow_up = self._tx.session.follow_ups.get(number)
        if follow_up is None or follow_up.owner is None:
            return
        self._tx.session.follow_ups.put(follow_up.after_sending(timer, at=self._tx.now))
        to, occurrence = FollowUps(self._tx).address(follow_up, follow_up.owner), str(timer.occurrence)
        self._tx.send(UpsertMessage.about("follow_up", number, occurrence, to=to, origin="said"))


@reminds("digest")
class DigestReminders:
    """The weekly digest of a person's follow-ups."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        self._tx.session.lock(str(subject))
        return FollowUps(self._tx).digest(subject.ref)

    def send(self, timer: Timer) -> None:
        person = timer.subject.ref
        mark = f":{person}:{timer.occurrence}"
        self._tx.send(UpsertMessage(key=f"digest{mark}", message_type="digest", ref=0, to=person, mark=mark))
