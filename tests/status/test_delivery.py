"""Publications on the hosted page: each once, in order, and with their words if they do not get there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import Notify
from bot.domain.status.component import Level
from bot.domain.status.effects import CopyPublication
from bot.domain.subject import IncidentChannel
from bot.ports import Rejected, Unreachable
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.outbox import Delivery
from tests.fakes.chat import Channel, FakeChat
from tests.fakes.hosted_page import FakeHostedPage
from tests.status.test_commands import SLOW, published
from tests.support.status import STATUS


class Scene:
    """Spy with a status page, and a hosted page to which its outbox is delivered by hand."""

    def __init__(self, spy: SpyKit, channel: str) -> None:
        spy.adopt(replace(spy.policy, status=STATUS))
        self.spy, self.channel, self.page = spy, channel, FakeHostedPage()
        chat = FakeChat()
        chat.channels = {it: Channel(id=it, name=it.lower()) for it in (channel, "C0INCIDENTS", "C0GENERAL")}
        self._delivery = Delivery(
            Handlers(Clients(templates=spy.templates, chat=chat, open_hosted_page=lambda: self.page)),
            sessions=spy.sessions,
            clock=spy.clock,
            policy=spy.policy,
            lease=timedelta(seconds=20),
            senders=1,
        )

    def publish(self, words: str) -> None:
        published(self.spy, words, self.channel)

    def deliver(self) -> None:
        assert self._delivery.drain(within=timedelta(seconds=10), until=lambda: self._is_quiet)

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing is under way."""
        with self.spy.sessions.begin() as session:
            return not session.outbox.waiting().get("sending")

    def close(self) -> None:
        self._delivery.stop()

    def pass_time(self, **by: float) -> None:
        self.spy.clock.tick(**by)
        self.deliver()

    @property
    def told(self) -> list[list[str]]:
        return [[it.words for it in report] for report in self.page.reports.values()]


@pytest.fixture
def scene(spy: SpyKit, channel: str) -> Iterator[Scene]:
    scene = Scene(spy, channel)
    yield scene
    scene.close()


def test_a_trouble_is_one_report_from_its_beginning_to_its_end(scene: Scene):
    for words in (SLOW, 'status checkout "We restart a database."', 'status checkout ok "It works again."'):
        scene.publish(words)
        scene.deliver()
    scene.publish('status checkout down "Nobody can pay."')
    scene.deliver()

    assert scene.told == [
        ["Payments are slow.", "We restart a database.", "It works again."],
        ["Nobody can pay."],
    ]
    assert scene.page.states == {"c0mpcheckout": Level.MAJOR_OUTAGE}


def test_what_was_published_during_an_outage_comes_in_order_once_it_is_over(scene: Scene):
    scene.page.trouble = Unreachable("Statuspage answered 503")
    scene.publish(SLOW)
    scene.publish('status checkout "We restart a database."')
    scene.deliver()
    assert scene.told == []

    scene.pass_time(minutes=2)

    assert scene.told == [["Payments are slow.", "We restart a database."]]


def test_a_lost_answer_makes_no_second_report(scene: Scene):
    scene.page.loses_answer = Unreachable("Statuspage did not answer")
    scene.publish(SLOW)
    scene.deliver()

    scene.pass_time(minutes=2)
    scene.publish('status checkout "We restart a database."')
    scene.deliver()

    assert scene.told == [["Payments are slow.", "We restart a database."]]


def test_a_report_that_somebody_deleted_is_begun_anew(scene: Scene):
    scene.publish(SLOW)
    scene.deliver()
    scene.page.delete("inc1")

    scene.publish('status checkout "We restart a database."')
    scene.deliver()

    assert scene.told == [["We restart a database."]]


def test_what_works_and_never_had_a_report_gets_only_its_state(scene: Scene):
    scene.publish('status checkout ok "All is well."')
    scene.deliver()

    assert scene.told == []
    assert scene.page.states == {"c0mpcheckout": Level.OPERATIONAL}


def test_a_component_that_is_not_there_is_not_sent(scene: Scene):
    scene.publish('status api down "No calls."')

    assert not scene.spy.asked(CopyPublication)


def test_a_refusal_is_told_once_with_the_words(scene: Scene):
    scene.page.trouble = Rejected("refused", "Statuspage answered 422: Name can't be blank")
    scene.publish(SLOW)
    scene.deliver()

    [it] = [it for it in scene.spy.asked(Notify) if it.template == "status/not_copied"]
    text = scene.spy.templates.render(it.template, it.facts).text
    assert it.to == IncidentChannel(1)
    assert text.startswith(
        "*Checkout: Degraded performance* did not get to Statuspage: Statuspage answered 422"
    )
    assert ">Payments are slow." in text
    assert "https://manage.statuspage.io" in text


def test_without_an_incident_a_refusal_goes_to_who_published(scene: Scene):
    scene.page.trouble = Rejected("token", "Statuspage refuses the key in STATUSPAGE_API_KEY")
    published(scene.spy, SLOW, "C0GENERAL")
    scene.deliver()

    [it] = [it for it in scene.spy.asked(Notify) if it.template == "status/not_copied"]
    assert it.to == "U0ANA"
