"""Open, change, find and end incidents."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.incident import command, events, guide
from bot.domain.incident.agenda import snooze
from bot.domain.incident.effects import Invite
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import NAME_LENGTH, bare_name
from bot.domain.incident.origin import Origin
from bot.domain.incident.role import COMMAND_NAMES, ROLE_LENGTH, find, nearest, plain
from bot.domain.incident.search import Search
from bot.domain.incident.state import Phase
from bot.domain.policy import Severity
from bot.domain.portion import LISTED, Portion, within
from bot.domain.refusal import Choice, Refusal
from bot.domain.runbook.events import RunbookOpened
from bot.domain.runbook.runbook import Runbook
from bot.domain.spelling import did_you_mean
from bot.domain.status.ending import must_be_well
from bot.domain.text import quoted, shortened
from bot.services.directory import Directory
from bot.services.incident.doubles import Doubles
from bot.services.incident.merges import Merges
from bot.services.limits import RequestLimits
from bot.services.ownership import Ownership, people
from bot.services.paging.folding import Folding
from bot.services.paging.paging import Paging
from bot.services.permissions import Permissions
from bot.services.read_access import ReadAccess
from bot.services.relief.work_periods import section
from bot.services.transaction import Transaction

OFFERED = 5
"""How many incidents are offered as buttons."""

RECENT = timedelta(days=7)
"""How long after its end an incident is offered."""

REOPENED = frozenset({Phase.RESOLVED, Phase.FALSE_ALARM, Phase.REVIEWED, Phase.MERGED})
AFTER_THE_END = ("reopen", "unmerge", "still broken")
"""Commands about an incident that is over."""
WHICH = "Which incident? Use the command in the incident's channel, or choose"
NONE_OPEN = 'No incident is open. Open one with `incident me "what is wrong"`.'


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The declared incident; `is_new` is False if it was already open."""

    incident: Incident
    is_new: bool


class Incidents:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._access = ReadAccess(tx)

    # --- opening and ending ---

    def declare(
        self,
        name: str,
        *,
        by: str | None,
        leads: str = "",
        severity: Severity | None = None,
        private: bool = False,
        drill: bool = False,
        anyway: bool = False,
        services: Sequence[str] = (),
        paged: Collection[str] = (),
        origin: Origin | None = None,
    ) -> Declaration:
        """Open an incident with `by` as commander, and page the teams of its severity. A drill pages nobody.

        If Spy opens it for an alert (`by` is None), `leads` is commander; no limit of a person applies.
        `services` are the names of those that it affects, as they are listed. The teams in `paged` are not paged,
        because the pager rings them already. `origin` is the message that it is declared from.

        If an incident of this name, or from this message, is already open, return that one, unless `anyway` is set.
        """
        short = _shorten(name)
        wanted = bare_name(short, self._tx.policy.severities)
        # A second request with the same words or from the same message waits, and so does one of the same person:
        # their incidents are counted, and their work begins.
        of_message, doubles = [f"declared-from:{origin.url}"] if origin else [], Doubles(self._tx)
        self._session.lock(section(by or leads), f"declared-as:{wanted}", *of_message)
        alike = doubles.of(wanted, by, reader=by or leads, private=private, drill=drill, origin=origin)
        clicks = [it for it in alike if doubles.is_double_click(it, by)]
        if alike and (not anyway or (clicks and len(alike) > 1)):
            return Declaration(incident=[*alike[:1], *clicks][-1], is_new=False)
        if by:
            RequestLimits(self._tx).require_incident(by)
        declared = events.Declared(
            at=self._tx.now,
            by=by,
            commander=None if by else leads,
            name=short,
            severity=severity.key if severity else None,
            private=private,
            drill=drill,
            services=tuple(services),
            next_due=self._tx.now + severity.update_every if severity and severity.update_every else None,
        )
        incident = Incident.declared(self._session.incidents.reserve(), declared)
        incident = self._tx.record(incident, declared)
        if short != name:
            incident = self.note(incident, name, by=by)
        if not drill:
            self._page_for(severity, incident, by=by, already=paged)
        return Declaration(incident=incident, is_new=True)

    def join(self, incident: Incident, *, by: str) -> bool:
        """Invite a person to the incident's channel. Return False if they are in it already."""
        if by in incident.members:
            return False
        moment = int(self._tx.now.timestamp())
        self._tx.send(
            Invite(key=f"invite:{incident.number}:{by}:{moment}", incident=incident.number, people=(by,))
        )
        return True

    def _page_for(
        self,
        severity: Severity | None,
        incident: Incident,
        *,
        by: str | None,
        already: Collection[str | None],
    ) -> None:
        for key in severity.page if severity else ():
            team = self._tx.policy.team(key)
            if team.service and team.key not in already:
                Paging(self._tx).page_team(team, incident.name, by=by, incident=incident, on_card=True)

    def resolve(self, incident: Incident, how: str, *, by: str, anyway: bool = False) -> Incident:
        """Resolve the incident and its pages. Asks first if customers still read that something does not work."""
        if not anyway:
            must_be_well(incident, ending="stop", words=how)
        ended = self._tx.record(incident, incident.resolve(how, by=by, at=self._tx.now))
        Paging(self._tx).resolve_all(ended, by=by)
        return ended

    def cancel(self, incident: Incident, why: str, *, by: str, anyway: bool = False) -> Incident:
        """End the incident as a false alarm, and resolve its pages. Asks first as `resolve` does."""
        if not anyway:
            must_be_well(incident, ending="cancel", words=why)
        ended = self._tx.record(incident, incident.cancel(why, by=by, at=self._tx.now))
        Paging(self._tx).resolve_all(ended, by=by)
        return ended

    def reopen(self, incident: Incident, *, by: str) -> Incident:
        """Reopen the incident, and wait again for answers to its pages."""
        severity = self._tx.policy.severities.get(incident.severity or "")
        opened = self._tx.record(incident, incident.reopen(by=by, at=self._tx.now, severity=severity))
        Merges(self._tx).take_out(incident, opened, by=by)
        Paging(self._tx).wait_again(opened)
        return opened

    # --- changes ---

    def set_severity(self, incident: Incident, severity: Severity, *, by: str) -> Incident:
        """Set the severity. Page the teams of the new one that were not paged since the incident opened."""
        changed = incident.set_severity(severity, by=by, at=self._tx.now)
        if changed is None:
            raise Refusal(f"{incident.id} is {severity.key} already.")
        incident = Folding(self._tx).ring_if_worse(self._tx.record(incident, changed))
        if not incident.drill:
            pages = self._session.pages.of(incident.number)
            already = {page.team for page in pages if page.requested_at >= incident.opened_at}
            self._page_for(severity, incident, by=by, already=already)
        return self._tx.incident(incident.number)  # with the entries of its pages

    def move_to(self, incident: Incident, phase: Phase, *, by: str) -> Incident:
        changed = incident.move_to(phase, by=by, at=self._tx.now)
        if changed is None:
            raise Refusal(f"{incident.id} is {phase} already.")
        return self._tx.record(incident, changed)

    def post_update(
        self, incident: Incident, message: str, *, by: str, next_in: timedelta | None = None
    ) -> Incident:
        """Post an update. The next one is due after `next_in`, else after the severity's interval."""
        severity = self._tx.policy.severities.get(incident.severity or "")
        update = incident.post_update(message, by=by, at=self._tx.now, severity=severity, next_in=next_in)
        return self._tx.record(incident, update)

    def state_impact(self, incident: Incident, impact: str, *, by: str, since: datetime | None) -> Incident:
        """Set the impact. Without `since` (UTC), keep its known start, else use the declaration time."""
        began = since or incident.impact_since or incident.declared_at
        if began > self._tx.now:
            raise Refusal(
                f"Impact can't begin in the future ({began:%H:%M} UTC). Give the time it began.", slot="since"
            )
        stated = events.ImpactStated(at=self._tx.now, by=by, impact=impact, since=began)
        return self._tx.record(incident, stated)

    def suspect_cause(self, incident: Incident, cause: str, *, by: str) -> Incident:
        return self._tx.record(incident, events.CauseSuspected(at=self._tx.now, by=by, cause=cause))

    def add_link(self, incident: Incident, url: str, *, by: str, title: str = "") -> Incident:
        if any(link.url == url for link in incident.links):
            raise Refusal(f"{incident.id} has that link already.")
        added = events.LinkAdded(at=self._tx.now, by=by, url=url, title=title or url)
        return self._tx.record(incident, added)

    def open_runbook(self, incident: Incident, runbook: Runbook, *, by: str) -> Incident:
        """Record that somebody filled in a runbook here."""
        opened = RunbookOpened(at=self._tx.now, by=by, runbook=runbook.name, title=runbook.title)
        return self._tx.record(incident, opened)

    # --- notes ---

    def note(self, incident: Incident, text: str, *, by: str | None, at: datetime | None = None) -> Incident:
        """Add a note at a past time (UTC), or now."""
        if at and at > self._tx.now:
            raise Refusal(f"A note can't be of the future ({at:%H:%M} UTC). Give a past time.", slot="at")
        return self._tx.record(incident, events.NoteTaken(at=at or self._tx.now, by=by, note=text))

    # --- the step guide ---

    def move_on(self, incident: Incident, *, by: str) -> Incident:
        """Mark the current step as done."""
        return self._tx.record(incident, guide.move_on(incident, by=by, at=self._tx.now))

    def nothing_changed(self, incident: Incident, *, by: str) -> Incident:
        """Answer the step *what changed?* with: nothing."""
        return self._tx.record(incident, guide.nothing_changed(incident, by=by, at=self._tx.now))

    # --- reminders ---

    def snooze(self, incident: Incident, span: timedelta, *, by: str) -> Incident:
        """Snooze the reminder of the update. Possible once. For the commander, and for who promised the update."""
        snoozed = snooze(incident, span, by=by, at=self._tx.now)
        self._must_be_theirs(incident, "snooze this reminder", incident.updated_by, by=by)
        return self._tx.record(incident, snoozed)

    def hush(self, incident: Incident, span: timedelta, *, by: str) -> Incident:
        """Pause unsolicited posts for a time. Urgent reminders still appear. For the commander."""
        hushed = incident.hush(self._tx.now + span, by=by, at=self._tx.now)
        self._must_be_theirs(incident, f"keep {incident.id} quiet", by=by)
        return self._tx.record(incident, hushed)

    def _must_be_theirs(self, incident: Incident, what: str, *authors: str | None, by: str) -> None:
        """Refuse people who may not decide it. While nobody leads, who declared the incident decides too."""
        Ownership(self._tx).require(
            by,
            f"can {what}",
            authors=people(incident.owner, *authors),
            incident=incident,
            instead=f"If you lead now: `incident {incident.number} take`.",
        )

    # --- command ---

    def take_command(self, incident: Incident, *, by: str) -> Incident:
        """Take command if nobody leads; otherwise ask the commander for it. See `domain.command`."""
        Directory(self._tx).require_assignable(by, f"lead {incident.id}", others=incident.members)
        if incident.commander and incident.commander != by:
            who = f"Taking command from <@{incident.commander}>"
            Permissions(self._tx).require(by, "responder", who)
        return self._tx.record(incident, command.take(incident, by=by, at=self._tx.now))

    def offer_command(self, incident: Incident, to: str, *, by: str) -> Incident:
        offered = command.offer(incident, to, by=by, at=self._tx.now)
        Directory(self._tx).require_assignable(
            to,
            f"lead {incident.id}",
            others=incident.members,
            besides=filter(None, (incident.commander,)),
            again=lambda other: f"incident {incident.number} hand <@{other}>",
        )
        return self._tx.record(incident, offered)

    def accept_command(self, incident: Incident, *, by: str) -> Incident:
        return self._tx.record(incident, command.accept(incident, by=by, at=self._tx.now))

    def decline_command(self, incident: Incident, *, by: str) -> Incident:
        return self._tx.record(incident, command.decline(incident, by=by, at=self._tx.now))

    def give_role(
        self, incident: Incident, role: str, person: str, *, by: str, anyway: bool = False
    ) -> Incident:
        """Assign a role from the settings or from this incident. An unknown role is refused unless `anyway` is set."""
        role = self._role(incident, role, person, anyway=anyway)
        given = command.give_role(incident, role, person, by=by, at=self._tx.now)
        Directory(self._tx).require_assignable(
            person,
            f"be {given.role} of {incident.id}",
            others=incident.members,
            again=lambda other: f"incident {incident.number} role {given.role} <@{other}>",
        )
        return self._tx.record(incident, given)

    def _role(self, incident: Incident, typed: str, person: str, *, anyway: bool) -> str:
        known = tuple(dict.fromkeys((*self._tx.policy.roles, *incident.roles)))
        if plain(typed) in COMMAND_NAMES:
            return typed
        if not 0 < len(plain(typed)) <= ROLE_LENGTH:
            raise Refusal(
                f"The name of a role has 1 to {ROLE_LENGTH} characters; this has {len(plain(typed))}.",
                slot="role",
            )
        return find(typed, known) or (typed if anyway else self._ask_role(incident, typed, person, known))

    def _ask_role(self, incident: Incident, typed: str, person: str, known: Sequence[str]) -> str:
        """Raise a Refusal that asks which role is meant."""
        name, close = plain(typed), nearest(typed, known)
        give = f"incident {incident.number} role {{}} <@{person}>"
        meant = [Choice(label=it.capitalize(), say=give.format(it)) for it in ([close] if close else known)]
        raise Refusal(
            f"There is no role {name}.{did_you_mean(close)} Roles: {', '.join(known)} (`roles` in config.yaml).",
            slot="role",
            choices=(
                *meant[:OFFERED],
                Choice(label="Add it anyway", say=f"{give.format(quoted(name))} anyway"),
            ),
        )

    # --- finding ---

    def in_channel(self, channel: str) -> Incident | None:
        """Return the incident whose channel (Slack id) this is, else None."""
        return self._session.incidents.in_channel(channel)

    def here(self, channel: str, *, asker: str) -> Incident | None:
        """Return the incident whose channel (Slack id) this is, if the asker may see it."""
        found = self.in_channel(channel)
        return found if found and self._access.sees(asker, found) else None

    def listed(self, wanted: Search, page: int | None = None, *, size: int = LISTED) -> Portion[Incident]:
        """Return one page of the incidents that match, newest first."""
        wanted = self._access.search(wanted)
        count = self._session.incidents.count(wanted)
        number = within(page, count, size)
        found = self._session.incidents.search(wanted, skip=(number - 1) * size, limit=size)
        self._access.shows(found)
        return Portion(items=found, count=count, number=number, size=size)

    def latest(self, wanted: Search, *, limit: int) -> Sequence[Incident]:
        """Return the newest incidents that match, without counting the others."""
        found = self._session.incidents.search(self._access.search(wanted), limit=limit)
        self._access.shows(found)
        return found

    def has_private(self, wanted: Search) -> bool:
        """Whether a private incident is among the matches, or is only counted on another page."""
        private = self._access.search(replace(wanted, private=True))
        found = self._session.incidents.search(private, limit=1)
        self._access.shows(found)
        return bool(found)

    def find(self, number: int, *, asker: str) -> Incident:
        """Return an incident by number. Refuses a private one for people who are not in it, as if it did not exist."""
        found = self._session.incidents.get(number)
        if found and self._access.sees(asker, found):
            return found
        raise Refusal(f"There is no INC-{number} that you can see. `incident list` shows what is open.")

    def pick(self, command_words: str, *, asker: str) -> Refusal:
        """Ask which incident is meant: an open one, else one that ended recently; for `AFTER_THE_END` only these."""
        rest = command_words.removeprefix("incident").strip()
        ended = Search(seen_by=asker, phases=REOPENED, since=self._tx.now - RECENT)
        if after := next((it for it in AFTER_THE_END if rest.casefold().startswith(it)), None):
            none = f"No incident ended in the last 7 days. `incident 42 {after}` takes an older one by its number."
            return self._choice(rest, ended, WHICH, none)
        if self._session.incidents.count(self._access.search(Search(seen_by=asker))):
            return self._choice(rest, Search(seen_by=asker), WHICH, NONE_OPEN)
        return self._choice(rest, ended, f"{NONE_OPEN} Or choose one that ended lately", NONE_OPEN)

    def _choice(self, rest: str, wanted: Search, asked: str, none: str) -> Refusal:
        """Offer the matches as buttons that repeat the rest of the command."""
        newest = self.listed(wanted, size=OFFERED)
        if not newest.items:
            return Refusal(none)
        every = "list" if wanted.since is None else "list resolved"
        all_of_them = "" if newest.is_whole else f" (`incident {every}` shows all {newest.count})"
        return Refusal(
            f"{asked}{all_of_them}:",
            choices=tuple(
                Choice(label=f"{it.id} {it.name}", say=f"incident {it.number} {rest}") for it in newest.items
            ),
        )


def _shorten(name: str) -> str:
    return shortened(" ".join(name.split()), NAME_LENGTH)
