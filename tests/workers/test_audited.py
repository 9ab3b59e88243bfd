"""What Spy does outside without being asked is in the audit log with its outcome, and nothing else is."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.audit import AuditLine
from bot.ports import Rejected
from bot.services.audit import AuditLog
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from bot.workers.outbox import Delivery
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager


def deliver(spy: SpyKit, pager: FakePager) -> None:
    delivery = Delivery(
        Handlers(Clients(templates=spy.templates, chat=FakeChat(), maybe_pager=pager)),
        sessions=spy.sessions,
        clock=spy.clock,
        policy=spy.policy,
        lease=timedelta(seconds=20),
        senders=4,
    )
    assert delivery.drain(within=timedelta(seconds=20))
    delivery.stop()


def outside(spy: SpyKit) -> Sequence[AuditLine]:
    with spy.tx() as tx:
        return [line for _, line in AuditLog(tx).find() if line.source == "spy"]


def test_a_page_that_was_sent_is_there_once_and_messages_are_not(spy: SpyKit):
    spy.say('incident me "checkout is down" sev1')

    deliver(spy, FakePager())

    [line] = outside(spy)
    assert (line.command, line.outcome, line.person, line.incident) == ("Page 1", "done", None, 1)
    assert [it.partition(" ")[2] for it in line.events] == ["page_sent"]


def test_a_page_that_was_given_up_is_there_with_the_reason(spy: SpyKit):
    pager = FakePager()
    pager.troubles = [Rejected("no_service", "PagerDuty knows no such service")]
    spy.say('incident me "checkout is down" sev1')

    deliver(spy, pager)

    [line] = outside(spy)
    assert (line.outcome, line.why) == ("given up", "PagerDuty knows no such service")
