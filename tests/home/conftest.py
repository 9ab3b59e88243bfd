"""Home tabs as people see them: what is queued is delivered to a fake Slack."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.commands.request import HomeOpened
from bot.domain.home.effects import PublishHome
from bot.ports import Profile
from bot.services.people import People
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.homes import HomeLook
from tests.fakes.chat import FakeChat
from tests.support.outbox import deliver


@dataclass
class HomeTabs:
    """The Home tabs of a workspace."""

    spy: SpyKit
    chat: FakeChat = field(default_factory=FakeChat)

    def __post_init__(self) -> None:
        self.handlers = Handlers(Clients(templates=self.spy.templates, chat=self.chat))

    def open(self, *people: str, knows: bool = True) -> None:
        """Let people open their Home tab. Slack has said that they are members, unless told otherwise."""
        for person in people:
            if knows:
                self.met(person, Profile(name=person))
            number = len(self.chat.calls) + len(self.spy.effects)
            mark = self.chat.home_marks.get(person)
            self.spy.notice(HomeOpened(id=f"Ev{number}", channel=f"D{person[1:]}", person=person, mark=mark))
        self.deliver()

    def met(self, person: str, profile: Profile) -> None:
        with self.spy.tx() as tx:
            People(tx).met(person, profile)

    def deliver(self) -> list[str]:
        """Deliver what is queued. Return whose Home was delivered."""
        came, now = [], self.spy.clock.now()
        with self.spy.tx() as tx:
            items = tx.session.outbox.claim("test", now=now, lease=timedelta(seconds=30), limit=1_000)
        for item in items:
            if isinstance(item.effect, PublishHome) and deliver(self.spy, self.handlers, item.effect):
                came.append(item.effect.person)
            with self.spy.tx() as tx:
                tx.session.outbox.done(item.id, at=now)
        return [*came, *self.deliver()] if items else came

    def look(self) -> list[str]:
        """Do what the worker does when the pulse wakes it, and return whose Home was published."""
        spy = self.spy
        HomeLook(
            sessions=spy.sessions,
            clock=spy.clock,
            policy=lambda: spy.policy,
            templates=spy.templates,
            wake=lambda: None,
        ).run()
        return self.deliver()

    def pass_time(self, *, step: float = 1, **by: float) -> list[str]:
        """Let time pass, with a look at each step of so many seconds. Return whose Homes were published."""
        end, came = self.spy.clock.now() + timedelta(**by), list[str]()
        while self.spy.clock.now() < end:
            self.spy.clock.tick(seconds=step)
            came += self.look()
        return came

    def of(self, person: str) -> str:
        """Return what a person's Home tab shows."""
        return self.chat.homes[person][-1].text

    def calls(self) -> int:
        return self.chat.calls.count("publish_home")


@pytest.fixture
def tabs(spy: SpyKit) -> HomeTabs:
    return HomeTabs(spy)
