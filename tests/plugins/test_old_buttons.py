"""Buttons and forms that are older than what they speak of: each does what it says, or says why not.

The buttons are those of every message that there is, the forms those that a command opens.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bot.adapters.slack import payloads
from bot.commands.request import Request, Response
from bot.domain.effects import OpenForm, Post, PostEphemeral
from bot.domain.paging.effects import SendPage
from bot.ports import Ringing
from bot.services.paging.pager_results import PagerResults
from bot.testing import FrozenClock, SpyKit
from tests.plugins.test_ways_of_speaking import CHANNEL, TEMPLATES, busy, heard
from tests.test_words import CASES, buttons, said

NUMBERS = re.compile(r"\b(?:2|3|5|7|12|14|17|42|43)\b")
EARLIER = (
    "failover approve 1",
    "failover answer 1 check",
    "failover answer 1 roll_back",
    "incident 1 hush 15m",
)
"""What buttons of earlier versions said: a message in Slack keeps its buttons."""
NO_CHANGE = ("http", "changes", "incident list", "incident me")
STATES = {
    "open": (),
    "resolved": ("stop",),
    "reopened": ("stop", "reopen"),
    "cancelled": ("cancel",),
    "reviewed": (
        "stop",
        *(f"postmortem none {it} because" for it in ("detection", "escalation", "recovery", "prevention")),
        "postmortem close",
    ),
    "handed over": ("hand @raj",),
}
OVER = ("resolved", "cancelled", "reviewed")
FORMS = (
    "incident me",
    "incident 1 stop",
    "incident 1 update",
    "incident 1 hand",
    "incident 1 action",
    "inc-1 postmortem write",
    "inc-1 postmortem none",
    "runbook restart-db",
)
SAMPLES = {"person": "<@U0RAJ>", "tick": "yes", "line": "friday", "text": "rolled back", "span": "30m"}


@cache
def all_buttons() -> list[str]:
    """Return what the buttons of every message say, of those that may change something."""
    shown = (it for name in CASES for message in said(name) for it in buttons(message) if it)
    found = {*EARLIER, *(NUMBERS.sub("1", it) for it in shown)}
    return sorted(it for it in found if not it.startswith(NO_CHANGE))


def night(state: str) -> SpyKit:
    """Return a Spy whose incident has come to this, with its page rung."""
    spy = _night(state)
    return spy.restarted(clock=FrozenClock(spy.clock.now()))


@cache
def _night(state: str) -> SpyKit:
    spy = busy()
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://pd/1", status="triggered"))
    for words in STATES[state]:
        spy.clock.tick(minutes=1)
        spy.say(words, by="U0ANA", channel=CHANNEL)
    if state == "handed over":
        spy.say("accept", by="U0RAJ", channel=CHANNEL)
    spy.clock.tick(minutes=1)
    return spy


def press(words: str, *, by: str = "U0KIM", thread: str | None = None) -> Request:
    message = {"ts": "5.5", "thread_ts": thread} if thread else {"ts": "5.5"}
    about = {"trigger_id": "t1", "user": {"id": by}, "channel": {"id": CHANNEL}, "message": message}
    action = {"type": "button", "value": words}
    request = payloads.press({**about, "response_url": "https://hooks.slack.com/1", "actions": [action]})
    assert request
    return request


def sent(form: OpenForm) -> Request:
    """Fill in a form that was opened, and send it."""
    fields = TEMPLATES.form(form.form, form.facts).fields
    values: dict[str, Any] = {
        it.name: {
            "answer": {
                "type": "plain_text_input",
                "value": it.options[0][0] if it.options else SAMPLES.get(it.name, SAMPLES[it.kind]),
            }
        }
        for it in fields
    }
    memory = f'{{"command": "{form.command}", "incident": {form.incident or "null"}, "channel": "{CHANNEL}"}}'
    view = {"id": "V1", "private_metadata": memory, "state": {"values": values}}
    return payloads.submission({"trigger_id": "t2", "user": {"id": "U0KIM"}, "view": view})


def opened(spy: SpyKit, words: str) -> OpenForm:
    spy.request(press(words))
    form: OpenForm = spy.asked(OpenForm)[-1]
    return form


def facts(spy: SpyKit) -> tuple[Any, ...]:
    """Return what no button changes once it is over."""
    incident = spy.incident(1)
    return (incident.phase, incident.commander, incident.severity, incident.update, incident.roles)


def answers(spy: SpyKit) -> Iterator[tuple[str, SpyKit, str]]:
    """Press each button of all, each on a copy: give what it said, Spy afterwards, and the answer."""
    for words in all_buttons():
        again = spy.restarted()
        _, answer = heard(again, press(words))
        yield words, again, answer.text


@pytest.mark.parametrize("state", STATES)
def test_every_button_is_answered_and_none_changes_what_is_over_or_wakes_somebody_for_it(state: str):
    spy = night(state)
    before, ringing = facts(spy), len(spy.asked(SendPage))

    for words, after, answer in answers(spy):
        assert not answer.startswith(("I don't know", "I understood", "What can I do")), words
        if state in OVER and words != "incident 1 reopen":
            wakes = len(after.asked(SendPage)) > ringing and words.startswith("inc")
            assert (facts(after), wakes) == (before, False), words


@pytest.mark.parametrize("words", ["update", "hand", "snooze 15m", "take", "sev sev2", "next", "stop"])
@pytest.mark.parametrize("state", OVER)
def test_a_button_of_what_is_over_says_so_at_once(state: str, words: str):
    spy = night(state)

    _, answer = heard(spy, press(f"incident 1 {words}"))

    assert answer.text.startswith(f"INC-1 is {'already ' if words == 'stop' else ''}{spy.incident(1).state}")


@pytest.mark.parametrize("words", ["accept", "decline"])
@pytest.mark.parametrize("by", ["U0KIM", "U0ANA", "U0RAJ"])
def test_command_that_was_handed_over_is_on_offer_no_more(words: str, by: str):
    spy = night("handed over")

    heard_by = spy.request(press(f"incident 1 {words}", by=by))

    assert heard_by == Response()
    assert "not offered to you now" in spy.private()[-1].text or "already command" in spy.private()[-1].text
    assert spy.incident(1).commander == "U0RAJ"


def test_a_page_that_an_old_button_asks_for_is_sent_only_if_it_is_wanted_all_the_same():
    spy = night("resolved")
    _, refused = heard(spy, press("inc-1 page <@U0RAJ> nobody is on call"))

    spy.press("Page all the same", refused, channel=CHANNEL)

    assert refused.text.startswith("INC-1 is resolved, so nobody is paged.")
    assert spy.pages(1)[-1].person == "U0RAJ"


@pytest.mark.parametrize("words", ["pager ack 1", "pager resolve 1"])
def test_a_page_that_is_being_resolved_is_not_answered_again(words: str):
    _, answer = heard(night("resolved"), press(words))

    assert answer.text.startswith("Page 1 is being resolved already, by <@U0ANA>")


def test_a_button_of_an_incident_that_is_not_there_or_not_for_you_says_so():
    spy = night("open")
    spy.say('incident me "layoffs" private', by="U0ANA")

    for number in (2, 9):
        for words in (it for it in all_buttons() if it.startswith("incident 1 ") and " seen " not in it):
            _, answer = heard(spy.restarted(), press(words.replace("incident 1", f"incident {number}")))
            assert answer.text.startswith(f"There is no INC-{number} that you can see."), words


# --- in a thread ------------------------------------------------------------------------------------------


def test_every_button_in_a_thread_is_answered_there():
    spy = night("open")
    for words in all_buttons():
        again = spy.restarted()
        before = len(again.effects)
        again.request(press(words, thread="4.4"))
        said_there = [it for it in again.effects[before:] if isinstance(it, Post | PostEphemeral | OpenForm)]
        assert [it.thread for it in said_there] == ["4.4"], words


@pytest.mark.parametrize("words", ["spy take", "spy note a thought", "spy sev sev2", "spy update we look"])
def test_what_is_said_in_a_thread_is_answered_there(words: str):
    spy = night("open")
    event = {"type": "message", "channel": CHANNEL, "channel_type": "channel", "user": "U0KIM", "ts": "9.1"}
    request = payloads.speech(
        {"event_id": "Ev1", "event": {**event, "text": words, "thread_ts": "4.4"}}, "U0SPY"
    )
    assert request

    spy.request(request)

    assert [it.thread for it in spy.effects if isinstance(it, Post)] == ["4.4"]


# --- forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["open", "resolved", "reopened", "handed over"])
@pytest.mark.parametrize("words", FORMS)
def test_a_form_is_answered_after_a_restart_and_whatever_happened_meanwhile(state: str, words: str):
    form = opened(night("open"), words)
    spy = night(state).restarted()
    before = len(spy.effects)

    answer = spy.request(sent(form))

    assert answer.complaints or answer.message or len(spy.effects) > before
    assert "I don't know" not in repr(answer)


@pytest.mark.parametrize("state", OVER)
@pytest.mark.parametrize("words", ["incident 1 stop", "incident 1 update", "incident 1 hand"])
def test_a_form_of_what_is_over_by_now_says_so_beside_its_question(state: str, words: str):
    form = opened(night("open"), words)
    spy = night(state)

    answer = spy.request(sent(form))

    assert spy.incident(1).state in "".join(answer.complaints.values())


def test_a_form_that_was_sent_twice_is_carried_out_once():
    spy = night("open")
    form = opened(spy, "incident 1 update")

    for _ in range(2):
        spy.request(sent(form))
    spy = spy.restarted()
    spy.request(sent(form))

    assert [it.kind for it in spy.timeline(1)].count("update_posted") == 1
