"""The page over HTTP: what each person sees, who may act, and that typed text stays text."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.sandbox import Box
from bot.sandbox.faults import rate_limited
from bot.sandbox.page import SandboxPage
from bot.sandbox.page.icons import icon
from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import Names, mrkdwn, plain
from bot.sandbox.slack.world import BOT_USER
from bot.sandbox.stories.player import Story

Json = dict[str, Any]
Act = Callable[..., httpx.Response]
SCRIPT = "<script>alert(1)</script>"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def box() -> Iterator[Box]:
    """A box without a bot: each payload fails at once."""
    with Box(delivery="http") as box:
        box.bot_url = "http://127.0.0.1:9"
        box.slack.sender.retries = ()
        yield box


@pytest.fixture
def page(box: Box) -> Iterator[SandboxPage]:
    page = SandboxPage(box)
    yield page
    page.close()


@pytest.fixture
def browser(box: Box, page: SandboxPage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.url) as client:
        yield client


@pytest.fixture
def act(browser: httpx.Client) -> Act:
    """Return a function that runs an action as Ana, or as `by`."""

    def run(name: str, /, *, by: str = "ana", **facts: object) -> httpx.Response:
        return browser.post(f"/act/{name}", params={"as": by}, json=facts)

    return run


def words(text: str, kind: str = "mrkdwn") -> Json:
    return {"type": kind, "text": text}


# --- who may act


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "https://evil.example"}, id="another origin"),
        pytest.param({"origin": "null"}, id="an origin that hides"),
        pytest.param({"origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"host": "evil.example:8765"}, id="a name that points at this machine"),
    ],
)
def test_no_page_of_another_origin_can_act_or_read(
    box: Box, browser: httpx.Client, headers: dict[str, str]
) -> None:
    said = browser.post("/act/say", json={"channel": "C0GENERAL", "text": "x"}, headers=headers)
    called = browser.post(
        "/api/chat.postMessage", json={"channel": "C0GENERAL", "text": "x"}, headers=headers
    )

    assert (said.status_code, called.status_code) == (403, 403)
    assert box.slack.messages("general") == []


def test_the_page_itself_can_act(box: Box, browser: httpx.Client) -> None:
    said = browser.post("/act/say", json={"channel": "C0GENERAL", "text": "hi"}, headers={"origin": box.url})

    assert said.json() == {"ok": True}
    assert [m.text for m in box.slack.messages("general")] == ["hi"]


def test_a_form_of_html_can_not_act(browser: httpx.Client) -> None:
    assert browser.post("/act/say", data={"text": "x"}).status_code == 415


def test_nothing_from_outside_may_be_loaded(browser: httpx.Client) -> None:
    policy = browser.get("/").headers["content-security-policy"]

    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path", ["/static/../page.py", "/static/%2e%2e/page.py", "/static/nothing.js", "/x", "/region/x"]
)
def test_unknown_addresses_get_404(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_the_page_waits_until_the_bot_is_ready(box: Box) -> None:
    page = SandboxPage(box, is_ready=False)
    with httpx.Client(base_url=box.url) as browser:
        early = browser.get("/")
        page.learn({})
        late = browser.get("/")
    page.close()

    assert early.status_code == 503
    assert "Spy is starting" in early.text
    assert late.status_code == 200


# --- what each person sees


def test_a_private_channel_is_hidden_from_others(box: Box, browser: httpx.Client) -> None:
    box.slack.say("raj", "security", "a secret")

    assert "a secret" in browser.get("/", params={"as": "raj", "in": "C0SECRET"}).text
    seen_by_ana = browser.get("/", params={"as": "ana", "in": "C0SECRET"}).text
    assert "a secret" not in seen_by_ana
    assert "security" not in seen_by_ana


def test_an_ephemeral_message_is_seen_by_one_person_and_says_so(box: Box, browser: httpx.Client) -> None:
    box.slack.state.post_ephemeral(box.slack.channel("general"), "U0ANA", "between us")

    assert "between us" in browser.get("/", params={"as": "ana"}).text
    assert "Only visible to you" in browser.get("/", params={"as": "ana"}).text
    assert "between us" not in browser.get("/", params={"as": "raj"}).text


def test_unread_channels_are_marked_until_they_are_looked_at(box: Box, browser: httpx.Client) -> None:
    box.slack.say("raj", "imoc", "hello @ana")

    assert 'role="img" aria-label="1 for you"' in browser.get("/", params={"as": "ana"}).text
    browser.get("/", params={"as": "ana", "in": "C0IMOC"})
    assert "for you" not in browser.get("/", params={"as": "ana"}).text


def test_replies_are_in_their_thread_and_counted_at_its_first_message(
    box: Box, browser: httpx.Client
) -> None:
    root = box.slack.say("raj", "general", "it is down")
    box.slack.say("kim", "general", "on it", thread=root)

    channel = browser.get("/").text
    thread = browser.get("/region/dock", params={"thread": root}).text
    assert "1 reply" in channel
    assert "on it" not in channel
    assert "on it" in thread


def test_older_messages_come_a_hundred_at_a_time(box: Box, browser: httpx.Client) -> None:
    first = [box.slack.state.post(box.slack.channel("general"), "U0ANA", f"no {n}") for n in range(250)]

    older = browser.get("/messages", params={"before": first[150].ts}).text

    assert browser.get("/").text.count('<li class="message') == 100
    assert older.count('<li class="message') == 101 - 1
    assert 'class="more"' in older
    assert 'class="more"' not in browser.get("/messages", params={"before": first[50].ts}).text


# --- what was typed is text


def test_a_typed_script_is_text_everywhere(box: Box, browser: httpx.Client) -> None:
    channel = box.slack.create("ana", "x")
    channel.name, channel.topic = SCRIPT, SAFE
    box.slack.say("ana", channel.id, SCRIPT)
    block = {"type": "section", "block_id": "b", "text": words(SAFE), "fields": [words(SAFE, "plain_text")]}
    box.slack.state.post(channel, BOT_USER, "x", blocks=[block, {"type": "markdown", "text": SCRIPT}])
    box.slack.modals.show("U0ANA", {"type": "modal", "title": words(SCRIPT, "plain_text"), "blocks": [block]})

    seen = browser.get("/", params={"in": channel.id}).text

    assert SCRIPT not in seen
    assert seen.count(SAFE) >= 8


def test_a_script_in_an_issue_is_text(box: Box, browser: httpx.Client) -> None:
    issues = f"{box.url}/github/repos/acme/postmortems/issues"
    key = {"authorization": f"token {box.environment()['GITHUB_TOKEN']}"}
    browser.post(
        issues, json={"title": SCRIPT, "body": f"{SCRIPT}\n\n**bold** <!-- a comment -->"}, headers=key
    )

    seen = browser.get("/region/dock", params={"dock": "github", "issue": "1"}).text

    assert SCRIPT not in seen
    assert "<strong>bold</strong>" in seen
    assert "a comment" not in seen.partition("<details>")[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~no~ `a *b*`", "<b>bold</b> <i>it</i> <s>no</s> <code>a *b*</code>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("```\nx &lt; y\n```", "<pre><code>x &lt; y</code></pre>"),
        ("&gt; said\nso", "<blockquote>said</blockquote>so"),
        ("<@U0RAJ> <!here>", '<span class="mention">@raj</span> <span class="mention you">@here</span>'),
        ("<#C9|secret>", f'<span class="mention">{icon("lock")} private channel</span>'),
        ("<javascript:alert(1)|press>", "press"),
        ("<!date^1700000000^{date_short} {time}|fallback>", "Nov 14, 2023 22:13"),
        ("<!date^soon^{time}|fallback>", "fallback"),
        (":memo: :no_such: 10:20:30", '<span class="emoji" title=":memo:">📝</span> :no_such: 10:20:30'),
    ],
)
def test_mrkdwn_looks_as_in_slack(text: str, shown: str) -> None:
    names = Names(
        reader="U0ANA",
        of={"U0RAJ": "raj"}.get,
        may_enter=lambda _: False,
        link=lambda address: address,
        zone=UTC,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )

    assert mrkdwn(text, names) == shown


def test_plain_text_knows_slacks_escapes_and_emoji_but_no_marks() -> None:
    assert plain("a &lt; b &amp; *c* :tada:") == "a &lt; b &amp; *c* 🎉"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("![pic](https://example.com/x.png)", f'<p><span class="picture">{icon("picture")} pic</span></p>\n'),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
        ("<details>\n<summary>More</summary>\n</details>", "<details>\n<summary>More</summary>\n</details>"),
    ],
)
def test_markdown_looks_as_on_github_without_what_could_harm(text: str, shown: str) -> None:
    assert markdown(text) == shown


# --- Block Kit


ONE: Json = {"text": words("One", "plain_text"), "value": "1"}
TWO: Json = {"text": words("Two", "plain_text"), "value": "2", "description": words("the second")}
BLOCKS: list[tuple[Json, str]] = [
    ({"type": "header", "text": words("Down", "plain_text")}, '<h3 class="header">Down</h3>'),
    ({"type": "divider"}, "<hr>"),
    ({"type": "context", "elements": [words("since *ten*")]}, "since <b>ten</b>"),
    ({"type": "image", "alt_text": "a graph", "image_url": "https://x.example/y.png"}, f"{icon('picture')} a graph"),
    (
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "loud", "style": {"bold": True}}, {"type": "user", "user_id": "U0RAJ"}]}]},
        '<b>loud</b><span class="mention">@raj</span>',
    ),
    (
        {"type": "actions", "elements": [{"type": "overflow", "options": [
            {"text": words("Later", "plain_text"), "value": "later"}]}]},
        'data-value="later">Later</button>',
    ),
    (
        {"type": "actions", "elements": [{"type": "checkboxes", "options": [ONE, TWO], "initial_options": [TWO]}]},
        'value="2" checked ',
    ),
    (
        {"type": "actions", "elements": [{"type": "radio_buttons", "options": [ONE, TWO], "initial_option": TWO}]},
        "<small>the second</small>",
    ),
    (
        {"type": "actions", "elements": [{"type": "users_select"}]},
        '<option value="U0KIM" >Kim Park</option>',
    ),
    (
        {"type": "data_table", "caption": "Times", "rows": [
            [{"type": "raw_text", "text": "Time"}, {"type": "raw_text", "text": "Known"}],
            [{"type": "raw_text", "text": SCRIPT}, {"type": "raw_number", "value": 2, "text": "2"}]]},
        f'<th scope="row">{SAFE}</th><td class="number">2</td>',
    ),
    (
        {"type": "data_visualization", "title": "Pages", "chart": {
            "type": "bar", "axis_config": {"categories": ["00-02"]},
            "series": [{"name": "Pages", "data": [{"label": "00-02", "value": 3}]}]}},
        '<meter min="0" max="3" value="3">3</meter>',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("block", "shown"), BLOCKS)
def test_blocks_are_drawn(box: Box, browser: httpx.Client, block: Json, shown: str) -> None:
    token = {"authorization": f"Bearer {box.environment()['SLACK_BOT_TOKEN']}"}
    posted = browser.post(
        "/api/chat.postMessage", json={"channel": "C0GENERAL", "blocks": [block]}, headers=token
    )

    assert posted.json()["ok"], posted.text
    assert shown in browser.get("/").text


def test_a_select_of_channels_offers_only_those_that_its_reader_knows(
    box: Box, browser: httpx.Client
) -> None:
    kinds = ("conversations_select", "channels_select")
    elements = [{"type": kind, "action_id": kind} for kind in kinds]
    blocks = [{"type": "actions", "block_id": "b", "elements": elements}]
    box.slack.state.post(box.slack.channel("general"), BOT_USER, "x", blocks=blocks)

    assert "#security" not in browser.get("/", params={"as": "ana"}).text
    assert browser.get("/", params={"as": "raj"}).text.count(">#security</option>") == 1


def pressed(box: Box) -> Json:
    """Return the payload of the only pressed button."""
    [payload] = [it.payload for it in box.slack.sender.sent if it.payload.get("type") == "block_actions"]
    return payload


def test_the_right_one_of_two_buttons_with_one_name_is_pressed(box: Box, act: Act) -> None:
    buttons = [{"type": "button", "action_id": id_, "text": words("Go", "plain_text")} for id_ in ("a", "b")]
    blocks = [{"type": "actions", "block_id": "x", "elements": buttons}]
    message = box.slack.state.post(box.slack.channel("general"), BOT_USER, "x", blocks=blocks)

    answer = act("press", channel="C0GENERAL", ts=message.ts, block="x", action="b")

    assert pressed(box)["actions"][0]["action_id"] == "b"
    assert answer.json() == {"ok": False, "error": "Spy could not be reached."}


def test_an_incomplete_form_comes_back_with_its_errors(box: Box, browser: httpx.Client, act: Act) -> None:
    element = {"type": "plain_text_input", "action_id": "a"}
    field = {"type": "input", "block_id": "what", "label": words("What?", "plain_text"), "element": element}
    title = words("Update", "plain_text")
    view = box.slack.modals.show(
        "U0ANA", {"type": "modal", "title": title, "submit": title, "blocks": [field]}
    )

    act("submit", view=view.id, values={"what": ""})

    form = browser.get("/region/modal").text
    assert "Please complete this required field." in form
    assert 'aria-invalid=true aria-describedby="f-what-hint f-what-error"' in form


def test_the_home_tab_shows_what_the_app_has_put_there(
    box: Box, page: SandboxPage, browser: httpx.Client, act: Act
) -> None:
    page.learn({"features": {"app_home": {"home_tab_enabled": True}}})
    token = {"authorization": f"Bearer {box.environment()['SLACK_BOT_TOKEN']}"}
    buttons = [{"type": "button", "action_id": "go", "text": words("Go", "plain_text")}]
    view = {"type": "home", "blocks": [{"type": "actions", "block_id": "b", "elements": buttons}]}
    browser.post("/api/views.publish", json={"user_id": "U0ANA", "view": view}, headers=token)

    home = browser.get("/", params={"in": "home"}).text
    act("press", view=box.slack.home("ana").id, block="b", action="go")  # type: ignore[union-attr]

    assert ">Go</button>" in home
    assert pressed(box)["container"]["type"] == "view"


# --- actions


def test_a_command_that_slack_does_not_know_is_refused_in_its_words(page: SandboxPage, act: Act) -> None:
    page.learn({"features": {"slash_commands": [{"command": "/incident"}]}})

    unknown = act("say", channel="C0GENERAL", text="/incidnet list")
    in_thread = act("say", channel="C0GENERAL", text="/incident list", thread="1.2")

    assert unknown.json()["error"].startswith("/incidnet is not a valid command.")
    assert in_thread.json()["error"] == "/incident is not supported in threads. Sorry!"


def test_commands_are_completed_from_the_manifest(page: SandboxPage, browser: httpx.Client) -> None:
    command = {"command": "/incident", "description": "Incidents", "usage_hint": "me"}
    page.learn({"features": {"slash_commands": [command]}})

    offered = browser.get("/words").json()

    assert offered["/"][0] == {"value": "/incident", "about": "Incidents", "usage": "me"}
    assert "@raj" in [it["value"] for it in offered["@"]]


SHORTCUTS = [
    {"name": "Declare from this", "type": "message", "callback_id": "from", "description": "x"},
    {"name": "Declare an incident", "type": "global", "callback_id": "anywhere", "description": "x"},
]


def test_shortcuts_of_the_manifest_are_in_their_menus(
    box: Box, page: SandboxPage, browser: httpx.Client
) -> None:
    box.slack.say("raj", "general", "it is slow")
    before = browser.get("/?in=C0GENERAL").text
    page.learn({"features": {"shortcuts": SHORTCUTS}})

    shown = browser.get("/?in=C0GENERAL").text

    assert "Shortcuts" not in before
    assert [shown.count(f">{it['name']} <") for it in SHORTCUTS] == [1, 1]


def test_a_shortcut_is_chosen_on_a_message_or_anywhere(box: Box, page: SandboxPage, act: Act) -> None:
    page.learn({"features": {"shortcuts": SHORTCUTS}})
    ts = box.slack.say("raj", "general", "it is slow")

    act("shortcut", name="Declare from this", channel="C0GENERAL", ts=ts)
    act("shortcut", name="Declare an incident")
    unknown = act("shortcut", name="Declare from that", channel="C0GENERAL", ts=ts)

    bodies = [it.body.decode() for it in box.exchanges]
    sent = [json.loads(parse_qs(it)["payload"][0]) for it in bodies if it.startswith("payload=")]
    assert [(it["type"], it["callback_id"]) for it in sent] == [
        ("message_action", "from"),
        ("shortcut", "anywhere"),
    ]
    assert sent[0]["message"]["text"] == "it is slow"
    assert unknown.json()["error"].startswith("The app has no message shortcut")


def test_a_person_is_invited_reacts_and_removes_the_reaction(box: Box, act: Act) -> None:
    act("say", by="raj", channel="C0SECRET", text="/invite @kim")
    ts = box.slack.say("raj", "security", "look")

    for _ in range(3):
        act("react", by="kim", channel="C0SECRET", ts=ts, name="eyes")

    assert box.slack.members("security") == ["raj", "kim"]
    assert box.slack.message("security", ts).reactions == {"eyes": ["U0KIM"]}


@pytest.mark.parametrize(
    ("name", "facts", "sentence"),
    [
        ("say", {"channel": "C0GENERAL", "text": " "}, "Type a message first."),
        ("say", {"channel": "C0SECRET", "text": "x"}, "Ana is not in #security"),
        ("say", {"channel": "C0GENERAL", "text": "/invite"}, "Name a person: /invite @raj."),
        ("clock", {"pass": -5}, "The clock moves forward, by a week at most."),
        ("faults", {"name": "hail"}, "There is no switch called hail."),
        ("story", {"name": "x"}, "There is no story called x."),
        ("phone", {"verb": "resolve", "who": "raj", "number": 9}, "PagerDuty has no incident 9"),
        (
            "override",
            {"who": "kim", "start": "2026-01-02T10:00", "end": "2026-01-02T09:00"},
            "An override must",
        ),
        (
            "override",
            {"schedule": "PSCH1", "who": "kim", "start": "2020-01-02T09:00", "end": "2020-01-02T10:00"},
            "The end is in the past. It is now ",
        ),
        ("site", {"site": "west", "health": "failing"}, "This box has no sites."),
        ("site", {"site": "west", "health": "sad"}, "A site is healthy or failing, or gives no response."),
        ("open", {}, "Spy could not be reached."),
        ("dance", {}, "There is no action dance."),
    ],
)
def test_what_can_not_be_done_is_answered_with_a_sentence(
    act: Act, name: str, facts: Json, sentence: str
) -> None:
    answer = act(name, **facts)

    assert not answer.json()["ok"]
    assert answer.json()["error"].startswith(sentence)


def test_an_outage_is_turned_on_and_off(box: Box, act: Act) -> None:
    act("faults", name="limited")
    during = box.faults.outage("slack")
    act("faults", name="limited")

    assert during == rate_limited(5.0)
    assert box.faults.outage("slack") is None


def test_time_passes_for_the_box(box: Box, act: Act) -> None:
    act("clock", rate=60)
    assert box.clock.rate == 60

    act("clock", rate=1)
    before = box.clock.ahead
    act("clock", **{"pass": 1})
    assert box.clock.ahead - before >= timedelta(minutes=1)


def test_an_override_is_added_and_removed(box: Box, browser: httpx.Client, act: Act) -> None:
    start, end = box.clock.now(), box.clock.now() + timedelta(hours=2)
    times = {"start": start.strftime("%Y-%m-%dT%H:%M"), "end": end.strftime("%Y-%m-%dT%H:%M")}
    act("override", schedule="PSCH1", who="kim", **times)

    [override] = box.pagerduty.account.schedules["PSCH1"].overrides
    assert "Remove this override" in browser.get("/region/dock", params={"dock": "oncall"}).text
    act("unoverride", schedule="PSCH1", override=override.id)
    assert box.pagerduty.account.schedules["PSCH1"].overrides == ()


def test_a_site_can_be_made_to_fail() -> None:
    with Box(sites=True) as box, httpx.Client(base_url=box.url) as browser:
        page = SandboxPage(box)
        browser.post("/act/site", json={"site": "west", "health": "failing"})
        seen = browser.get("/region/dock", params={"dock": "sites"}).text
        page.close()

    assert box.sites.west.health == "failing"
    assert '<meter max="100" value="100" aria-label="Share of the traffic that goes to east">' in seen


# --- stories


def story(*lines: str) -> Story:
    return Story(name="own", title="One's own", lines=lines)


def test_a_story_that_can_not_go_on_says_why(box: Box, page: SandboxPage) -> None:
    page.player.pace = 0
    page.player.stories = [story("# Ana says hello", "ana #general> hello", 'expect "goodbye" within 10ms')]

    page.player.play("own")

    box.wait_for(lambda: page.player.playing and page.player.playing.state == "failed")
    assert page.player.playing
    assert 'expected "goodbye" within 0.01 s' in page.player.playing.caption
    assert [m.text for m in box.slack.messages("general")] == ["hello"]


def test_when_a_story_is_over_another_can_be_chosen(
    box: Box, page: SandboxPage, browser: httpx.Client, act: Act
) -> None:
    page.player.stories = [story("ana #general> hello")]
    act("story", name="own")
    while_playing = browser.get("/region/toolbar").text

    box.wait_for(lambda: page.player.playing and page.player.playing.state == "over")

    assert " disabled>" in while_playing
    assert " disabled>" not in browser.get("/region/toolbar").text


def test_a_story_that_is_stopped_goes_no_further(box: Box, page: SandboxPage) -> None:
    page.player.stories = [story("ana #general> hello", "ana #general> hello again")]
    page.player.play("own")
    box.wait_for(lambda: box.slack.messages("general"))

    page.player.stop()

    assert page.player.playing is None
    assert [m.text for m in box.slack.messages("general")] == ["hello"]


# --- events


def test_an_open_page_hears_of_each_message_and_the_time(
    box: Box, page: SandboxPage, browser: httpx.Client
) -> None:
    with browser.stream("GET", "/live") as stream:
        lines = stream.iter_lines()
        assert "event: beat" in [next(lines) for _ in range(4)]

        ts = box.slack.say("raj", "general", "hello")
        sent = next(line for line in lines if '"place": "C0GENERAL"' in line)

    assert json.loads(sent.removeprefix("data: "))["ts"] == ts
    box.wait_for(lambda: not page._events._open)  # noqa: SLF001 - whoever has left is forgotten


def test_the_inspector_shows_what_came_and_what_was_called(box: Box, browser: httpx.Client) -> None:
    token = {"authorization": f"Bearer {box.environment()['SLACK_BOT_TOKEN']}"}
    browser.post("/api/chat.postMessage", data={"channel": "C0GENERAL", "text": SCRIPT}, headers=token)

    shown = browser.get("/region/dock", params={"dock": "inspector"}).text
    detail = browser.get("/exchange/0").text

    assert "<code>chat.postMessage</code>" in shown
    assert SAFE in detail
    assert SCRIPT not in detail
