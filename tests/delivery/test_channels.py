"""The announcement channel takes nothing for a while: told once, and once when it works again, through the courier."""

from dataclasses import replace
from pathlib import Path

from bot.adapters.templates import JinjaTemplates
from bot.delivery.chat import ChatCourier
from bot.domain.effects import Notify, Show
from bot.ports import Parcel
from tests.fakes.chat import FakeChat
from tests.stories import Story

TEMPLATES = JinjaTemplates([Path(__file__).parents[2] / "templates"])
ANNOUNCEMENT = Show(key="announcement:1:x", surface="announcement", ref=1, to="C0INCIDENTS")


def test_an_announcement_that_is_refused_seven_times_is_told_once():
    story, courier = Story(), ChatCourier(FakeChat(), TEMPLATES)
    story.spy.adopt(
        replace(story.spy.policy, announce="C0INCIDENTS", permissions={"admin": frozenset({"U0KIM"})})
    )
    story.opens('"checkout is down" sev1')
    parcel = Parcel(id=1, effect=ANNOUNCEMENT, attempts=1, uncertain=False, queued_at=story.clock.now())

    for _ in range(7):
        with story.spy.tx() as tx:
            courier.gave_up(parcel, tx, "That channel is archived.")
    with story.spy.tx() as tx:
        errand = courier.errand(parcel, tx)
    assert errand
    posted = errand.go()
    with story.spy.tx() as tx:
        errand.settle(tx, posted)

    about = [it for it in story.spy.lines(1) if "announcement" in it]
    assert ["could not be delivered" in about[0], "works again" in about[1], len(about)] == [True, True, 2]
    assert [it.template for it in story.spy.asked(Notify)] == ["trouble/channel", "trouble/channel_over"]
