"""Spy's words: calm, whole, safe, within Slack's limits, and the same fact in the plain text as in the parts."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.slack.blocks import blocks
from bot.adapters.slack.forms import view
from bot.adapters.templates import JinjaTemplates
from bot.commands.testkit import POLICY, FrozenClock
from bot.domain import events
from bot.domain.effects import ECHOES
from bot.domain.incident import Incident, Link
from bot.domain.message import Buttons, Context, Fields, Header, Message, Section
from bot.domain.page import Page, PageState
from bot.domain.refusal import Choice
from bot.domain.tell import Tell
from bot.ports import Duty
from bot.services.oncall import OnCallAnswer, TeamOnCall

Facts = Mapping[str, Any]

FOLDER = Path(__file__).parents[1] / "templates"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
HALF_HOUR = timedelta(minutes=30)
TYPED = 'the <!channel> is <b>down</b> & "out"'
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel"}

TEMPLATES = JinjaTemplates([FOLDER], clock=FrozenClock(NOW))

PARTIALS = {"words", "events/line", "incident/state"}


def render(template: str, facts: Facts) -> Message:
    return TEMPLATES.render(template, facts, names=NAMES.get)


def buttons(message: Message) -> list[str | None]:
    return [it.say or it.url for part in message.parts if isinstance(part, Buttons) for it in part.buttons]


# --- representative facts ---------------------------------------------------------------------------------

NEW = Incident.declared(42, events.Declared(at=NOON, by="U0ANA", name=TYPED))
FULL = replace(
    NEW,
    severity="sev1",
    room="C0ROOM",
    impact=TYPED,
    impact_since=NOON,
    cause=TYPED,
    update=TYPED,
    updated_at=NOON,
    updated_by="U0ANA",
    update_due=NOON + HALF_HOUR,
    roles={"scribe": "U0RAJ", "support": "U0KIM"},
    links=(Link(url="https://example.com/graph", title=TYPED),),
    members=("U0ANA", "U0RAJ"),
    command_offered_to="U0RAJ",
)
OVER = FULL.after(events.Resolved(at=NOON + HALF_HOUR, by="U0ANA", how=TYPED))
REFUSED = replace(NEW, room_refused="restricted_action", commander=None, command_since=None)
INCIDENTS = (NEW, FULL, OVER, REFUSED, replace(FULL, private=True), replace(FULL, drill=True))

ASKED = Page(
    number=17, key="k", message=TYPED, requested_by="U0ANA", requested_at=NOON, team="imoc", incident=42
)
SENT = replace(ASKED, state=PageState.SENT, sent_at=NOON)
ACKNOWLEDGED = replace(
    SENT, state=PageState.ACKNOWLEDGED, acknowledged_by="Raj Patel", acknowledged_at=NOON + HALF_HOUR
)
FAILED = replace(ASKED, state=PageState.FAILED, why="PagerDuty is down", fallback=("Kim +1 2", "<#C0IMOC>"))
PAGES = (
    ASKED,
    SENT,
    replace(SENT, escalated_to="Kim Park"),
    ACKNOWLEDGED,
    replace(ACKNOWLEDGED, state=PageState.RESOLVED, resolved_at=NOW),
    replace(FAILED, state=PageState.DELAYED),
    FAILED,
    replace(SENT, team=None, person="U0RAJ"),
    replace(ASKED, requested_by=None, incident=None),
)
TOLD = Tell(number=5, incident=42, team="payments", channel="C0PAY", message=TYPED, by="U0ANA", at=NOON)
TELLS = (TOLD, replace(TOLD, seen_by=("U0RAJ", "U0KIM")), replace(TOLD, failed="is_archived"))

ABOUT: dict[str, Any] = {"at": NOON, "by": "U0ANA"}
PAGED: dict[str, Any] = {"at": NOON, "page": 17, "whom": "<@U0RAJ>"}
HAPPENED: tuple[events.Event, ...] = (
    events.Declared(**ABOUT, name=TYPED, severity="sev1", private=True),
    events.RoomOpened(at=NOON, channel="C0ROOM", channel_name="inc-42"),
    events.RoomRefused(at=NOON, why="restricted_action"),
    events.PersonJoined(at=NOON, person="U0RAJ"),
    events.SeveritySet(**ABOUT, severity="sev1", before=None),
    events.SeveritySet(**ABOUT, severity="sev1", before="sev2"),
    events.PhaseChanged(**ABOUT, phase="mitigated", before="triage"),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=NOON + HALF_HOUR),
    events.UpdatePosted(**ABOUT, message=TYPED, next_due=None),
    events.NoteTaken(**ABOUT, note=TYPED),
    events.NoteRemoved(**ABOUT, message="1.0", supersedes=3),
    events.ImpactStated(**ABOUT, impact=TYPED, since=NOON),
    events.CauseSuspected(**ABOUT, cause=TYPED),
    events.LinkAdded(**ABOUT, url="https://example.com", title=TYPED),
    events.Resolved(**ABOUT, how=TYPED),
    events.Resolved(at=NOON),
    events.Reopened(**ABOUT),
    events.Cancelled(**ABOUT),
    events.CommandTaken(**ABOUT, commander="U0ANA", before=None),
    events.CommandTaken(**ABOUT, commander="U0ANA", before="U0RAJ"),
    events.CommandOffered(**ABOUT, to="U0ANA"),
    events.CommandOffered(**ABOUT, to="U0RAJ"),
    events.CommandDeclined(**ABOUT, to="U0RAJ"),
    events.RoleGiven(**ABOUT, role="scribe", person="U0RAJ"),
    events.PageRequested(**PAGED, by="U0ANA", message=TYPED),
    events.PageSent(**PAGED, pagerduty_id="PD1", url="https://example.com"),
    events.PageAcknowledged(**PAGED, who="Raj Patel"),
    events.PageUnanswered(**PAGED),
    events.PageEscalated(**PAGED, to="Kim Park"),
    events.PageResolved(**PAGED, who="Raj Patel"),
    events.PageDelayed(**PAGED, why="no answer", fallback=("Kim +1 2",)),
    events.PageFailed(**PAGED, why="no answer"),
    events.TeamTold(**ABOUT, tell=5, team="payments", message=TYPED),
    events.TellSeen(**ABOUT, tell=5, team="payments"),
    events.TellFailed(at=NOON, tell=5, team="payments", why="is_archived"),
    events.DeliveryFailed(at=NOON, what="The channel's topic", why="too_long"),
)


def facts_of(event: events.Event) -> Facts:
    return {**asdict(event), "kind": event.kind(), "incident": 42, "permalink": "https://example.com/p"}


def state_of(incident: Incident) -> Facts:
    return {
        "incident": incident,
        "pages": PAGES if incident is FULL else (),
        "now": NOW,
        "lasted": incident.lasted(NOW),
        "commanded_for": NOW - incident.command_since if incident.command_since else None,
        "events": [facts_of(event) for event in HAPPENED[-3:]],
    }


STATES = [state_of(incident) for incident in INCIDENTS]
SHORT = [{"incident": incident} for incident in INCIDENTS]
ANA = Duty(policy="PPOL1", level=1, name="Ana Lima", end=NOW)
ON_CALL = TeamOnCall(team=POLICY.teams["imoc"], duties=(ANA, replace(ANA, level=2)))
NOBODY = TeamOnCall(team=POLICY.teams["payments"], duties=())
FAMILY = {"name": "page", "commands": [{"usage": 'page (:team|@person) "message"', "help": "Page.\nMore."}]}

DONE = ("reopened", "cancelled", "noted", "severity", "phase", "cause", "link", "taken", "declined", "x")

CASES: dict[str, list[Facts]] = {
    "surfaces/card": STATES,
    "surfaces/announcement": STATES,
    "surfaces/brief": STATES,
    "surfaces/page": [{"page": it, "incident": FULL if it.incident else None, "now": NOW} for it in PAGES],
    "surfaces/tell": [{"tell": it, "incident": FULL, "now": NOW} for it in TELLS],
    "surfaces/told": [{"tell": it, "incident": on, "now": NOW} for it in TELLS for on in INCIDENTS],
    "incident/tldr": [*STATES, {**STATES[1], "shared": True}],
    "incident/timeline": [{"incident": FULL, "events": [facts_of(event) for event in HAPPENED]}],
    "incident/who": STATES,
    "incident/list": [{"incidents": INCIDENTS[:2], "now": NOW}, {"incidents": [], "now": NOW}],
    "incident/declared": [
        {"incident": it, "is_new": new, "announce": where}
        for it in INCIDENTS
        for new in (True, False)
        for where in ("C0INC", None)
    ],
    "incident/stopped": [{"incident": OVER, "pages": pages} for pages in ([], PAGES)],
    "incident/done": [{**it, "what": what} for it in SHORT for what in DONE],
    "incident/updated": [{"incident": FULL}, {"incident": replace(FULL, update_due=None)}],
    "incident/impact": [{"incident": FULL}],
    "incident/told": [{**it, "tell": TOLD, "team": POLICY.teams["payments"]} for it in SHORT],
    "incident/seen": [{"tell": TOLD}],
    "incident/offered": [{**it, "to": "U0RAJ"} for it in SHORT],
    "incident/role": [{**it, "role": "scribe", "person": "U0RAJ"} for it in SHORT],
    "incident/unsaid": [{**it, "words": "x", "why": "is_archived"} for it in SHORT],
    "page/requested": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)],
    "page/asked": [
        {"page": it, "what": "acknowledge", "incident": on} for it in PAGES for on in (None, *INCIDENTS)
    ],
    "page/title": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)],
    "page/details": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)],
    "room/topic": SHORT,
    "oncall/who": [
        {"answer": OnCallAnswer(teams=(ON_CALL, NOBODY), synced_at=at, trouble=trouble), "now": NOW}
        for at in (NOON, None)
        for trouble in (None, "PagerDuty is down")
    ],
    "help/commands": [
        {"families": [FAMILY], "wanted": wanted, "is_found": found, "brief": not wanted}
        for wanted, found in (("", True), ("page", True), (TYPED, False))
    ],
    "help/plugins": [{"families": ["page"], "failures": broken} for broken in ((), ("x.py: no",))],
    "help/refusal": [{"sentence": TYPED, "choices": (Choice(label="Reopen", say="incident 1 reopen"),)}],
    "help/form": [
        {"command": "incident me", "incident": None, "terminal": True},
        {"command": "incident update", "incident": 42, "terminal": False, "why": "too late"},
    ],
} | {
    f"events/{kind}": [
        {"e": facts_of(it), "drill": drill} for it in HAPPENED if it.kind() == kind for drill in (True, False)
    ]
    for kind in dict.fromkeys(it.kind() for it in HAPPENED)
}

FORMS: dict[str, Facts] = {
    "incident/declare": {"severities": ["sev1", "sev2"]},
    "incident/update": {"incident": asdict(FULL)},
}

EVERY = [
    pytest.param(template, facts, id=f"{template}-{number}")
    for template, several in CASES.items()
    for number, facts in enumerate(several)
]


# --- what holds for every message -------------------------------------------------------------------------


def test_every_template_is_tried_here():
    found = {str(path.relative_to(FOLDER)).removesuffix(".j2") for path in FOLDER.rglob("*.j2")}

    assert found - PARTIALS == set(CASES) | {f"{form}.form" for form in FORMS}


def test_every_event_that_is_heard_has_its_line():
    assert {it.kind() for it in ECHOES} <= {it.kind() for it in HAPPENED}


@pytest.mark.parametrize(("template", "facts"), EVERY)
def test_the_words_are_calm_and_whole(template: str, facts: Facts):
    text = re.sub(r"<!date[^>]*>", "date", render(template, facts).text)

    assert text
    for blemish in ("!", "  ", "None", " ,", " .\n", "..", "()", "\n\n\n", "\x02"):
        assert blemish not in text
    assert not re.search(r"(?m)^[ ,.·;]|[ ·,]$", text)


@pytest.mark.parametrize(("template", "facts"), EVERY)
def test_what_a_person_typed_cannot_ping_or_forge(template: str, facts: Facts):
    text = render(template, facts).text

    assert "<!channel>" not in text
    assert "<b>" not in text
    assert "&amp;lt;" not in text


@pytest.mark.parametrize(("template", "facts"), EVERY)
def test_the_plain_text_holds_every_fact_of_the_parts(template: str, facts: Facts):
    message = render(template, facts)

    for part in message.parts:
        match part:
            case Header(text=text) | Section(text=text) | Context(text=text):
                assert text in message.text
            case Fields(texts=texts):
                assert all(it.replace("*", "", 2).replace("\n", ": ", 1) in message.text for it in texts)


@pytest.mark.parametrize(("template", "facts"), EVERY)
def test_a_message_fits_into_slack_without_being_cut(template: str, facts: Facts):
    message = render(template, facts)

    drawn = str(blocks(message))
    assert len(message.parts) <= 50
    assert all(len(part.text) <= 150 for part in message.parts if isinstance(part, Header))
    assert all(len(part.texts) <= 10 for part in message.parts if isinstance(part, Fields))
    assert len(drawn) < 12_000


@pytest.mark.parametrize("form", FORMS)
def test_a_form_asks_in_words_that_fit(form: str):
    asked = TEMPLATES.form(form, FORMS[form])

    drawn = view(asked, memory={"command": "incident me"})
    assert len(asked.title) <= 24
    assert "<!channel>" not in str(drawn)
    assert "built-in" not in str(drawn)


DRILLS = [it for it in CASES if any(isinstance(facts.get("incident"), Incident) for facts in CASES[it])]


@pytest.mark.parametrize("template", DRILLS)
def test_a_drill_says_so_on_everything(template: str):
    facts = next(facts for facts in CASES[template] if facts.get("incident"))

    message = render(template, {**facts, "incident": replace(facts["incident"], drill=True)})

    assert "DRILL" in message.text
    assert (
        "DRILL" not in render(template, {**facts, "incident": replace(facts["incident"], drill=False)}).text
    )


@pytest.mark.parametrize("event", HAPPENED, ids=lambda event: event.kind())
def test_a_line_says_drill_in_a_drill_only(event: events.Event):
    lines = [
        render(f"events/{event.kind()}", {"e": facts_of(event), "drill": drill}).text
        for drill in (True, False)
    ]

    assert lines[0] == f"DRILL · {lines[1]}"


@pytest.mark.parametrize("page", PAGES)
def test_a_private_incident_is_not_named_to_pagerduty(page: Page):
    secret = replace(FULL, name="payroll leaked", private=True)
    facts = {"page": replace(page, message=secret.name), "incident": secret}

    for template in ("page/title", "page/details"):
        assert "payroll" not in render(template, facts).text


@pytest.mark.parametrize("incident", INCIDENTS)
@pytest.mark.parametrize("page", PAGES)
def test_a_pages_title_is_one_plain_line(page: Page, incident: Incident):
    long = {"page": replace(page, message="word\n" * 900), "incident": replace(incident, name="x" * 120)}

    title = render("page/title", long).text

    assert "\n" not in title
    assert len(title) <= 255


@pytest.mark.parametrize("name", ["<" * 120, "checkout is down", "&" * 120])
def test_a_topic_fits(name: str):
    assert len(render("room/topic", {"incident": replace(FULL, name=name, drill=True)}).text) <= 250


# --- single messages --------------------------------------------------------------------------------------


def test_a_private_incident_is_not_named_to_the_team_that_is_told():
    secret = replace(FULL, name="payroll leaked", private=True)

    message = render("surfaces/told", {"tell": TOLD, "incident": secret, "now": NOW})

    assert "payroll" not in message.text
    assert "C0ROOM" not in f"{message.text} {buttons(message)}"
    assert buttons(message) == ["incident 42 seen 5"]


def test_the_card_of_an_open_incident_offers_what_to_do():
    assert buttons(render("surfaces/card", STATES[1])) == [
        "incident 42 take",
        "incident 42 update",
        "incident 42 tldr",
        "incident 42 stop",
    ]


def test_the_card_of_a_closed_incident_says_how_it_ended():
    message = render("surfaces/card", STATES[2])

    assert "Lasted: 30 min" in message.text
    assert "*Resolved* 12:30 UTC" in message.text
    assert buttons(message) == ["incident 42 tldr", "incident 42 reopen"]


def test_an_update_says_when_the_next_one_is_due():
    event = events.UpdatePosted(at=NOON, by="U0ANA", message="rolled back", next_due=NOON + HALF_HOUR)

    text = render("events/update_posted", {"e": facts_of(event), "drill": False}).text

    assert text.startswith("*Update* from Ana Lima: rolled back · next by 12:30 UTC (")
    assert text.endswith(", in 30 min")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (ASKED, "on its way to PagerDuty"),
        (SENT, "not acknowledged so far"),
        (ACKNOWLEDGED, "acknowledged by Raj Patel at 12:30 UTC"),
        (replace(SENT, escalated_to="Kim Park"), "escalated to Kim Park, not acknowledged so far"),
        (replace(ACKNOWLEDGED, state=PageState.RESOLVED, resolved_at=NOW), "resolved 12:20 UTC"),
        (FAILED, "failed: PagerDuty is down. Reach them another way: Kim +1 2 · <#C0IMOC>."),
    ],
)
def test_the_line_of_a_page_walks(page: Page, said: str):
    text = render("surfaces/page", {"page": page, "incident": None, "now": NOW}).text

    assert said in text


@pytest.mark.parametrize(("page", "offered"), [(ASKED, 0), (SENT, 2), (ACKNOWLEDGED, 1), (FAILED, 0)])
def test_a_page_offers_buttons_while_it_rings(page: Page, offered: int):
    message = render("surfaces/page", {"page": page, "incident": None, "now": NOW})

    assert len(buttons(message)) == offered


def test_the_tldr_says_by_how_much_an_update_is_late():
    late = {**STATES[1], "now": NOON + 2 * HALF_HOUR}

    assert "*Next update* overdue by 30 min" in render("incident/tldr", late).text


def test_a_tldr_that_is_shared_is_not_offered_for_sharing():
    own, shared = render("incident/tldr", STATES[1]), render("incident/tldr", {**STATES[1], "shared": True})

    assert buttons(own) == ["incident 42 share tldr"]
    assert buttons(shared) == []


def test_narration_names_people_without_pinging_them():
    text = render("incident/timeline", CASES["incident/timeline"][0]).text

    assert "Raj Patel" in text
    assert "<@U0RAJ>" not in text


def test_the_announcement_says_why_there_is_no_channel_and_whom_to_ask():
    text = render("surfaces/announcement", STATES[3]).text

    assert "restricted_action" in text
    assert "<@U0ANA>" in text
