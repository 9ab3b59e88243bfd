"""The step guide as people see it: on the card, in the checklist, and once at ten minutes."""

from bot.domain.effects import PostEvent, UpsertMessage
from bot.domain.subject import IncidentChannel
from bot.testing import SpyKit
from tests.support.times import in_utc


def test_the_card_says_the_step_and_what_is_missing(spy: SpyKit, channel: str):
    assert "*Step 2 of 8*: assess the impact · missing: the impact" in spy.message_type("card", 1).text

    spy.say('incident impact "nobody can pay"', channel=channel)

    assert "*Step 3 of 8*: communicate · missing: the first update" in spy.message_type("card", 1).text


def test_next_step_is_one_press_and_one_edit(spy: SpyKit, channel: str):
    spy.deliver()
    before = len(spy.effects)

    spy.press("Next step", spy.message_type("card", 1), by="U0RAJ", channel=channel)

    asked = spy.effects[before:]
    assert [it.message_type for it in asked if isinstance(it, UpsertMessage)] == ["card"]
    assert not [it for it in asked if isinstance(it, PostEvent)]
    assert "step 3 of 8: communicate" in spy.private()[-1].text
    assert "Raj Patel moved on from step assess the impact" in (
        spy.say("incident timeline", channel=channel).message.text
    )


def test_the_checklist_tells_all_steps(spy: SpyKit, channel: str):
    spy.say('impact "nobody can pay"', channel=channel)
    spy.say("step next", by="U0RAJ", channel=channel)

    text = spy.say("checklist", channel=channel).message.text

    assert "✅ 1. don't panic · Ana Lima 12:00 UTC" in in_utc(text)
    assert "✅ 2. assess the impact · Ana Lima 12:00 UTC" in in_utc(text)
    assert "✅ 3. communicate · Raj Patel moved on 12:00 UTC" in in_utc(text)
    assert "without the first update" in text
    assert "▶ *4. what changed?* · missing: a suspect." in text
    assert "▫ 8. clean up · missing: the review" in text


def test_that_nothing_changed_is_an_answer(spy: SpyKit, channel: str):
    spy.say('impact "nobody can pay"', channel=channel)
    spy.say('update "we look"', channel=channel)

    answer = spy.say("incident nothing changed", channel=channel)

    assert "step 5 of 8: mitigate" in answer.message.text
    assert "Ana Lima says: nothing changed" in spy.say("timeline", channel=channel).message.text
    checklist = spy.say("checklist", channel=channel).message.text
    assert "✅ 4. what changed? · Ana Lima 12:00 UTC" in in_utc(checklist)
    assert ": nothing changed" in checklist


def test_that_nothing_changed_is_confirmed_at_any_step(spy: SpyKit, channel: str):
    answer = spy.say("incident nothing changed", channel=channel)

    assert answer.message.text.startswith("Recorded: nothing changed.")
    assert "step 2 of 8" in answer.message.text


def test_who_skips_mitigation_is_told_once_and_kindly(spy: SpyKit, channel: str):
    spy.say('cause "a full disk"', channel=channel)

    spy.pass_time(minutes=30)

    said = [it.text for it in spy.reminder_messages(to=IncidentChannel(1)) if "mitigate" in it.text]
    assert len(said) == 1
    assert said[0].startswith(
        "*Mitigate first, then find the cause.* People are looking for the cause of INC-1"
    )
    assert (
        "*mitigate first* (once, after 10 min)" in spy.say("why mitigate_first", channel=channel).message.text
    )


def test_what_was_said_shows_that_it_is_mitigated(spy: SpyKit, channel: str):
    spy.say('cause "a full disk"', channel=channel)
    spy.pass_time(minutes=12)

    spy.say("incident status mitigated", channel=channel)

    assert "INC-1: mitigated 12:12 UTC" in in_utc(
        [it.text for it in spy.reminder_messages(to=IncidentChannel(1))][-1]
    )
