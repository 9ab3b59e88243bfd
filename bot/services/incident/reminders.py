"""Send the reminders about incidents and pages, and do what follows from them."""

from collections.abc import Sequence

from bot.domain.effects import UpsertMessage
from bot.domain.incident.agenda import agenda, reminder_message, reminder_of, whom
from bot.domain.incident.effects import SayCommand
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import in_words, milestone_of
from bot.domain.incident.reminders import NO_COMMANDER_PAGE, STILL_OPEN, TILL_MORNING
from bot.domain.paging.folding import FOLDED
from bot.domain.reminder import may_post, may_send
from bot.domain.subject import CardOnly, IncidentChannel, Subject
from bot.domain.timer import Timer
from bot.services.paging.folding import Folding
from bot.services.paging.pages import Pages
from bot.services.paging.paging import Paging
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

BY_ZONE = frozenset({STILL_OPEN.name, TILL_MORNING.name})
"""Reminders that come at an hour of their owner's clock. The owner is looked up only when one may be due."""


@reminds("incident")
class IncidentReminders:
    """The reminders about incidents."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        incident = self._session.incidents.get(subject.number)
        if incident is None:
            return []
        timers = agenda(incident, self._tx.policy)
        if not any(it.reminder in BY_ZONE and it.due_at <= self._tx.now for it in timers):
            return timers
        known = self._session.people.get(incident.owner)
        zone = (known.zone if known else None) or "UTC"
        timers = agenda(incident, self._tx.policy, zone=zone)
        return [it for it in timers if not self._has_lapsed(it, zone)]

    def _has_lapsed(self, timer: Timer, zone: str) -> bool:
        reminder = reminder_of(timer.reminder)
        return bool(
            reminder
            and reminder.lapses
            and reminder.lapses(timer.due_at, self._tx.policy, zone) <= self._tx.now
        )

    def send(self, timer: Timer) -> None:
        incident = self._tx.incident(timer.subject.number)
        policy, now = self._tx.policy, self._tx.now
        milestone, reminder = milestone_of(timer.reminder, policy), reminder_of(timer.reminder)
        to = whom(incident, timer.reminder, policy)
        is_urgent = bool(reminder and reminder.is_urgent(incident))
        allowed = (
            may_post(incident, now, policy, is_urgent=is_urgent)
            if to == IncidentChannel(incident.number)
            else may_send(incident, now, is_urgent=is_urgent)
        )
        if milestone and milestone.command:
            self._say(in_words(milestone.command, incident), timer, by=incident.contact)
        if allowed:
            incident = self._tx.record(incident, timer.sent_event(now, to=to))
            sent = incident.reminded[timer.reminder]
            self._tx.send(reminder_message(incident.number, timer.reminder, sent, origin="said"))
        else:
            incident = self._tx.record(incident, timer.sent_event(now, to=CardOnly(incident.number)))
            self._show_on_card(incident)
        if timer.reminder == NO_COMMANDER_PAGE.name:
            self._page_backup(incident.number)

    def _show_on_card(self, incident: Incident) -> None:
        number = incident.number
        key, channel = f"card:{number}:{incident.entries}", IncidentChannel(number)
        self._tx.send(UpsertMessage(key=key, message_type="card", ref=number, to=channel))

    def _say(self, command: str, timer: Timer, *, by: str) -> None:
        number = timer.subject.number
        self._tx.send(SayCommand(key=f"say:{timer.key}", incident=number, command=command, person=by))

    def _page_backup(self, number: int) -> None:
        """Page the command team about the missing commander. A drill pages nobody."""
        incident, policy = self._tx.incident(number), self._tx.policy
        team = policy.teams.get(policy.command_team or "")
        if team and team.service and not incident.drill:
            words = f"{incident.id} has no commander: {incident.name}"
            Paging(self._tx).page_team(team, words, by=None, incident=incident)


@reminds("page")
class PageReminders:
    """The reminders about unanswered pages."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        return Pages(self._tx).agenda(subject.number)

    def send(self, timer: Timer) -> None:
        if timer.reminder == FOLDED:
            Folding(self._tx).look(timer.subject.number)
        else:
            Paging(self._tx).unanswered(timer.subject.number, timer)
