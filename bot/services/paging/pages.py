"""Keep a page: its state, its timers, and the messages that show it."""

from dataclasses import replace
from datetime import datetime

from bot.domain.effects import UpsertMessage
from bot.domain.paging import events
from bot.domain.paging.folding import Fate, carrier_subject, carrier_timer, fate, folded_agenda
from bot.domain.paging.page import NOBODY, Page
from bot.domain.paging.reminders import UNANSWERED, page_agenda
from bot.domain.subject import Address, IncidentChannel
from bot.domain.timer import Timer
from bot.ports import Ringing
from bot.services.directory import Directory
from bot.services.home.changes import HomeChanges
from bot.services.incident.channels import IncidentChannels
from bot.services.read_access import ReadAccess
from bot.services.relief.work_periods import WorkPeriods
from bot.services.transaction import Transaction


class Pages:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def locked(self, number: int) -> Page | None:
        """Load and lock a page.

        The lock of its incident covers it, so a page of an incident needs no lock of its own.
        """
        page = self._session.pages.get(number)
        if page and page.incident:
            self._tx.incident(page.incident)
        else:
            self._session.lock(f"page:{number}")
        return self._session.pages.get(number)

    def keep(self, page: Page, event: events.PageEvent) -> Page:
        before = page.state
        page = page.after(event)
        self._session.pages.put(page)
        if page.incident:
            incident = self._tx.record(self._tx.incident(page.incident), event)
            if page.requested_by is None:
                self._tx.send(*WorkPeriods(self._tx).about_page(incident, page.number))
        origin = f"{event.kind()}:{int(event.at.timestamp() * 1000)}"
        self.show(page, origin=origin)
        sent = page.reminded.get(UNANSWERED)
        if sent and (page.state is not before or isinstance(event, events.PageEscalated)):
            self.show_unanswered(page, sent.occurrence, origin=origin, to=sent.address)
        self.keep_time(page)
        return page

    def put(self, page: Page, *, origin: str) -> None:
        """Store a change that has no event, and refresh the page's messages."""
        self._session.pages.put(page)
        self.show(page, origin=origin)
        if page.incident:
            key = f"card:{page.incident}:page:{page.number}:{origin}"
            self._tx.send(
                UpsertMessage(
                    key=key, message_type="card", ref=page.incident, to=IncidentChannel(page.incident)
                )
            )
        if sent := page.reminded.get(UNANSWERED):
            self.show_unanswered(page, sent.occurrence, origin=origin, to=sent.address)
        self.keep_time(page)

    def keep_time(self, page: Page) -> None:
        """Set the page's timers. If pages that joined it must follow its change, their look comes at once.

        Every change of a page comes here, so that the Homes of those for whom it rings are looked at too.
        """
        HomeChanges(self._tx).of_asked(page.person)
        self._session.timers.replace(page.subject, self._agenda(page))
        self._session.timers.replace(carrier_subject(page.number), self._carrier_agenda(page))

    def carrier_agenda(self, number: int) -> list[Timer]:
        """Return the look at the pages that joined this one; none if nothing changes for them."""
        page = self._session.pages.get(number)
        return self._carrier_agenda(page) if page else []

    def _carrier_agenda(self, page: Page) -> list[Timer]:
        joined = self._session.pages.folded_into(page.number)
        is_due = any(self.fate(it, page) is not Fate.WAIT for it in joined if it.is_only_here)
        return [carrier_timer(page, now=self._tx.now)] if is_due else []

    def fate(self, page: Page, carrier: Page | None) -> Fate:
        """Return what happens next to a page that joined another one."""
        return fate(
            page,
            carrier,
            is_needless=carrier is not None and self.is_needless(carrier),
            now=self._tx.now,
            limit=self._tx.policy.limits.ring_again_after,
        )

    def is_needless(self, page: Page) -> bool:
        """Whether its incident has ended since the page was requested."""
        incident = self._session.incidents.look(page.incident) if page.incident else None
        return page.is_needless(incident)

    def agenda(self, number: int) -> list[Timer]:
        """Reload the page and return its next timers."""
        page = self.locked(number)
        return self._agenda(page) if page else []

    def _agenda(self, page: Page) -> list[Timer]:
        if page.is_only_here:
            return folded_agenda(page, limit=self._tx.policy.limits.ring_again_after)
        incident = self._session.incidents.look(page.incident) if page.incident else None
        return page_agenda(page, self._tx.policy, incident)

    def show(self, page: Page, *, origin: str, permalink_of: tuple[int, int] | None = None) -> None:
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

    def show_unanswered(self, page: Page, occurrence: str, *, origin: str, to: Address) -> None:
        self._tx.send(UpsertMessage.about("unanswered", page.number, occurrence, to=to, origin=origin))

    def move_line(self, number: int) -> None:
        """Move the page's message to a DM with its requester, if the channel can't show it."""
        page = self.locked(number)
        if page and page.requested_by and page.line_at != page.requested_by:
            page = replace(page, line_at=page.requested_by)
            self._session.pages.put(page)
            self.show(page, origin="moved")

    def bring(self, page: Page, person: str) -> None:
        """Invite the person who answered into the incident channel, unless they were removed since the page."""
        if page.incident:
            incident = self._tx.incident(page.incident)
            IncidentChannels(self._tx).bring(incident, person, called_at=page.requested_at)

    def is_open_to(self, page: Page, person: str) -> bool:
        """Whether a person may have this page with another one: they see its incident and have not left it since."""
        incident = self._session.incidents.look(page.incident) if page.incident else None
        is_out = incident is not None and incident.has_left(person, since=page.requested_at)
        return not is_out and ReadAccess(self._tx).sees_record(person, page.incident)

    def nobody(self, page: Page, *, as_of: datetime | None = None) -> events.PageRingsNobody:
        team = self._tx.policy.teams.get(page.team or "")
        return events.PageRingsNobody(
            at=self._tx.now,
            page=page.number,
            whom=page.whom,
            as_of=as_of,
            manager=Directory(self._tx).manager(team),
            fallback=self.fallback(page),
        )

    def has_nobody(self, ringing: Ringing) -> bool:
        """Whether the pager has the page but nobody is on call. False until the first sync of the on-calls."""
        if ringing.status != "triggered":
            return False
        asked = self._session.on_calls.copy().synced_at is not None
        return ringing.assigned == NOBODY or (ringing.assigned is None and asked)

    def fallback(self, page: Page) -> tuple[str, ...]:
        """Return other ways to reach the people, from the stored copy of the on-calls.

        No phone numbers: all in the channel read it, and the timeline keeps it. Who requested the page gets them.
        """
        team = self._tx.policy.teams.get(page.team or "")
        on_calls = self._session.on_calls.copy().on_calls
        reach = [it.name for it in on_calls if team and it.policy == team.escalation_policy]
        if page.person:
            reach.append(f"<@{page.person}>")
        if team:
            reach.append(f"<#{team.channel}>")
        return tuple(dict.fromkeys(reach))

    @property
    def mark(self) -> int:
        return int(self._tx.now.timestamp() * 1000)
