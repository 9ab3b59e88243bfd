"""What became of pages in the pager: sent, answered, escalated, resolved there."""

from dataclasses import replace

from bot.domain.paging import events
from bot.domain.paging.effects import AnswerPage, FindResponder
from bot.domain.paging.page import ACKNOWLEDGE, NOBODY, RESOLVE, Page, PageState
from bot.ports import PagerNews, Ringing
from bot.services.directory import Directory
from bot.services.paging.pages import Pages
from bot.services.paging.phones import Phones
from bot.services.transaction import Transaction

NEXT_LEVEL = "the next level"
"""Whom the pager paged next, if it sends no name."""


class PagerResults:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._pages = Pages(tx)

    def sent(self, number: int, ringing: Ringing) -> None:
        """Record that the pager accepted the page."""
        page = self._pages.locked(number)
        if page is None or page.pager_id is not None:
            return
        knew, has_nobody = page.rings_nobody, self._pages.has_nobody(ringing)
        sent = events.PageSent(
            at=self._tx.now,
            by=page.requested_by,
            page=page.number,
            whom=page.whom,
            pager_id=ringing.id,
            url=ringing.url,
            assigned=NOBODY if has_nobody else ringing.assigned,
        )
        page = self._pages.keep(page, sent)
        if page.test:  # the pager's webhook may have been faster
            self._session.lock(f"ring:{ringing.id}")
            self._session.rings.remove(ringing.id)
        if has_nobody and not knew:
            self._pages.keep(page, self._pages.nobody(page))

    def delayed(self, number: int, why: str) -> None:
        """Report once that the pager has not accepted the page yet, with other ways to reach people."""
        page = self._pages.locked(number)
        if page and page.state is PageState.REQUESTED:
            delayed = events.PageDelayed(
                at=self._tx.now,
                page=page.number,
                whom=page.whom,
                why=why,
                fallback=self._pages.fallback(page),
            )
            self._pages.keep(page, delayed)
            Phones(self._tx).show_for(page)

    def withdrawn(self, number: int) -> None:
        """Record that the incident was over before the pager accepted the page."""
        page = self._pages.locked(number)
        if page and page.pager_id is None and page.may_ring:
            self._pages.keep(page, events.PageWithdrawn(at=self._tx.now, page=number, whom=page.whom))

    def failed(self, number: int, why: str) -> None:
        """Record that the pager rejected the page for good."""
        page = self._pages.locked(number)
        if page is None:
            return
        failed = events.PageFailed(
            at=self._tx.now,
            page=page.number,
            whom=page.whom,
            why=why,
            fallback=self._pages.fallback(page),
        )
        self._pages.keep(page, failed)
        Phones(self._tx).show_for(page)

    def waits(self, number: int, why: str) -> None:
        """Show on the page that the pager has not accepted an answer from chat yet. Spy keeps trying."""
        page = self._pages.locked(number)
        if page and page.answer and page.why is None:
            self._pages.put(replace(page, why=why), origin=f"waits:{self._pages.mark}")

    def answered(self, number: int, answer: str, ringing: Ringing, *, by: str) -> bool:
        """Record that the pager confirmed an answer from chat.

        Return False if the pager still shows the page as ringing.
        """
        page = self._pages.locked(number)
        if page is None:
            return True
        if ringing.status not in {ACKNOWLEDGE, RESOLVE}:
            self.not_answered(number)
            return False
        event = self._confirmed(page, ringing, by=by)
        page = self._pages.keep(page, event) if event else page
        if page.state is PageState.ACKNOWLEDGED and page.acknowledged_by == ringing.who:
            page = replace(page, acknowledged_person=by)
        self._session.pages.put(page.unconfirmed() if page.answer == answer else page)
        self._pages.keep_time(page)
        return True

    def not_answered(self, number: int) -> None:
        """Record that the pager rejected the answer. The page still rings, and its timer starts again."""
        page = self._pages.locked(number)
        if page and page.is_being_renewed:
            lapsed = events.PageUnanswered(at=page.rings_since or self._tx.now, page=number, whom=page.whom)
            self._pages.keep(page.unconfirmed(), lapsed)
        elif page:
            self._pages.put(page.unconfirmed(), origin=f"refused:{self._pages.mark}")

    def escalated(self, number: int, level: int, ringing: Ringing) -> None:
        """Record that the pager escalated to this level because Spy asked. Its webhook may have reported it already."""
        page = self._pages.locked(number)
        if page is None or page.state is not PageState.SENT or not page.may_go_to(level):
            return
        to = ringing.assigned or f"level {level}"
        if self._pages.has_nobody(ringing) and not page.rings_nobody:
            self._pages.keep(page, self._pages.nobody(page))
        elif self._pages.has_nobody(ringing) or to == page.assigned:
            page = replace(page, level=level, escalated_at=self._tx.now)
            self._pages.put(page, origin=f"again:{self._pages.mark}")
        else:
            escalated = events.PageEscalated(at=self._tx.now, page=number, whom=page.whom, to=to)
            self._pages.keep(page, escalated)

    def not_escalated(self, number: int) -> bool:
        """Record that no higher level is left, so that Spy pages the last one again. Return False if known already."""
        page = self._pages.locked(number)
        if page is None or page.is_last_level:
            return False
        self._pages.put(replace(page, is_last_level=True), origin=f"again:{self._pages.mark}")
        return True

    def record(self, news: PagerNews) -> None:
        """Apply news from the pager's webhook or sync. The same news twice changes nothing."""
        ringing = news.page
        known = self._session.pages.by_key(ringing.key) if ringing.key else None
        numbers = {page.number for page in self._session.pages.following(ringing.id)}
        if known and known.pager_id in {None, ringing.id}:
            numbers.add(known.number)
        for number in sorted(numbers):
            self._hear(number, news)

    def has_made(self, ringing: Ringing) -> bool:
        """Whether Spy asked for this page, so that it is no alert."""
        return ringing.key is not None and self._session.pages.by_key(ringing.key) is not None

    def _hear(self, number: int, news: PagerNews) -> None:
        page = self._pages.locked(number)
        if page and page.pager_id is None:
            self.sent(number, news.page)
            page = self._session.pages.get(number)
        if page and news.kind == "unacknowledged" and self._renews(page, news):
            self._renew(page, news)
        elif page and (event := self._told(page, news)):
            self._pages.keep(page, event)
            self._welcome(page, event, news.page)

    def _welcome(self, page: Page, event: events.PageEvent, ringing: Ringing) -> None:
        """Invite the person who acknowledged into the channel. If they are unknown, look them up in Slack first.

        Pages that joined this one need to know them too, so that they do not ring them again.
        """
        if not isinstance(event, events.PageAcknowledged):
            return
        user = ringing.user
        if event.person:
            self._pages.bring(page, event.person)
        elif user and (page.incident or self._session.pages.folded_into(page.number)):
            key = f"find-responder:{page.number}:{user}:{self._pages.mark}"
            self._tx.send(FindResponder(key=key, page=page.number, user=user))

    def found(self, number: int, person: str | None) -> None:
        """Store the Slack id of the person who acknowledged a page, and invite them into the channel."""
        page = self._pages.locked(number)
        if page and page.state is PageState.ACKNOWLEDGED and page.acknowledged_person is None and person:
            page = replace(page, acknowledged_person=person)
            self._session.pages.put(page)
            self._pages.keep_time(page)
            self._pages.bring(page, person)

    def _told(self, page: Page, news: PagerNews) -> events.PageEvent | None:  # noqa: PLR0911  a table
        at = news.page.at or self._tx.now
        who = news.page.who or self._tx.policy.pager_name
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
            case "resolved" if (into := news.page.merged_into) and into != page.pager_id:
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
        self._pages.put(page, origin=f"lapsed:{self._pages.mark}")
        self._tx.send(AnswerPage.given(page.number, ACKNOWLEDGE, by=page.answer_by or "", at=self._tx.now))

    def _responder(self, page: Page, ringing: Ringing) -> str | None:
        """Return the Slack id of the pager's user if it is already known, else None.

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
