"""The announcement channel takes nothing for a while: told once, and once when it works again, through the handler."""

from dataclasses import replace

from bot.adapters.rendering.templates import JinjaTemplates
from bot.domain.effects import Notify, UpsertMessage
from bot.ports import OutboxItem
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.folders import TEMPLATES
from tests.support.stories import Story

SHIPPED = JinjaTemplates([TEMPLATES])
ANNOUNCEMENT = UpsertMessage(key="announcement:1:x", message_type="announcement", ref=1, to="C0INCIDENTS")


def test_an_announcement_that_is_refused_seven_times_is_told_once():
    story, handler = Story(), Handlers(Clients(templates=SHIPPED, chat=FakeChat()))
    story.spy.adopt(
        replace(story.spy.policy, announce="C0INCIDENTS", permissions={"admin": frozenset({"U0KIM"})})
    )
    story.opens('"checkout is down" sev1')
    item = OutboxItem(id=1, effect=ANNOUNCEMENT, attempts=1, uncertain=False, queued_at=story.clock.now())

    for _ in range(7):
        with story.spy.tx() as tx:
            handler.on_giving_up(item, tx, "That channel is archived.")
    with story.spy.tx() as tx:
        attempt = handler.attempt(item, tx)
    assert attempt
    posted = attempt.call()
    with story.spy.tx() as tx:
        attempt.on_success(tx, posted)

    about = [it for it in story.spy.lines(1) if "announcement" in it]
    assert ["could not be delivered" in about[0], "works again" in about[1], len(about)] == [True, True, 2]
    assert [it.template for it in story.spy.asked(Notify)] == ["shared/channel", "shared/channel_over"]
