"""Spy's words: calm, whole, safe, within Slack's limits, and the same fact in the plain text as in the parts."""

import re
from dataclasses import replace
from functools import cache
from itertools import chain

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.adapters.slack.blocks import blocks, messages
from bot.adapters.slack.forms import view
from bot.app.samples.events import HAPPENED, facts_of
from bot.app.samples.incident import STATES, TOLD
from bot.app.samples.messages import FORMS, cases
from bot.app.samples.world import (
    ABOUT,
    ACKNOWLEDGED,
    ASKED,
    FAILED,
    FULL,
    HALF_HOUR,
    INCIDENTS,
    NAMES,
    NOON,
    NOW,
    PAGES,
    SENT,
    Facts,
)
from bot.domain.event import Event
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.message import Button, Buttons, Context, Fields, Header, Message, Section
from bot.domain.paging.page import Page, PageState
from bot.sandbox.slack.blocks import sound_message
from bot.services.messages import MESSAGE_TYPES
from bot.testing import FrozenClock
from tests.support.each import each
from tests.support.events import SHOWN
from tests.support.folders import TEMPLATES
from tests.support.times import in_utc

SHIPPED = JinjaTemplates([TEMPLATES], clock=FrozenClock(NOW))
CASES = cases(SHIPPED)


def render(template: str, facts: Facts) -> Message:
    return SHIPPED.render(template, facts, names=NAMES.get)


def buttons(message: Message) -> list[str | None]:
    return [it.say or it.url for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


def shown(message: Message) -> list[str]:
    return [it.label for it in _buttons(message) if not it.in_menu]


def in_menu(message: Message) -> list[str]:
    return [it.label for it in _buttons(message) if it.in_menu]


def _buttons(message: Message) -> list[Button]:
    return [it for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


@cache
def said(template: str) -> list[Message]:
    """All that a template says of the facts above."""
    return [render(template, facts) for facts in CASES[template]]


# --- what holds for every message -------------------------------------------------------------------------


def test_every_form_is_tried_here():
    assert {f"{it}.form.j2" for it in FORMS} == {
        it.relative_to(TEMPLATES).as_posix() for it in TEMPLATES.rglob("*.form.j2")
    }


def test_every_event_that_is_heard_has_its_line():
    assert {it.kind() for it in SHOWN} <= {it.kind() for it in HAPPENED}


@each(CASES)
def test_the_words_are_calm_and_whole(template: str):
    for message in said(template):
        text = re.sub(r"<!date[^>]*>", "date", message.text)

        assert text
        for blemish in ("!", "  ", "None", " ,", " .\n", "..", "()", "\n\n\n", "\x02"):
            assert blemish not in text
        assert not re.search(r"(?m)^[ ,.·;]|[ ·,]$", text), text


@each(CASES)
def test_what_a_person_typed_cannot_ping_or_forge(template: str):
    for message in said(template):
        assert "<!channel>" not in message.text
        assert "<b>" not in message.text
        assert "&amp;lt;" not in message.text


@each(CASES)
def test_the_plain_text_holds_every_fact_of_the_parts(template: str):
    for message in said(template):
        for part in message.parts:
            match part:
                case Header(text=text) | Section(text=text) | Context(text=text):
                    assert text in message.text
                case Fields(texts=texts):
                    assert all(it.replace("*", "", 2).replace("\n", ": ", 1) in message.text for it in texts)


@each(CASES)
def test_a_message_fits_into_slack_without_being_cut(template: str):
    split = [messages(message) for message in said(template)]

    assert all(len(them) == 1 for them in split) or template not in {
        it.template for it in MESSAGE_TYPES.values()
    }  # edited in place
    for message in chain.from_iterable(split):
        drawn = blocks(message)
        assert not drawn or sound_message(drawn)
        assert all(len(part.text) <= 150 for part in message.parts if isinstance(part, Header))
        assert all(len(part.texts) <= 10 for part in message.parts if isinstance(part, Fields))


@each(FORMS)
def test_a_form_asks_in_words_that_fit(form: str):
    asked = SHIPPED.form(form, FORMS[form])

    drawn = view(asked, memory={"command": "incident me"})
    assert len(asked.title) <= 24
    assert "<!channel>" not in str(drawn)
    assert "built-in" not in str(drawn)


DRILLS = [it for it in CASES if any(isinstance(facts.get("incident"), Incident) for facts in CASES[it])]


@each(DRILLS)
def test_a_drill_says_so_on_everything(template: str):
    facts = next(facts for facts in CASES[template] if facts.get("incident"))

    message = render(template, {**facts, "incident": replace(facts["incident"], drill=True)})

    assert "DRILL" in message.text
    assert (
        "DRILL" not in render(template, {**facts, "incident": replace(facts["incident"], drill=False)}).text
    )


@each(HAPPENED, name=lambda event: event.kind())
def test_a_line_says_drill_in_a_drill_only(event: Event):
    lines = [
        render(f"events/{event.kind()}", {"e": facts_of(event), "drill": drill}).text
        for drill in (True, False)
    ]

    assert lines[0] == f"DRILL · {lines[1]}"


@pytest.mark.parametrize("page", PAGES)
def test_a_private_incident_is_not_named_to_pagerduty(page: Page):
    secret = replace(FULL, name="payroll leaked", private=True)
    facts = {"page": replace(page, message=secret.name), "incident": secret}

    for template in ("paging/title", "paging/details"):
        assert "payroll" not in render(template, facts).text


@pytest.mark.parametrize("incident", INCIDENTS)
@pytest.mark.parametrize("page", PAGES)
def test_a_pages_title_is_one_plain_line(page: Page, incident: Incident):
    long = {"page": replace(page, message="word\n" * 900), "incident": replace(incident, name="x" * 120)}

    title = render("paging/title", long).text

    assert "\n" not in title
    assert len(title) <= 255


@pytest.mark.parametrize("name", ["<" * 120, "checkout is down", "&" * 120])
def test_a_topic_fits(name: str):
    assert len(render("incident/topic", {"incident": replace(FULL, name=name, drill=True)}).text) <= 250


# --- single messages --------------------------------------------------------------------------------------


def test_a_private_incident_is_not_named_to_the_team_that_is_told():
    secret = replace(FULL, name="payroll leaked", private=True)

    message = render("incident/team_notice", {"notice": TOLD, "incident": secret, "now": NOW})

    assert "payroll" not in message.text
    assert "C0ROOM" not in f"{message.text} {buttons(message)}"
    assert buttons(message) == ["incident 42 seen 5"]


def test_the_card_of_an_open_incident_offers_what_to_do():
    led = replace(FULL, commander="U0ANA")
    nobody = replace(FULL, commander=None, command_since=None)

    theirs, free = (render("incident/card", {**STATES[1], "incident": it}) for it in (led, nobody))

    assert shown(theirs) == ["Update", "Page", "Resolve", "Runbook restart-db"]
    assert shown(free) == ["Update", "Page", "Take command", "Resolve", "Runbook restart-db"]
    assert in_menu(theirs) == [
        "Runbook roll-back-deploy",
        "Take command",
        "Hand over",
        "What changed?",
        "Next step",
        "tldr",
    ]
    assert in_menu(free) == ["Runbook roll-back-deploy", "Hand over", "What changed?", "Next step", "tldr"]


def test_the_card_begins_with_how_bad_how_far_how_long_and_who_and_then_the_impact():
    lines = in_utc(render("incident/card", STATES[1]).text).splitlines()

    assert lines[0] == "DRILL · INC-42" or lines[0].startswith("INC-42")
    assert re.fullmatch(r"🔴 \*sev1\* · \w+ · opened [\d:]+ UTC · \*Ana Lima\* leads", lines[1]), lines[1]
    assert lines[2].startswith("*Impact* since ")


def test_the_age_of_an_incident_is_drawn_by_the_reader():
    assert "opened <!date^1795435200^{ago}|12:00 UTC>" in render("incident/card", STATES[1]).text


def test_the_card_of_a_closed_incident_says_how_it_ended():
    message = render("incident/card", STATES[2])

    assert "resolved 12:30 UTC after 30 min" in in_utc(message.text)
    assert buttons(message) == ["incident 42 tldr", "postmortem 42", "incident 42 reopen"]


def test_an_update_says_when_the_next_one_is_due():
    event = events.UpdatePosted(at=NOON, by="U0ANA", message="rolled back", next_due=NOON + HALF_HOUR)

    text = render("events/update_posted", {"e": facts_of(event), "drill": False}).text

    assert in_utc(text).startswith("*Update* from Ana Lima: rolled back · next by 12:30 UTC")
    assert text.endswith(", in 30 min")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (ASKED, "on its way to PagerDuty"),
        (SENT, "not acknowledged yet"),
        (ACKNOWLEDGED, "acknowledged by Raj Patel at 12:30 UTC"),
        (replace(SENT, escalated_to="Kim Park"), "escalated to Kim Park, not acknowledged yet"),
        (replace(ACKNOWLEDGED, state=PageState.RESOLVED, resolved_at=NOW), "resolved 12:20 UTC"),
        (FAILED, "failed: PagerDuty is down. Reach them another way: Kim Park · <#C0IMOC>."),
    ],
)
def test_the_line_of_a_page_walks(page: Page, said: str):
    text = in_utc(render("paging/page", {"page": page, "incident": None, "now": NOW}).text)

    assert said in text


@pytest.mark.parametrize(("page", "offered"), [(ASKED, 0), (SENT, 2), (ACKNOWLEDGED, 1), (FAILED, 1)])
def test_a_page_offers_buttons_while_it_rings_and_phone_numbers_once_it_failed(page: Page, offered: int):
    message = render("paging/page", {"page": page, "incident": None, "now": NOW})

    assert len(buttons(message)) == offered


def test_the_tldr_says_by_how_much_an_update_is_late():
    late = {**STATES[1], "now": NOON + 2 * HALF_HOUR}

    assert "*Next update* overdue by 30 min" in render("incident/tldr", late).text


def test_a_tldr_that_is_shared_is_not_offered_for_sharing():
    own, shared = render("incident/tldr", STATES[1]), render("incident/tldr", {**STATES[1], "shared": True})

    assert buttons(own) == ["incident 42 share tldr"]
    assert buttons(shared) == []


def test_narration_names_people_without_pinging_them():
    given = events.RoleGiven(**ABOUT, role="scribe", person="U0RAJ")

    facts = {"events": [facts_of(given)], "count": 1, "earlier": None, "later": None}
    text = render("incident/timeline", {"incident": FULL, **facts}).text

    assert "Raj Patel" in text
    assert "<@U0RAJ>" not in text


def test_the_announcement_says_why_there_is_no_channel_and_whom_to_ask():
    text = render("incident/announcement", STATES[3]).text

    assert "restricted_action" in text
    assert "<@U0ANA>" in text
