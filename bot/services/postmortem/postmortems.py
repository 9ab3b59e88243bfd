"""Postmortems: write them together, export them to the tracker, and remind their owners until the review is closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.effects import UpsertMessage
from bot.domain.event import Event
from bot.domain.incident.incident import Incident
from bot.domain.portion import Portion
from bot.domain.postmortem import events
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.effects import (
    AttachFollowUp,
    CheckClaims,
    CopyPostmortem,
    ExportPostmortem,
    FileFollowUp,
    FileLog,
)
from bot.domain.postmortem.follow_up import Category, Filed
from bot.domain.postmortem.postmortem import ARCHIVE, Postmortem
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Address, IncidentChannel, Subject
from bot.domain.timer import Timer
from bot.ports import Issue, Moved, Offer
from bot.services.directory import Directory
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import OFFERED
from bot.services.postmortem.archive import Archive
from bot.services.postmortem.follow_ups import FollowUps, filed_now
from bot.services.postmortem.lifecycle import PostmortemLifecycle
from bot.services.read_access import ReadAccess
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

RECENT = timedelta(days=60)
"""How long after its end an incident is offered for a postmortem."""


class Postmortems:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._lifecycle = PostmortemLifecycle(tx)
        self._access = ReadAccess(tx)

    def of(self, incident: Incident) -> Postmortem:
        return self._lifecycle.of(incident.number)

    def due(self, incident: Incident) -> datetime | None:
        """Return when the postmortem is due (UTC); None if none is needed."""
        return self._lifecycle.due(self.of(incident), incident)

    # --- commands ---

    def write(self, incident: Incident, part: str, words: str, *, by: str) -> Incident:
        written = self.of(incident).write(part, words, by=by, at=self._tx.now)
        return self._happened(incident, written)

    def need_nothing(self, incident: Incident, category: Category, because: str, *, by: str) -> Incident:
        """Record why a category has no follow-ups."""
        fact = self.of(incident).need_nothing(category, because, by=by, at=self._tx.now)
        return self._happened(incident, fact)

    def plan(
        self, incident: Incident, *, by: str, owner: str | None = None, due: datetime | None = None
    ) -> Postmortem:
        """Set the owner or the due time (UTC) of a postmortem. Invite the owner into a private incident."""
        if due and due <= self._tx.now:
            raise Refusal("That is past. Give a future day, such as `postmortem due friday`.", slot="due")
        before = self.of(incident)
        if owner:
            Directory(self._tx).require_assignable(
                owner,
                "write a postmortem",
                others=incident.members,
                again=lambda other: f"postmortem owner <@{other}> {incident.number}",
            )
        if due and before.closed_at:
            raise Refusal(f"The review of {incident.id} is closed: nothing is due now.", slot="due")
        if owner and not incident.is_seen_by(owner):
            incident = IncidentChannels(self._tx).invite(incident, owner)
        planned = events.PostmortemPlanned(
            at=self._tx.now, by=by, owner=owner or before.owner, due=due or before.due
        )
        self._happened(incident, planned)
        return self.of(incident)

    def is_owed_by(self, incident: Incident, person: str) -> bool:
        """Whether this person still has to write it."""
        postmortem = self.of(incident)
        is_theirs = not incident.is_open and postmortem.owned_by(incident) == person
        return is_theirs and not postmortem.closed_at and self.due(incident) is not None

    def let_go(self, incident: Incident, person: str) -> bool:
        """Remove this person as the owner, if they still have to write it. Return whether they had to."""
        if not self.is_owed_by(incident, person):
            return False
        postmortem = self.of(incident)
        if postmortem.owner:
            self._keep(replace(postmortem, owner=None), incident)
        return True

    def close(self, incident: Incident, *, by: str) -> Incident:
        """Close the review. Nothing more is due, and the tracker is updated."""
        follow_ups = self._session.follow_ups.of(incident.number)
        closed = self.of(incident).close(incident, follow_ups, by=by, at=self._tx.now)
        after = self._happened(incident, closed)
        if self.of(after).filed:
            self._send_to_github(after, by=None, origin=f"closed:{self._mark}")
        return after

    def export(self, incident: Incident, *, by: str) -> Postmortem:
        """Create or update the issues: first the follow-ups', then the postmortem's."""
        self.repository(incident)
        self._send_to_github(incident, by=by, origin=self._mark)
        return self.of(incident)

    def repository(self, incident: Incident) -> str:
        """Return the repository for the postmortem.

        Refuses if none is configured, or if the incident is private and there is no private repository.
        """
        postmortem_settings = self._tx.policy.postmortem_settings
        file = f"`spy postmortem {incident.number} > file.md` writes it to a file"
        if incident.private:
            if not postmortem_settings.private_repository:
                raise Refusal(
                    f"{incident.id} is private, so Spy does not export its postmortem where others can read it. "
                    f"{file}; or name a repository for private ones: `github: {{private_repository: …}}`."
                )
            return postmortem_settings.private_repository
        if not postmortem_settings.repository:
            raise Refusal(f"No repository is configured: `github: {{repository: …}}` in config.yaml. {file}.")
        return postmortem_settings.repository

    def writable(self, filed: Filed | None, incident: Incident) -> Filed | None:
        """Return the issue to write to; None if it is public and the incident has been made private."""
        postmortem_settings = self._tx.policy.postmortem_settings
        public, private = (
            (it or "").casefold()
            for it in (postmortem_settings.repository, postmortem_settings.private_repository)
        )
        is_read_by_all = bool(filed and filed.repository.casefold() == public != private)
        return None if incident.private and is_read_by_all else filed

    def attach_follow_ups(self, number: int, *, origin: str = "") -> None:
        """Put the issues of follow-ups below the postmortem's, once each; with an `origin`, once more.

        Called when either issue is written, because the postmortem's may come after those of its follow-ups.
        """
        incident = self._tx.incident(number)
        parent = self.writable(self.of(incident).filed, incident)
        if parent is None or not self._tx.policy.postmortem_settings.sub_issues:
            return
        for it in self._session.follow_ups.of(number):
            if child := self.writable(it.filed, incident):
                self._tx.send(AttachFollowUp.of(it, child, parent, origin=origin))

    @property
    def _mark(self) -> str:
        return str(int(self._tx.now.timestamp() * 1000))

    def _send_to_github(self, incident: Incident, *, by: str | None, origin: str) -> None:
        n = incident.number
        for it in self._session.follow_ups.of(n):
            if it.filed is None or it.trouble:
                key = f"file-follow-up:{it.number}:{origin}"
                self._tx.send(FileFollowUp(key=key, incident=n, by=by, follow_up=it.number))
        self._tx.send(ExportPostmortem(key=f"export:{n}:{origin}", incident=n, by=by))

    # --- from the tracker ---

    def exported(
        self,
        number: int,
        issue: Issue,
        *,
        assignee: str | None = None,
        edited_by_people: Sequence[str],
        overflows: bool,
        origin: str,
        statements: Sequence[Statement] = (),
        read_at: datetime | None = None,
    ) -> bool:
        """Store the issue that the tracker has.

        `assignee` is the login that Spy set, and `statements` are what people wrote there until `read_at` (UTC).
        Return whether this is the first export.
        """
        incident = self._tx.incident(number)
        is_first = self.of(incident).filed is None
        outcome = events.PostmortemExported(
            at=self._tx.now,
            repository=issue.repository,
            number=issue.number,
            url=issue.url,
            assignee=assignee,
            milestone=issue.milestone,
        )
        if is_first:
            incident = self._tx.record(incident, outcome)
        postmortem = self.of(incident).after(outcome)
        postmortem = replace(
            postmortem,
            edited_by_people=tuple(edited_by_people),
            without=issue.without,
            statements=tuple(statements),
            read_at=read_at or self._tx.now,
        )
        self._keep(postmortem, incident)
        self._tx.send(CheckClaims(key=f"claims:{origin}", incident=number))
        if overflows or postmortem.pages:
            self._tx.send(FileLog(key=f"log:{origin}", incident=number, overflow=overflows))
        if self._tx.policy.postmortem_settings.copy_to and not incident.private:
            self._tx.send(CopyPostmortem(key=f"copy:{origin}", incident=number))
        if is_first and self._has_new_follow_ups(number):
            self._send_to_github(incident, by=None, origin=f"first:{origin}")
        return is_first

    def _has_new_follow_ups(self, number: int) -> bool:
        """Whether a follow-up was added while the export ran, so that it has no issue yet."""
        return any(it.filed is None and it.trouble is None for it in self._session.follow_ups.of(number))

    def logged(self, number: int, pages: int) -> None:
        """Store how many comments hold the full log."""
        self._session.postmortems.put(replace(self._locked(number), pages=pages))

    def copied(self, number: int, offer: Offer) -> None:
        """Store the pull request of the copy, and report each file that the tracker refused, once."""
        before = self._locked(number)
        after = replace(before, copied=offer.url or before.copied, copied_without=offer.without)
        self._session.postmortems.put(after)
        for path in offer.without:
            if path not in before.copied_without:
                IncidentChannels(self._tx).undelivered(
                    number,
                    f"{path}, beside the copy of the postmortem",
                    f"{self._tx.policy.tracker_name} refused the file.",
                )

    def left_out(self, number: int) -> list[str]:
        """Return what the tracker left out of the incident's issues and was not reported before."""
        postmortem = self._locked(number)
        follow_ups = self._session.follow_ups.of(number)
        lacks = [
            *postmortem.without,
            *(f"{what} (follow-up {it.number})" for it in follow_ups for what in it.without),
        ]
        self._session.postmortems.put(replace(postmortem, told_without=tuple(lacks)))
        return [it for it in lacks if it not in postmortem.told_without]

    def _locked(self, number: int) -> Postmortem:
        """Load the postmortem and lock its incident."""
        return self.of(self._tx.incident(number))

    def moved(self, news: Moved) -> None:
        """Store the new place of issues that were transferred, or whose repository was renamed."""
        for found in self._session.postmortems.filed_in(news.repository):
            postmortem = self._locked(found.incident)
            if postmortem.filed:
                filed = filed_now(postmortem.filed, news)
                self._session.postmortems.put(replace(postmortem, filed=filed))
        FollowUps(self._tx).moved(news)

    # --- finding ---

    def pick(self, *, asker: str, rest: str = "") -> Refusal:
        """Ask which incident is meant, with recently resolved ones as buttons."""
        recent = self._session.incidents.alive_since(self._tx.now - RECENT)
        mine = [it for it in reversed(recent) if self._access.sees(asker, it)]
        candidates = Portion.of(sorted(mine, key=lambda it: it.is_open), 1, OFFERED)
        if not candidates.items:
            return Refusal(
                "There was no recent incident. For an older one, give its number: `postmortem 42`."
            )
        others = "" if candidates.is_whole else f" (`incident list resolved` shows all {candidates.count})"
        return Refusal(
            f"Which incident's postmortem? Use the command in the incident's channel, or choose{others}:",
            choices=tuple(
                Choice(label=f"{it.id} {it.name}", say=f"inc-{it.number} postmortem {rest}".strip())
                for it in candidates.items
            ),
        )

    # --- storing ---

    def _happened(self, incident: Incident, event: Event) -> Incident:
        after = self._tx.record(incident, event)
        self._keep(self.of(after).after(event), after)
        return after

    def _keep(self, postmortem: Postmortem, incident: Incident) -> None:
        self._tx.send(*self._lifecycle.keep(postmortem, incident))


@reminds("postmortem")
class PostmortemReminders:
    """The reminders to write the postmortem."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._lifecycle = PostmortemLifecycle(tx)

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        incident = self._tx.session.incidents.get(subject.number)
        return self._lifecycle.agenda(self._lifecycle.of(incident.number), incident) if incident else []

    def send(self, timer: Timer) -> None:
        incident = self._tx.incident(timer.subject.number)
        if timer.reminder == ARCHIVE:
            Archive(self._tx).send(timer, incident)
            return
        postmortem = self._lifecycle.of(incident.number)
        owner = postmortem.owned_by(incident)
        is_there = Directory(self._tx).is_assignable(owner) and incident.is_seen_by(owner)
        to: Address = owner if is_there else IncidentChannel(incident.number)
        self._tx.session.postmortems.put(postmortem.after_sending(timer, to=to, at=self._tx.now))
        occurrence = str(timer.occurrence)
        self._tx.send(UpsertMessage.about("review", incident.number, occurrence, to=to, origin="said"))
