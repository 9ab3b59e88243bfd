"""Page teams and people, and answer pages from chat."""

from dataclasses import replace
from uuid import uuid4

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.number import read_number
from bot.domain.paging import events
from bot.domain.paging.effects import AnswerPage, EscalatePage, SendPage
from bot.domain.paging.page import ACKNOWLEDGE, RESOLVE, Page, PageState, not_answering
from bot.domain.paging.reminders import UNANSWERED, tested_agenda, tested_subject
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.subject import Address, IncidentChannel
from bot.domain.text import shortened
from bot.domain.timer import Timer
from bot.services.directory import Directory
from bot.services.limits import RequestLimits
from bot.services.oncall.oncall import OnCall
from bot.services.paging.folding import Folding
from bot.services.paging.pages import Pages
from bot.services.read_access import ReadAccess
from bot.services.relief.work_periods import WorkPeriods
from bot.services.transaction import Transaction


class Paging:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._pages = Pages(tx)
        self._folding = Folding(tx)

    def page_team(
        self,
        team: Team,
        message: str,
        *,
        by: str | None,
        incident: Incident | None = None,
        channel: Address | None = None,
        on_card: bool = False,
    ) -> Page:
        """Page the on-call of a team.

        Its message appears in the incident's channel, else in `channel`. With `on_card`, only the card shows it.
        Refuses a team without a service at the pager, and a person (`by`) who has paged very often.
        """
        if by:
            RequestLimits(self._tx).require_page(by, team, incident)
        return self._page_team(team, message, by=by, incident=incident, channel=channel, on_card=on_card)

    def _page_team(
        self,
        team: Team,
        message: str,
        *,
        by: str | None,
        incident: Incident | None,
        channel: Address | None,
        on_card: bool = False,
    ) -> Page:
        """Page a team without a limit: Spy's own escalation must never be refused."""
        if not team.service:
            raise Refusal(
                f"Team :{team.key} has no service in {self._tx.policy.pager_name}, so it can't be paged. "
                f"Reach it in <#{team.channel}>, or add its ids to teams.{team.key} in config.yaml.",
                slot="team",
            )
        return self._request(
            Page(
                number=self._session.pages.reserve(),
                key=f"spy-{uuid4().hex}",
                message=message,
                requested_by=by,
                requested_at=self._tx.now,
                team=team.key,
                incident=incident.number if incident else None,
                severity=incident.severity if incident else None,
                line_at=None if on_card else _line_at(incident, channel),
            ),
            incident,
        )

    def page_person(
        self,
        person: str,
        message: str,
        *,
        by: str | None,
        incident: Incident | None = None,
        channel: Address | None = None,
    ) -> Page:
        """Page one person, through the command team's service. Refuses a person (`by`) who has paged very often."""
        self.service_for_people()
        if by:
            RequestLimits(self._tx).require_page(by, None, incident)
        Directory(self._tx).require_assignable(
            person,
            "answer a page",
            others=incident.members if incident else (),
            besides=(by,) if by else (),
            again=lambda other: (
                f"{f'incident {incident.number} ' if incident else ''}page <@{other}> {message}"
            ),
        )
        return self._request(
            Page(
                number=self._session.pages.reserve(),
                key=f"spy-{uuid4().hex}",
                message=message,
                requested_by=by,
                requested_at=self._tx.now,
                person=person,
                incident=incident.number if incident else None,
                severity=incident.severity if incident else None,
                line_at=_line_at(incident, channel),
            ),
            incident,
        )

    def test(self, *, by: str) -> Page:
        """Send a test page of low urgency to a person's own phone. Its message is a DM; a timer reports the result."""
        self.service_for_people()
        RequestLimits(self._tx).require_page(by, None, None)
        number = self._session.pages.reserve()
        page = self._request(
            Page(
                number=number,
                key=f"spy-{uuid4().hex}",
                message="",
                requested_by=by,
                requested_at=self._tx.now,
                person=by,
                test=True,
                line_at=by,
            ),
            None,
        )
        self._session.timers.replace(tested_subject(page), tested_agenda(page, self._tx.policy))
        return page

    def judge(self, number: int, timer: Timer) -> None:
        """Record the result of a test page, and resolve it if it still rings."""
        page = self._pages.locked(number)
        if page is None or page.person is None:
            return
        self._session.pages.put(page.after(timer.sent_event(self._tx.now, to=page.person)))
        self._tx.send(
            UpsertMessage(key=f"tested:{number}", message_type="tested", ref=number, to=page.person)
        )
        if page.is_ringing:
            self._answer(page, RESOLVE, by=page.person)

    def service_for_people(self) -> str:
        """Return the id of the service at the pager for pages to a single person; refuse if there is none."""
        policy = self._tx.policy
        team = policy.teams.get(policy.command_team or "")
        if team and team.service:
            return team.service
        raise Refusal(
            f"Paging a person goes through the command team's service in {policy.pager_name}, and there is none. "
            "Page a team instead, or set command_team in config.yaml."
        )

    def _request(self, page: Page, incident: Incident | None) -> Page:
        page = replace(page, is_own=incident is not None and incident.commander == page.requested_by)
        team = self._tx.policy.teams.get(page.team or "")
        nobody_since = OnCall(self._tx).nobody_since(team) if team else None
        carrier = None if nobody_since else self._folding.carrier_of(page)
        self._session.pages.put(page)
        if carrier is None:
            self._tx.send(SendPage(key=f"send-page:{page.number}", page=page.number))
        requested = events.PageRequested(
            at=self._tx.now,
            by=page.requested_by,
            page=page.number,
            whom=page.whom,
            message=page.message,
        )
        if incident:
            incident = self._tx.record(incident, requested)
        permalink_of = (incident.number, incident.entries) if incident else None
        self._pages.show(page, origin="requested", permalink_of=permalink_of)
        if carrier:
            return self._folding.join(page, carrier)
        if nobody_since:
            return self._pages.keep(page, self._pages.nobody(page, as_of=nobody_since))
        return page

    def acknowledge(self, page: Page, *, by: str) -> None:
        """Ask the pager to acknowledge. The page counts as acknowledged once the pager confirms."""
        page.must_be_ringing()
        _must_not_be_resolved(page)
        if page.state is PageState.ACKNOWLEDGED:
            raise Refusal(f"Page {page.number} is already acknowledged by {page.acknowledged_by}.")
        if page.is_only_here:
            self._folding.acknowledge(page, by=by)
            return
        self._answer(page, ACKNOWLEDGE, by=by)
        self._pages.bring(page, by)

    def resolve(self, page: Page, *, by: str) -> None:
        page.must_be_ringing()
        _must_not_be_resolved(page)
        self._resolve(page, by=by)

    def _resolve(self, page: Page, *, by: str) -> None:
        if page.is_only_here:
            self._folding.resolve(page, by=by)
        else:
            self._answer(page, RESOLVE, by=by)

    def resolve_all(self, incident: Incident, *, by: str) -> None:
        """Resolve every page of an incident that may still ring."""
        for page in self._session.pages.of(incident.number):
            if page.may_ring:
                self._resolve(page, by=by)

    def wait_again(self, incident: Incident) -> None:
        """Restart the timers of the ringing pages of a reopened incident."""
        for page in self._session.pages.of(incident.number):
            self._pages.keep_time(self._pages.locked(page.number) or page)

    def _answer(self, page: Page, answer: str, *, by: str) -> None:
        """Send an answer to the pager. Until it is confirmed, Spy does not escalate the page."""
        self._tx.send(AnswerPage.given(page.number, answer, by=by, at=self._tx.now))
        page = (self._pages.locked(page.number) or page).asked_to(answer, by=by)
        if by == page.requested_by and page.is_ringing:
            page = replace(page, answered_own_at=self._tx.now)
        self._session.pages.put(page)
        self._pages.keep_time(page)
        if sent := page.reminded.get(UNANSWERED):
            self._pages.show_unanswered(
                page, sent.occurrence, origin=f"{answer}:{self._pages.mark}", to=sent.address
            )

    def find(self, reference: str, *, incident: Incident | None, asker: str) -> Page:
        """Return a page by its number or its id at the pager; without either, the only one that rings.

        That is of the incident, or outside an incident's channel of all that `asker` may see.

        A page of a private incident counts as absent for people who are neither in the incident nor on the page.
        """
        bare, sent = reference.strip("#").upper(), read_number(reference)
        page = self._session.pages.by_pager_id(bare) if sent is None else self._session.pages.get(sent)
        if page and self._is_seen(page, by=asker):
            return page
        pages = self._session.pages.of(incident.number) if incident else self._session.pages.ringing()
        rings = [it for it in pages if it.is_ringing or it.is_only_here]
        ringing = [it for it in rings if self._is_seen(it, by=asker)]
        if not bare and len(ringing) == 1:
            return ringing[0]
        known = ", ".join(f"{it.number} ({it.whom})" for it in ringing) or "none here"
        asked = f"There is no page {shortened(reference)}." if bare else "Which page?"
        raise Refusal(f"{asked} Ringing now: {known}.", slot="page")

    def _is_seen(self, page: Page, *, by: str) -> bool:
        theirs = by in {page.person, page.requested_by}
        return ReadAccess(self._tx).sees_record(by, page.incident, theirs=theirs, since=page.requested_at)

    def unanswered(self, number: int, timer: Timer) -> None:
        """Report that nobody answered in time, and page the next level or the command team."""
        page = self._pages.locked(number)
        if page is None:
            return
        incident = self._tx.incident(page.incident) if page.incident else None
        to = page.line_at or (IncidentChannel(incident.number) if incident else page.requested_by)
        sent = timer.sent_event(self._tx.now, to=to or "")
        page = page.after(sent)
        self._session.pages.put(page)
        if incident:
            occurrence = f"{page.number}-{timer.occurrence}"
            incident = self._tx.record(incident, replace(sent, occurrence=occurrence))
        if to:
            self._pages.show_unanswered(page, str(timer.occurrence), origin="said", to=to)
        if not (incident and incident.drill):
            self._escalate(page, incident)
        self._pages.keep_time(page)

    def _escalate(self, page: Page, incident: Incident | None) -> None:
        if page.team:
            level = page.level if page.rings_nobody or page.is_last_level else page.level + 1
            key = f"escalate-page:{page.number}:{page.reminded[UNANSWERED].occurrence}"
            self._tx.send(EscalatePage(key=key, page=page.number, level=level))
            return
        team = self._tx.policy.teams.get(self._tx.policy.command_team or "")
        if team and team.service and page.reminded[UNANSWERED].count == 1:
            backing = self._page_team(
                team,
                not_answering(page),
                by=page.requested_by,
                incident=incident,
                channel=page.line_at or page.requested_by,
            )
            if incident:
                WorkPeriods(self._tx).also_paged(incident, page.number, backing.number)


def _must_not_be_resolved(page: Page) -> None:
    """Refuse a second answer once someone resolved the page in chat, even before the pager confirms."""
    if page.answer == RESOLVE:
        raise Refusal(
            f"Page {page.number} is being resolved already, by <@{page.answer_by}>; Spy is telling the pager."
        )


def _line_at(incident: Incident | None, channel: Address | None) -> Address | None:
    return IncidentChannel(incident.number) if incident else channel
