"""Paging from chat: asked for, followed, answered."""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.pagerduty.webhook import news
from bot.commands.request import Response, Source
from bot.domain.effects import OpenForm, UpsertMessage
from bot.domain.paging.effects import AnswerPage, EscalatePage, SendPage
from bot.ports import OnCallShift, Ringing
from bot.services.incident.team_notices import TeamNotices
from bot.services.oncall.oncall import OnCall
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY, SpyKit
from tests.support.times import in_utc


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def rings(spy: SpyKit, number: int) -> None:
    with spy.tx() as tx:
        PagerResults(tx).sent(number, Ringing(id="PD1", url="https://pd/PD1", status="triggered"))


def ringing(spy: SpyKit, number: int, assigned: str | None) -> None:
    key = spy.pages(1)[0].key
    ringing = Ringing(id="Q1", url="https://pd/Q1", status="triggered", key=key, assigned=assigned)
    with spy.tx() as tx:
        PagerResults(tx).sent(number, ringing)


def on_call(spy: SpyKit, *on_calls: OnCallShift) -> None:
    with spy.tx() as tx:
        OnCall(tx).synced(on_calls)


def test_a_team_is_paged_and_its_line_walks(spy: SpyKit, channel: str):
    answer = spy.say("page :payments cards are refused", channel=channel)
    rings(spy, 2)

    line = spy.message_type("page", 2).text
    assert text(answer).startswith("Page 2 to :payments is on its way.")
    assert in_utc(line).startswith("*Page 2 to :payments*: cards are refused\nsent 12:00 UTC")
    assert line.endswith("not acknowledged yet")


def test_a_person_is_paged_by_mention_or_by_name(spy: SpyKit):
    spy.say("page <@U0RAJ|raj> come", channel="C0GENERAL")
    spy.say("page @kim come", channel="C0GENERAL")

    with spy.tx() as tx:
        assert [tx.session.pages.get(n).person for n in (1, 2)] == ["U0RAJ", "U0KIM"]  # type: ignore[union-attr]
    assert [it.to for it in spy.asked(UpsertMessage)] == ["C0GENERAL", "C0GENERAL"]


def test_a_page_outside_an_incident_needs_none(spy: SpyKit):
    spy.say('page imoc "come"', source=Source.MENTION)

    assert len(spy.asked(SendPage)) == 1


def test_a_page_is_acknowledged_from_its_line(spy: SpyKit, channel: str):
    rings(spy, 1)

    spy.say("pager ack 1", channel=channel, by="U0RAJ")
    spy.press("Acknowledge", spy.message_type("page", 1), by="U0KIM", channel=channel)

    assert {it.answer for it in spy.asked(AnswerPage)} == {"acknowledged"}
    assert spy.asked(AnswerPage)[0].by == "U0RAJ"


def test_in_a_channel_with_one_page_its_number_may_be_left_out(spy: SpyKit, channel: str):
    rings(spy, 1)

    answer = spy.say("pager resolve", channel=channel)

    assert text(answer).startswith("PagerDuty is asked to resolve page 1 (:imoc).")


def test_with_several_pages_the_choice_is_told(spy: SpyKit, channel: str):
    spy.say("page :payments x", channel=channel)
    rings(spy, 1)
    rings(spy, 2)

    assert text(spy.say("pager ack", channel=channel)) == "Which page? Ringing now: 1 (:imoc), 2 (:payments)."


def test_a_page_that_pagerduty_does_not_have_yet_can_not_be_answered(spy: SpyKit, channel: str):
    assert "has not reached the pager yet" in text(spy.say("pager ack 1", channel=channel))
    assert "There is no page 99." in text(spy.say("pager ack 99", channel=channel))


@pytest.mark.parametrize("words", ['page raj "wake up"', "page :raj wake up"])
def test_who_takes_a_person_for_a_team_hears_how_a_person_is_paged(spy: SpyKit, words: str):
    answer = spy.say(words).message

    assert answer
    assert answer.text == "There is no team :raj. Raj Patel is a person: write @raj."


def test_a_reason_that_is_a_sentence_ends_in_one_full_stop(spy: SpyKit, channel: str):
    spy.say("tell :payments hold", channel=channel)

    with spy.tx() as tx:
        PagerResults(tx).failed(1, "PagerDuty refuses the token.")
        TeamNotices(tx).failed(1, "That channel is archived.")

    said = "\n".join(
        [*spy.lines(1), spy.message_type("card", 1).text, spy.message_type("team_notice_sent", 1).text]
    )
    assert said.count("PagerDuty refuses the token. Reach them another way") == 2
    assert said.count("That channel is archived. ") == 2
    assert ".." not in said


# --- nobody is on call ------------------------------------------------------------------------------------


RAJ = OnCallShift(policy="PPOL1", level=1, name="Raj Patel", phone="+1 2")


def test_a_page_that_rings_nobody_says_so_at_once_and_how_to_reach_people(spy: SpyKit):
    on_call(spy)

    answer = text(spy.say('incident me "checkout is down" sev1'))
    spy.create_channel(1)
    ringing(spy, 1, assigned=None)

    assert answer.startswith(
        "*Careful: nobody is on call for :imoc, so this page reaches nobody. Reach them another way: "
    )
    assert "but nobody is on call for :imoc" in spy.message_type("card", 1).text
    assert [
        it for it in map(in_utc, spy.lines(1)) if "Nobody is on call for :imoc* (PagerDuty, 12:00 UTC" in it
    ]


def test_what_rings_nobody_claims_to_ring_nobody_later(spy: SpyKit):
    on_call(spy)
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1)
    ringing(spy, 1, assigned="")

    spy.pass_time(minutes=6)

    [said] = spy.reminder_messages("unanswered")
    assert "Nobody is on call, so this page reaches nobody." in said.text
    assert "next level" not in said.text


@pytest.mark.parametrize(
    ("words", "where"),
    [('page :imoc "come"', "page"), ('inc-1 page :imoc "come"', "page")],
)
def test_the_manager_is_one_press_away(spy: SpyKit, channel: str, words: str, where: str):
    managed = replace(POLICY.teams["imoc"], manager="U0KIM")
    spy.adopt(replace(POLICY, teams={**POLICY.teams, "imoc": managed}))
    on_call(spy)
    answer = spy.say(words, channel=channel).message
    assert answer

    for message in (answer, spy.message_type(where, 2)):
        spy.press("Page Kim Park", message, channel=channel)

    assert [it.person for it in spy.pages(1)[2:]] == ["U0KIM", "U0KIM"]


@pytest.mark.parametrize("on_calls", [[RAJ], [replace(RAJ, level=2)]])
def test_somebody_on_any_level_is_somebody(spy: SpyKit, on_calls: list[OnCallShift]):
    on_call(spy, *on_calls)

    assert "nobody is on call" not in text(spy.say('incident me "checkout is down" sev1'))


def test_what_nobody_knows_yet_is_not_claimed(spy: SpyKit):
    assert "nobody" not in text(spy.say('page :imoc "come"'))


def test_somebody_comes_on_call_after_all(spy: SpyKit, channel: str):
    on_call(spy)
    ringing(spy, 1, assigned="")
    spy.pass_time(minutes=6)
    with spy.tx() as tx:
        PagerResults(tx).escalated(1, 1, Ringing(id="Q1", url="", status="triggered", assigned="Raj Patel"))

    assert "escalated to Raj Patel, not acknowledged yet" in spy.message_type("card", 1).text
    assert "Now paging Raj Patel." in spy.reminder_messages("unanswered")[0].text


# --- merged, answered, over -------------------------------------------------------------------------------


def webhook(**incident: Any) -> bytes:
    facts = {"id": "Q1", "type": "incident", "html_url": "https://pd/Q1", "assignees": [], **incident}
    event = {"id": "01", "event_type": f"incident.{incident['status']}", "data": facts}
    return json.dumps({"event": {**event, "occurred_at": "2026-11-23T12:01:00Z", "agent": None}}).encode()


def hear(spy: SpyKit, body: bytes) -> None:
    with spy.tx(source="pagerduty") as tx:
        found = news(body, signed(body), ["s"])
        assert found
        PagerResults(tx).record(found)


def signed(body: bytes) -> str:
    return "v1=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()


def test_a_merged_page_says_into_what_and_is_answered_there(spy: SpyKit, channel: str):
    ringing(spy, 1, assigned="Raj Patel")
    into = {"id": "Q9", "type": "incident_reference", "html_url": "https://pd/Q9"}
    hear(spy, webhook(status="resolved", resolve_reason={"type": "merge_resolve_reason", "incident": into}))

    merged = in_utc(spy.message_type("page", 1).text)
    hear(spy, webhook(id="Q9", status="acknowledged"))

    assert (
        "merged in PagerDuty into <https://pd/Q9|another incident>, which Spy follows: sent 12:00 UTC"
        in merged
    )
    assert "acknowledged by the pager at 12:01 UTC" in in_utc(spy.message_type("page", 1).text)


@pytest.mark.parametrize("words", ['incident stop "fixed"', 'incident cancel "false alarm"'])
def test_a_page_of_what_is_over_rings_no_further(spy: SpyKit, channel: str, words: str):
    ringing(spy, 1, assigned="Raj Patel")
    spy.pass_time(minutes=2)

    spy.say(words, channel=channel)
    spy.pass_time(minutes=20)

    assert spy.asked(EscalatePage) == []
    assert spy.reminder_messages("unanswered") == []


def test_what_was_said_before_the_end_says_that_it_is_over(spy: SpyKit, channel: str):
    ringing(spy, 1, assigned="Raj Patel")
    spy.pass_time(minutes=6)

    spy.say("incident stop fixed", channel=channel)

    [said] = spy.reminder_messages("unanswered")
    assert said.text.endswith("INC-1 is over, so nobody else is paged.")


def test_an_answer_that_pagerduty_does_not_take_yet_is_told(spy: SpyKit, channel: str):
    ringing(spy, 1, assigned="Raj Patel")
    spy.say("pager ack 1", by="U0RAJ", channel=channel)
    with spy.tx() as tx:
        PagerResults(tx).waits(1, "PagerDuty did not answer")

    card = spy.message_type("card", 1).text
    assert (
        "Raj Patel acknowledged it here, but PagerDuty does not know yet (PagerDuty did not answer)" in card
    )


def test_the_page_form_pages_a_team_or_a_person(spy: SpyKit, channel: str):
    spy.say(
        "page",
        given={"team": ":payments", "person": "", "message": "cards fail"},
        incident=1,
        channel=channel,
    )
    spy.say("page", given={"team": "", "person": "<@U0RAJ>", "message": "help"}, incident=1, channel=channel)

    with spy.tx() as tx:
        assert [it.message for it in tx.session.pages.of(1)][-2:] == ["cards fail", "help"]


def test_the_page_button_opens_a_form(spy: SpyKit, channel: str):
    spy.press("Page", spy.message_type("card", 1), channel=channel, trigger="T1")

    [form] = spy.asked(OpenForm)
    assert (form.form, form.command, form.facts["teams"]) == ("paging/page", "page", [":imoc", ":payments"])


def test_the_only_page_that_rings_need_not_be_named_outside_an_incident(spy: SpyKit):
    spy.say('page <@U0RAJ> "call me"', by="U0KIM")
    rings(spy, 1)

    answer = spy.say("pager ack", by="U0RAJ", channel="D0RAJ").message

    assert answer
    assert "Which page" not in answer.text
    assert [it.page for it in spy.asked(AnswerPage)] == [1]
