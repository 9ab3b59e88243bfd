"""Page teams and people, and follow each page's state in PagerDuty."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from bot.domain.effects import UpsertMessage, incident_channel
from bot.domain.incident.incident import Incident
from bot.domain.number import read_number
from bot.domain.paging import events
from bot.domain.paging.effects import AnswerPage, EscalatePage, FindResponder, SendPage
from bot.domain.paging.page import ACKNOWLEDGE, NOBODY, RESOLVE, Page, PageState
from bot.domain.paging.reminders import UNANSWERED, page_agenda, tested_agenda, tested_subject
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.text import shortened
from bot.domain.timer import Timer
from bot.ports import PagerNews, Ringing
from bot.services.directory import Directory
from bot.services.incident.channels import IncidentChannels
from bot.services.oncall.oncall import OnCall
from bot.services.relief.work_periods import WorkPeriods
from bot.services.transaction import Transaction

NEXT_LEVEL = "the next level"
"""Whom PagerDuty paged next, if it sends no name."""


class Paging:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def page_team(
        self,
        team: Team,
        message: str,
        *,
        by: str | None,
        incident: Incident | None = None,
        channel: str | None = None,
        on_card: bool = False,
    ) -> Page:
        """Page the on-call of a team.

        Its message appears in the incident's channel, else in `channel`. With `on_card`, only the card shows it.
        Refuses a team without a PagerDuty service.
        """
        if not team.service:
            raise Refusal(
                f"Team :{team.key} has no PagerDuty service, so it can't be paged. "
                f"Reach it in <#{team.channel}>, or set teams.{team.key}.pagerduty in config.yaml.",
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
        channel: str | None = None,
    ) -> Page:
        """Page one person, through the command team's PagerDuty service."""
        self.service_for_people()
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
                line_at=_line_at(incident, channel),
            ),
            incident,
        )

    def test(self, *, by: str) -> Page:
        """Send a test page of low urgency to a person's own phone. Its message is a DM; a timer reports the result."""
        self.service_for_people()
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
        page = self._locked(number)
        if page is None or page.person is None:
            return
        self._session.pages.put(page.after(timer.said(self._tx.now, to=page.person)))
        self._tx.send(
            UpsertMessage(key=f"tested:{number}", message_type="tested", ref=number, to=page.person)
        )
        if page.is_ringing:
            self._answer(page, RESOLVE, by=page.person)

    def service_for_people(self) -> str:
        """Return the id of the PagerDuty service for pages to a single person; refuse if there is none."""
        policy = self._tx.policy
        team = policy.teams.get(policy.command_team or "")
        if team and team.service:
            return team.service
        raise Refusal(
            "Paging a person goes through the command team's PagerDuty service, and there is none. "
            "Page a team instead, or set command_team in config.yaml."
        )

    def _request(self, page: Page, incident: Incident | None) -> Page:
        self._session.pages.put(page)
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
        self._show(page, origin="requested", permalink_of=permalink_of)
        team = self._tx.policy.teams.get(page.team or "")
        if team and (as_of := OnCall(self._tx).nobody_since(team)):
            return self._keep(page, self._nobody(page, as_of=as_of))
        return page

    def _nobody(self, page: Page, *, as_of: datetime | None = None) -> events.PageRingsNobody:
        team = self._tx.policy.teams.get(page.team or "")
        return events.PageRingsNobody(
            at=self._tx.now,
            page=page.number,
            whom=page.whom,
            as_of=as_of,
            manager=Directory(self._tx).manager(team),
            fallback=self._fallback(page),
        )

    def _has_nobody(self, ringing: Ringing) -> bool:
        """Whether PagerDuty has the page but nobody is on call. False until the first sync of the on-calls."""
        if ringing.status != "triggered":
            return False
        asked = self._session.on_calls.copy().synced_at is not None
        return ringing.assigned == NOBODY or (ringing.assigned is None and asked)

    # --- from chat ---

    def acknowledge(self, page: Page, *, by: str) -> None:
        """Ask PagerDuty to acknowledge. The page counts as acknowledged once PagerDuty confirms."""
        page.must_be_ringing()
        _must_not_be_resolved(page)
        if page.state is PageState.ACKNOWLEDGED:
            raise Refusal(f"Page {page.number} is already acknowledged by {page.acknowledged_by}.")
        self._answer(page, ACKNOWLEDGE, by=by)
        self._bring(page, by)

    def resolve(self, page: Page, *, by: str) -> None:
        page.must_be_ringing()
        _must_not_be_resolved(page)
        self._answer(page, RESOLVE, by=by)

    def resolve_all(self, incident: Incident, *, by: str) -> None:
        """Resolve every page of an incident that may still ring."""
        for page in self._session.pages.of(incident.number):
            if page.may_ring:
                self._answer(page, RESOLVE, by=by)

    def wait_again(self, incident: Incident) -> None:
        """Restart the timers of the ringing pages of a reopened incident."""
        for page in self._session.pages.of(incident.number):
            self._keep_time(self._locked(page.number) or page)

    def _answer(self, page: Page, answer: str, *, by: str) -> None:
        """Send an answer to PagerDuty. Until it is confirmed, Spy does not escalate the page."""
        self._tx.send(AnswerPage.given(page.number, answer, by=by, at=self._tx.now))
        page = (self._locked(page.number) or page).asked_to(answer, by=by)
        self._session.pages.put(page)
        self._keep_time(page)
        if said := page.reminded.get(UNANSWERED):
            self._show_unanswered(page, said.occurrence, origin=f"{answer}:{self._mark}", to=said.to)

    def _bring(self, page: Page, person: str) -> None:
        """Invite the person who answered into the incident channel."""
        if page.incident:
            IncidentChannels(self._tx).bring(self._tx.incident(page.incident), person)

    def find(self, reference: str, *, incident: Incident | None, asker: str) -> Page:
        """Return a page by its number or its PagerDuty id; without either, the incident's only ringing page.

        A page of a private incident counts as absent for people who are neither in the incident nor on the page.
        """
        bare, said = reference.strip("#").upper(), read_number(reference)
        page = self._session.pages.by_pagerduty(bare) if said is None else self._session.pages.get(said)
        if page and self._is_seen(page, by=asker):
            return page
        ringing = [it for it in self._session.pages.of(incident.number) if it.is_ringing] if incident else []
        if not bare and len(ringing) == 1:
            return ringing[0]
        known = ", ".join(f"{it.number} ({it.whom})" for it in ringing) or "none here"
        asked = f"There is no page {shortened(reference)}." if bare else "Which page?"
        raise Refusal(f"{asked} Ringing now: {known}.", slot="page")

    def _is_seen(self, page: Page, *, by: str) -> bool:
        incident = self._session.incidents.look(page.incident) if page.incident else None
        return incident is None or incident.is_seen_by(by) or by in {page.person, page.requested_by}

    def unanswered(self, number: int, timer: Timer) -> None:
        """Report that nobody answered in time, and page the next level or the command team."""
        page = self._locked(number)
        if page is None:
            return
        incident = self._tx.incident(page.incident) if page.incident else None
        to = page.line_at or (incident_channel(incident.number) if incident else page.requested_by)
        said = timer.said(self._tx.now, to=to or "")
        page = page.after(said)
        self._session.pages.put(page)
        if incident:
            occurrence = f"{page.number}-{timer.occurrence}"
            incident = self._tx.record(incident, replace(said, occurrence=occurrence))
        if to:
            self._show_unanswered(page, str(timer.occurrence), origin="said", to=to)
        if not (incident and incident.drill):
            self._escalate(page, incident)
        self._keep_time(page)

    def agenda(self, number: int) -> list[Timer]:
        """Reload the page and return its next timers."""
        page = self._locked(number)
        return self._agenda(page) if page else []

    def _agenda(self, page: Page) -> list[Timer]:
        incident = self._session.incidents.look(page.incident) if page.incident else None
        return page_agenda(page, self._tx.policy, incident)

    def _escalate(self, page: Page, incident: Incident | None) -> None:
        if page.team:
            level = page.level if page.rings_nobody or page.is_last_level else page.level + 1
            key = f"escalate-page:{page.number}:{page.reminded[UNANSWERED].occurrence}"
            self._tx.send(EscalatePage(key=key, page=page.number, level=level))
            return
        team = self._tx.policy.teams.get(self._tx.policy.command_team or "")
        if team and team.service and page.reminded[UNANSWERED].count == 1:
            words = f"{page.message} ({page.whom} was paged and does not answer)"
            backing = self.page_team(
                team,
                words,
                by=page.requested_by,
                incident=incident,
                channel=page.line_at or page.requested_by,
            )
            if incident:
                WorkPeriods(self._tx).also_paged(incident, page.number, backing.number)

    def escalated(self, number: int, level: int, ringing: Ringing) -> None:
        """Record that PagerDuty escalated to this level because Spy asked. Its webhook may have reported it already."""
        page = self._locked(number)
        if page is None or page.state is not PageState.SENT or not page.may_go_to(level):
            return
        to = ringing.assigned or f"level {level}"
        if self._has_nobody(ringing) and not page.rings_nobody:
            self._keep(page, self._nobody(page))
        elif self._has_nobody(ringing) or to == page.assigned:
            page = replace(page, level=level, escalated_at=self._tx.now)
            self._put(page, origin=f"again:{self._mark}")
        else:
            escalated = events.PageEscalated(at=self._tx.now, page=number, whom=page.whom, to=to)
            self._keep(page, escalated)

    def not_escalated(self, number: int) -> bool:
        """Record that no higher level is left, so that Spy pages the last one again. Return False if known already."""
        page = self._locked(number)
        if page is None or page.is_last_level:
            return False
        self._put(replace(page, is_last_level=True), origin=f"again:{self._mark}")
        return True

    # --- results from PagerDuty ---

    def _locked(self, number: int) -> Page | None:
        """Load and lock a page.

        The lock of its incident covers it, so a page of an incident needs no lock of its own.
        """
        page = self._session.pages.get(number)
        if page and page.incident:
            self._tx.incident(page.incident)
        else:
            self._session.lock(f"page:{number}")
        return self._session.pages.get(number)

    def sent(self, number: int, ringing: Ringing) -> None:
        """Record that PagerDuty accepted the page."""
        page = self._locked(number)
        if page is None or page.pagerduty_id is not None:
            return
        knew, has_nobody = page.rings_nobody, self._has_nobody(ringing)
        sent = events.PageSent(
            at=self._tx.now,
            by=page.requested_by,
            page=page.number,
            whom=page.whom,
            pagerduty_id=ringing.id,
            url=ringing.url,
            assigned=NOBODY if has_nobody else ringing.assigned,
        )
        page = self._keep(page, sent)
        if has_nobody and not knew:
            self._keep(page, self._nobody(page))

    def delayed(self, number: int, why: str) -> None:
        """Report once that PagerDuty has not accepted the page yet, with other ways to reach people."""
        page = self._locked(number)
        if page and page.state is PageState.REQUESTED:
            delayed = events.PageDelayed(
                at=self._tx.now,
                page=page.number,
                whom=page.whom,
                why=why,
                fallback=self._fallback(page),
            )
            self._keep(page, delayed)

    def withdrawn(self, number: int) -> None:
        """Record that the incident was over before PagerDuty accepted the page."""
        page = self._locked(number)
        if page and page.pagerduty_id is None and page.may_ring:
            self._keep(page, events.PageWithdrawn(at=self._tx.now, page=number, whom=page.whom))

    def failed(self, number: int, why: str) -> None:
        """Record that PagerDuty rejected the page for good."""
        page = self._locked(number)
        if page is None:
            return
        failed = events.PageFailed(
            at=self._tx.now,
            page=page.number,
            whom=page.whom,
            why=why,
            fallback=self._fallback(page),
        )
        self._keep(page, failed)

    def waits(self, number: int, why: str) -> None:
        """Show on the page that PagerDuty has not accepted an answer from chat yet. Spy keeps trying."""
        page = self._locked(number)
        if page and page.answer and page.why is None:
            self._put(replace(page, why=why), origin=f"waits:{self._mark}")

    def answered(self, number: int, answer: str, ringing: Ringing, *, by: str) -> bool:
        """Record that PagerDuty confirmed an answer from chat.

        Return False if PagerDuty still shows the page as ringing.
        """
        page = self._locked(number)
        if page is None:
            return True
        if ringing.status not in {ACKNOWLEDGE, RESOLVE}:
            self.not_answered(number)
            return False
        event = self._confirmed(page, ringing, by=by)
        page = self._keep(page, event) if event else page
        if page.state is PageState.ACKNOWLEDGED and page.acknowledged_by == ringing.who:
            page = replace(page, acknowledged_person=by)
        self._session.pages.put(page.unconfirmed() if page.answer == answer else page)
        self._keep_time(page)
        return True

    def not_answered(self, number: int) -> None:
        """Record that PagerDuty rejected the answer. The page still rings, and its timer starts again."""
        page = self._locked(number)
        if page and page.is_being_renewed:
            lapsed = events.PageUnanswered(at=page.rings_since or self._tx.now, page=number, whom=page.whom)
            self._keep(page.unconfirmed(), lapsed)
        elif page:
            self._put(page.unconfirmed(), origin=f"refused:{self._mark}")

    def heard(self, news: PagerNews) -> None:
        """Apply news from PagerDuty's webhook or sync. The same news twice changes nothing."""
        ringing = news.page
        known = self._session.pages.by_key(ringing.key) if ringing.key else None
        numbers = {page.number for page in self._session.pages.following(ringing.id)}
        if known and known.pagerduty_id in {None, ringing.id}:
            numbers.add(known.number)
        for number in sorted(numbers):
            self._hear(number, news)

    def _hear(self, number: int, news: PagerNews) -> None:
        page = self._locked(number)
        if page and page.pagerduty_id is None:
            self.sent(number, news.page)
            page = self._session.pages.get(number)
        if page and news.kind == "unacknowledged" and self._renews(page, news):
            self._renew(page, news)
        elif page and (event := self._told(page, news)):
            self._keep(page, event)
            self._welcome(page, event, news.page)

    def _welcome(self, page: Page, event: events.PageEvent, ringing: Ringing) -> None:
        """Invite the person who acknowledged into the channel. If they are unknown, look them up in Slack first."""
        if not isinstance(event, events.PageAcknowledged) or page.incident is None:
            return
        if event.person:
            self._bring(page, event.person)
        elif user := ringing.user:
            key = f"find-responder:{page.number}:{user}:{self._mark}"
            self._tx.send(FindResponder(key=key, page=page.number, user=user))

    def found(self, number: int, person: str | None) -> None:
        """Store the Slack id of the person who acknowledged a page, and invite them into the channel."""
        page = self._locked(number)
        if page and page.state is PageState.ACKNOWLEDGED and page.acknowledged_person is None and person:
            self._session.pages.put(replace(page, acknowledged_person=person))
            self._bring(page, person)

    def _told(self, page: Page, news: PagerNews) -> events.PageEvent | None:  # noqa: PLR0911  a table
        at = news.page.at or self._tx.now
        who = news.page.who or "PagerDuty"
        about = {"at": at, "page": page.number, "whom": page.whom}
        to = news.page.assigned or NEXT_LEVEL
        if page.state is PageState.RESOLVED:
            return None
        match news.kind:
            case "acknowledged" if page.is_being_renewed:
                return events.PageRenewed(**about, who=who)  # type: ignore[arg-type]
            case "acknowledged" if page.state is not PageState.ACKNOWLEDGED:
                return events.PageAcknowledged(**about, who=who, person=self._responder(page, news.page))  # type: ignore[arg-type]
            case "unacknowledged" | "escalated" if page.is_answered_since(at):
                return None
            case "unacknowledged" if page.state is PageState.ACKNOWLEDGED:
                return events.PageUnanswered(**about)  # type: ignore[arg-type]
            case "escalated" if to not in {page.escalated_to, page.assigned}:
                return events.PageEscalated(**about, to=to)  # type: ignore[arg-type]
            case "escalated" if page.state is PageState.ACKNOWLEDGED:
                return events.PageUnanswered(**about)  # type: ignore[arg-type]
            case "resolved" if (into := news.page.merged_into) and into != page.pagerduty_id:
                return events.PageMerged(**about, into=into, url=news.page.merged_url or "", who=who)  # type: ignore[arg-type]
            case "resolved":
                return events.PageResolved(**about, who=who)  # type: ignore[arg-type]
        return None

    def _renews(self, page: Page, news: PagerNews) -> bool:
        """Whether Spy should renew an acknowledgement that lapsed.

        It does if a commander leads and updates are in time. A renewal pages nobody.
        """
        by_hand, at = news.page.user is not None, news.page.at or self._tx.now
        if by_hand or page.state is not PageState.ACKNOWLEDGED or page.is_answered_since(at):
            return False
        incident = self._tx.incident(page.incident) if page.incident else None
        leads = incident is not None and incident.commander is not None and incident.is_in_time(self._tx.now)
        return leads and self._tx.policy.timers.renew_acknowledgement

    def _renew(self, page: Page, news: PagerNews) -> None:
        """Acknowledge again for the same person, or else for the commander."""
        leads = self._tx.incident(page.incident).commander if page.incident else None
        page = page.lapsed(news.page.at or self._tx.now, by=page.acknowledged_person or leads or "")
        self._put(page, origin=f"lapsed:{self._mark}")
        self._tx.send(AnswerPage.given(page.number, ACKNOWLEDGE, by=page.answer_by or "", at=self._tx.now))

    def _responder(self, page: Page, ringing: Ringing) -> str | None:
        """Return the Slack id of a PagerDuty user if it is already known, else None.

        A match by name alone counts only in a public incident.
        """
        people = Directory(self._tx)
        if found := people.paged_as(ringing.user):
            return found
        incident = self._session.incidents.look(page.incident) if page.incident else None
        by_name = ringing.who and not ringing.user and incident and not incident.private
        return people.called(ringing.who or "") if by_name else None

    def _confirmed(self, page: Page, ringing: Ringing, *, by: str) -> events.PageEvent | None:
        """Return the event for an answer given in chat, or None if it is known already."""
        at, who = ringing.at or self._tx.now, Directory(self._tx).name(by) or f"<@{by}>"
        about = {"at": at, "page": page.number, "whom": page.whom}
        shown_as = (ringing.who or "another account") if ringing.in_own_name else None
        if ringing.status == RESOLVE or page.state is PageState.RESOLVED:
            return self._told(page, PagerNews(id="", kind="resolved", page=replace(ringing, who=who)))
        if page.is_being_renewed:
            return events.PageRenewed(**about, who=who)  # type: ignore[arg-type]
        known = page.state is PageState.ACKNOWLEDGED
        if known and (shown_as is None or page.acknowledged_by != ringing.who):
            return None
        return events.PageAcknowledged(**about, who=who, person=by, shown_as=shown_as)  # type: ignore[arg-type]

    def _keep(self, page: Page, event: events.PageEvent) -> Page:
        before = page.state
        page = page.after(event)
        self._session.pages.put(page)
        if page.incident:
            incident = self._tx.record(self._tx.incident(page.incident), event)
            if page.requested_by is None:
                self._tx.send(*WorkPeriods(self._tx).about_page(incident, page.number))
        origin = f"{event.kind()}:{int(event.at.timestamp() * 1000)}"
        self._show(page, origin=origin)
        said = page.reminded.get(UNANSWERED)
        if said and (page.state is not before or isinstance(event, events.PageEscalated)):
            self._show_unanswered(page, said.occurrence, origin=origin, to=said.to)
        self._keep_time(page)
        return page

    def _put(self, page: Page, *, origin: str) -> None:
        """Store a change that has no event, and refresh the page's messages."""
        self._session.pages.put(page)
        self._show(page, origin=origin)
        if page.incident:
            key = f"card:{page.incident}:page:{page.number}:{origin}"
            self._tx.send(
                UpsertMessage(
                    key=key, message_type="card", ref=page.incident, to=incident_channel(page.incident)
                )
            )
        if said := page.reminded.get(UNANSWERED):
            self._show_unanswered(page, said.occurrence, origin=origin, to=said.to)
        self._keep_time(page)

    @property
    def _mark(self) -> int:
        return int(self._tx.now.timestamp() * 1000)

    def _keep_time(self, page: Page) -> None:
        self._session.timers.replace(page.subject, self._agenda(page))

    def _show_unanswered(self, page: Page, occurrence: str, *, origin: str, to: str) -> None:
        self._tx.send(UpsertMessage.about("unanswered", page.number, occurrence, to=to, origin=origin))

    def _show(self, page: Page, *, origin: str, permalink_of: tuple[int, int] | None = None) -> None:
        if page.line_at:
            key = f"page-line:{page.number}:{origin}"
            message_type = "test" if page.test else "page"
            self._tx.send(
                UpsertMessage(
                    key=key,
                    message_type=message_type,
                    ref=page.number,
                    to=page.line_at,
                    permalink_of=permalink_of,
                )
            )

    def move_line(self, number: int) -> None:
        """Move the page's message to a DM with its requester, if the channel can't show it."""
        page = self._locked(number)
        if page and page.requested_by and page.line_at != page.requested_by:
            page = replace(page, line_at=page.requested_by)
            self._session.pages.put(page)
            self._show(page, origin="moved")

    def _fallback(self, page: Page) -> tuple[str, ...]:
        """Return other ways to reach the people, from the stored copy of the on-calls."""
        team = self._tx.policy.teams.get(page.team or "")
        on_calls = self._session.on_calls.copy().on_calls
        reach = [
            " ".join(filter(None, (on_call.name, on_call.phone or on_call.email)))
            for on_call in on_calls
            if team and on_call.policy == team.escalation_policy
        ]
        if page.person:
            reach.append(f"<@{page.person}>")
        if team:
            reach.append(f"<#{team.channel}>")
        return tuple(dict.fromkeys(reach))


def _must_not_be_resolved(page: Page) -> None:
    """Refuse a second answer once someone resolved the page in chat, even before PagerDuty confirms."""
    if page.answer == RESOLVE:
        raise Refusal(
            f"Page {page.number} is being resolved already, by <@{page.answer_by}>; Spy is telling PagerDuty."
        )


def _line_at(incident: Incident | None, channel: str | None) -> str | None:
    return incident_channel(incident.number) if incident else channel
