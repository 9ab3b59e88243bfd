"""A small rota to try on-call life in: the kit, a pager whose schedules change, a chat that knows e-mails."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.message import Message
from bot.domain.oncall.effects import MakeOverride
from bot.domain.policy import Policy
from bot.ports import Calendars, Person, Profile
from bot.testing import NOON, POLICY, FrozenClock, SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.sync import Sync
from plugins import incident, oncall, page
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager, turn
from tests.support.outbox import deliver
from tests.support.templates import shipped

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = {"U0ANA": "Europe/Lisbon", "U0RAJ": "Asia/Kolkata", "U0KIM": "America/Los_Angeles"}
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0KIM": "Kim Park"}
EMAILS = {"U0ANA": "ana@example.com", "U0RAJ": "raj@example.com", "U0KIM": "kim@example.com"}


class Rota:
    """The command team's schedule is empty until somebody is put `on` it; `sync` lets Spy read it."""

    def __init__(self, policy: Policy = POLICY, calendars: Calendars | None = None) -> None:
        clock = FrozenClock()
        words = shipped(clock)
        self.spy = SpyKit(
            incident, oncall, page, policy=policy, templates=words, clock=clock, calendars=calendars
        )
        self.pager = FakePager(schedules={"PSCH1": [], "PSCH2": []})
        self.chat = FakeChat()
        for person, email in EMAILS.items():
            self.chat.profiles[person] = Profile(name=NAMES[person], email=email, zone=ZONES[person])
        self._sync = Sync(
            sessions=self.spy.sessions,
            clock=clock,
            policy=lambda: policy,
            chat=self.chat,
            pager=self.pager,
            wake=lambda: None,
            owner="test",
        )
        for person, zone in ZONES.items():
            self.moves_to(zone, person=person)

    @property
    def now(self) -> datetime:
        return self.spy.clock.now()

    def on(self, who: str, start: datetime, end: datetime) -> None:
        """Put a person (ana, raj, kim) on call for the command team, over whoever was."""
        self.pager.override("PSCH1", email=f"{who}@example.com", start=start, end=end)

    def beside(self, who: str, start: datetime, end: datetime) -> None:
        """Put a person on call for the command team beside whoever is: its schedule becomes shift-based."""
        self.pager.joins("PSCH1", f"{who}@example.com", start, end)

    def empty(self) -> None:
        self.pager.schedules["PSCH1"] = []

    def sync(self) -> None:
        """Let Spy read the schedules, and speak what is due at once."""
        self._sync.shifts()
        self.spy.tick()

    def read_rings(self) -> None:
        """Let Spy read whom the pager rang."""
        self._sync.rings()

    def copy_on_calls(self) -> None:
        """Let Spy read who is on call by the escalation policies."""
        self._sync.oncall()

    def moves_to(self, zone: str, *, person: str) -> None:
        """Let somebody travel, as their Slack shows when it is asked next."""
        with self.spy.sessions.begin() as session:
            session.people.put(Person(id=person, name=NAMES[person], zone=zone, profiled_at=self.now))

    def pass_time(self, length: timedelta) -> None:
        self.spy.pass_time(seconds=length.total_seconds())

    def deliver_promises(self) -> None:
        """Let PagerDuty hear of promises to cover, and answer."""
        handler = Handlers(Clients(templates=self.spy.templates, chat=self.chat, maybe_pager=self.pager))
        for effect in self.spy.asked(MakeOverride):
            deliver(self.spy, handler, effect)

    def texts(self, message_type: str, to: str) -> list[str]:
        """Return the messages of a message type to an address, as each stands now."""
        return [message.text for message in self.messages(message_type, to)]

    def messages(self, message_type: str, to: str) -> Sequence[Message]:
        return self.spy.reminder_messages(message_type, to=to)


__all__ = ["DAY", "HOUR", "NOON", "Rota", "turn"]
