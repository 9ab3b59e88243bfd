"""After the end: who says that it is still broken, who is asked, and the lever that was missing."""

from dataclasses import replace

import pytest

from bot.commands.request import Response
from bot.domain.effects import OpenForm
from bot.domain.message import Message
from bot.domain.policy import Policy, ResolutionSettings
from bot.domain.postmortem.follow_up import Category
from bot.testing import POLICY, SpyKit
from bot.testing.clock import FrozenClock
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

REOPENS = replace(POLICY, resolution=ResolutionSettings(still_broken="reopen"))


def resolved(policy: Policy = POLICY, *, how: str = "") -> SpyKit:
    clock = FrozenClock()
    kit = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=policy)
    kit.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")
    kit.say(f'incident me "checkout is down" sev2 {how}', by="U0ANA")
    kit.create_channel(1, channel="C0ROOM")
    kit.say('incident resolve "rolled back"', channel="C0ROOM", by="U0ANA")
    return kit


@pytest.fixture
def spy() -> SpyKit:
    return resolved()


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def labels(of: Message) -> list[str]:
    return [it.label for part in of.parts for it in getattr(part, "buttons", ())]


def kinds(spy: SpyKit) -> list[str]:
    return [it.kind for it in spy.timeline(1)]


# --- still broken -----------------------------------------------------------------------------------------


def test_a_press_under_the_announcement_asks_the_commander(spy: SpyKit):
    announcement = spy.message_type("announcement", 1)

    spy.press("Still broken for you?", announcement, by="U0RAJ", channel="C0INCIDENTS")

    assert "Ana Lima is asked whether to reopen INC-1" in spy.private()[-1].text
    assert not spy.incident(1).is_open
    [line] = [it for it in spy.lines(1) if "Still broken" in it]
    assert "*Still broken* for Raj Patel. <@U0ANA>, is it back?" in line


def test_an_open_incident_has_no_such_button():
    clock = FrozenClock()
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock)
    spy.say('incident me "checkout is down" sev2')

    assert "Still broken for you?" not in labels(spy.message_type("announcement", 1))
    assert "INC-1 is open" in text(spy.say("incident 1 still broken", by="U0RAJ"))


def test_two_people_are_both_named_and_one_person_once(spy: SpyKit):
    for person in ("U0RAJ", "U0KIM", "U0RAJ"):
        answer = spy.say("incident 1 still broken", by=person)

    assert "You said so already. <@U0ANA> was asked in INC-1" in text(answer)
    assert spy.incident(1).still_broken_for == ("U0RAJ", "U0KIM")
    assert kinds(spy).count("still_broken") == 2
    assert "*Still broken* for Raj Patel, Kim Park. Reopen it?" in spy.message_type("card", 1).text


def test_what_a_person_sees_is_kept_even_after_the_press(spy: SpyKit):
    spy.say("incident 1 still broken", by="U0RAJ")
    spy.say('incident 1 still broken "cards fail in <b>Norway</b> <!channel>"', by="U0RAJ")

    [line] = [it for it in spy.lines(1) if "Norway" in it]
    assert "<!channel>" not in line


def test_once_it_is_open_again_nobody_says_so_any_more(spy: SpyKit):
    spy.say("incident 1 still broken", by="U0RAJ")
    spy.say("incident 1 reopen", by="U0ANA")

    assert spy.incident(1).still_broken_for == ()
    assert "Still broken" not in spy.message_type("card", 1).text


def test_configured_so_a_press_opens_it_again():
    spy = resolved(REOPENS)

    answer = spy.say("incident 1 still broken", by="U0RAJ")

    assert "INC-1 is open again" in text(answer)
    assert spy.incident(1).is_open
    assert kinds(spy)[-2:] == ["still_broken", "reopened"]
    assert "INC-1 is open" in text(spy.say("incident 1 still broken", by="U0KIM"))


def test_days_later_a_person_is_asked_instead():
    spy = resolved(REOPENS)
    spy.clock.tick(days=2)

    spy.say("incident 1 still broken", by="U0RAJ")

    assert not spy.incident(1).is_open
    assert spy.incident(1).still_broken_for == ("U0RAJ",)


def test_a_private_incident_is_asked_about_by_its_people_only():
    spy = resolved(how="private")

    assert "There is no INC-1 that you can see" in text(spy.say("incident 1 still broken", by="U0RAJ"))
    assert spy.incident(1).still_broken_for == ()


def test_without_a_number_only_those_that_are_over_are_offered(spy: SpyKit):
    spy.say('incident me "search is slow" sev3', by="U0ANA")

    answer = spy.say('incident still broken "cards fail in Norway"', by="U0RAJ").message

    assert answer
    assert labels(answer) == ["INC-1 checkout is down"]


# --- a lever that was missing -----------------------------------------------------------------------------


def test_at_mitigated_the_channel_is_asked_for_a_missing_lever(spy: SpyKit):
    spy.say("incident 1 reopen")

    spy.say("incident 1 status mitigated", by="U0ANA")

    [line] = [it for it in spy.lines(1) if "*Mitigated*" in it]
    assert "Was a lever missing" in line


def test_the_missing_lever_becomes_a_follow_up_for_recovery(spy: SpyKit):
    spy.say('incident 1 lever missing "shed load by plan"', by="U0RAJ")

    with spy.tx() as tx:
        [added] = tx.session.follow_ups.of(1)
    assert (added.what, added.category) == ("shed load by plan", Category.RECOVERY)


def test_a_missing_lever_is_understood_without_the_word_incident(spy: SpyKit):
    spy.say('lever missing "shed load by plan"', channel="C0ROOM", by="U0RAJ")

    with spy.tx() as tx:
        assert [it.what for it in tx.session.follow_ups.of(1)] == ["shed load by plan"]


def test_a_press_opens_a_form_for_the_lever(spy: SpyKit):
    spy.say("incident 1 lever missing", by="U0RAJ", trigger="t1")

    [form] = spy.asked(OpenForm)
    assert [field.name for field in spy.templates.form(form.form, form.facts).fields] == ["what"]
