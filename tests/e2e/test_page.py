"""The sandbox's page in a real browser, with the real bot behind it: what a newcomer sees and does."""

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from bot.sandbox import Box
from bot.sandbox.page import SandboxPage
from bot.sandbox.slack.world import BOT_USER
from bot.sandbox.stories.player import StoryPlayer
from tests.conftest import modest, open_box, spy_manifest
from tests.e2e.bot_process import BotProcess
from tests.support.browser import PHONE, SMALL, WIDE, barriers, can_check_access, chromium, opened, photograph

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
needs_axe = pytest.mark.skipif(not can_check_access(), reason="axe-core is not installed")
DOCUMENT = (
    "# A\n\n[link](https://example.com) in text, `code`\n\n- [x] done\n- [ ] not yet\n\n|a|b|\n|-|-|\n|1|2|\n"
)
SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@dataclass(frozen=True, kw_only=True)
class Window:
    """A page in the browser; `complaints` is what its console said."""

    page: Page
    complaints: list[str]

    def say(self, words: str) -> None:
        self.page.locator("#words").fill(words)
        self.page.locator("#words").press("Enter")

    def visit(self, place: str) -> None:
        """A channel that one is in, as soon as one is."""
        self.page.locator("#joined a", has_text=place).click()
        expect(self.page.locator("#head")).to_contain_text(place)

    def be(self, person: str) -> None:
        self.page.locator(".send-as a", has_text=person).click()
        expect(self.page.locator(".send-as [aria-current]")).to_contain_text(person)

    def press(self, label: str) -> None:
        """The latest button of that name in the channel."""
        self.page.locator("#messages").get_by_role("button", name=label, exact=True).last.click()

    def choose(self, label: str) -> None:
        """The latest entry of that name in a ⋯ menu."""
        menu = self.page.locator("#messages details.overflow", has_text=label).last
        menu.locator("summary").click()
        menu.get_by_role("button", name=label, exact=True).click()

    def reads(self, words: str) -> None:
        expect(self.page.locator("#messages")).to_contain_text(words, timeout=15_000)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with the real bot, on a morning, so that no night counts double."""
    folder = tmp_path_factory.mktemp("page")
    with open_box("socket", sites=True, mail=True) as box:
        box.clock.jump(until_nine(box.clock.now()))
        environment = {**box.environment(), **box.rehearsal(), "DATABASE_URL": f"sqlite:///{folder}/spy.db"}
        bot = BotProcess(folder / "bot", config=modest(box.config_yaml()), environment=environment).start()
        box.bot_url = bot.url
        yield box
        bot.stop()


@pytest.fixture(scope="module")
def player(box: Box) -> Iterator[StoryPlayer]:
    """That of the box's page, in a hurry."""
    page = SandboxPage(box)
    page.learn(spy_manifest())
    page.player.pace = 0.15
    yield page.player
    page.close()


@pytest.fixture(scope="module")
def browser(player: StoryPlayer) -> Iterator[Browser]:
    """Opened after the box, and closed before it: Playwright keeps the thread's event loop to itself."""
    with opened() as browser:
        yield browser


def open_issue(box: Box, title: str, body: str) -> int:
    key = {"authorization": f"token {box.environment()['GITHUB_TOKEN']}"}
    draft = {"title": title, "body": body}
    made = httpx.post(f"{box.url}/github/repos/acme/postmortems/issues", json=draft, headers=key)
    number: int = made.json()["number"]
    return number


def sent_mail(box: Box) -> int:
    """Send a mail as Spy does, and return its number."""
    with smtplib.SMTP("127.0.0.1", box.mail.port) as server:
        words = "Subject: INC-1\r\nList-Unsubscribe: <http://127.0.0.1/unfollow/1-x>\r\n\r\nIt is down."
        server.sendmail("spy@example.com", ["ceo@example.com"], words)
    return len(box.mail.mails)


def until_nine(now: datetime) -> timedelta:
    morning = now.astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    return (morning if morning > now else morning + timedelta(days=1)) - now


@pytest.fixture
def window(browser: Browser, box: Box) -> Iterator[Window]:
    yield from opened_window(browser, box, viewport=WIDE)


@pytest.fixture
def phone(browser: Browser, box: Box) -> Iterator[Window]:
    yield from opened_window(browser, box, viewport=PHONE, color_scheme="dark", has_touch=True)


def opened_window(browser: Browser, box: Box, **how: object) -> Iterator[Window]:
    """No request may leave the machine, and the console has nothing to complain of in the end.

    The page ends its own requests where it goes on to something else.
    """
    context = browser.new_context(**how)
    context.route(lambda url: not url.startswith(box.url), lambda route: route.abort())
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda it: complaints.append(it.text) if it.type in ("error", "warning") else None)
    page.on("pageerror", lambda it: complaints.append(str(it)))
    page.on("dialog", lambda it: (complaints.append(f"a dialog: {it.message}"), it.dismiss()))
    page.on(
        "requestfailed", lambda it: None if it.failure == "net::ERR_ABORTED" else complaints.append(it.url)
    )
    page.goto(box.url)
    yield Window(page=page, complaints=complaints)
    context.close()
    assert complaints == []


def walk(window: Window, box: Box) -> Iterator[str]:
    """Visit every part of the page. The name of each place is given when it is in view."""
    yield from at_the_start(window)
    yield from in_an_incident(window)
    yield from beside(window)
    yield from elsewhere(window, box)


def at_the_start(window: Window) -> Iterator[str]:
    page = window.page
    expect(page.get_by_role("heading", name="Try Spy")).to_be_visible()
    yield "first"
    window.say("/spy help")
    window.reads("Only visible to you")
    page.locator(".ephemeral").last.evaluate("it => it.scrollIntoView()")
    yield "help"
    page.locator("#words").fill("/inc")
    expect(page.get_by_role("option").first).to_be_visible()
    yield "completions"
    page.locator("#words").fill("")
    for menu in ("Outages", "Play a story"):
        page.get_by_role("button", name=menu).click()
        yield menu
        page.keyboard.press("Escape")


def in_an_incident(window: Window) -> Iterator[str]:
    page = window.page
    page.get_by_role("button", name="Open a sev1").click()
    expect(page.locator("#head")).to_contain_text("checkout-is-down", timeout=15_000)
    window.reads("Resolve")
    page.locator("#messages .message", has_text="Resolve").first.evaluate("it => it.scrollIntoView()")
    yield "card"
    window.press("Update")
    page.locator("#modal [type=submit]").click()
    expect(page.locator("#modal .wrong")).to_have_count(1)
    yield "form"
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).to_be_hidden()

    window.say("aloud, *bold* and `code` :memo:")
    mine = page.locator("#messages .message", has_text="aloud").first
    mine.focus()
    mine.get_by_role("button", name="Add a reaction").click()
    yield "reactions"
    page.get_by_role("button", name="memo", exact=True).click()
    mine.focus()
    mine.get_by_role("button", name="Delete").click()
    yield "question"
    page.get_by_role("button", name="Cancel").click()
    mine.focus()
    mine.get_by_role("link", name="Reply in a thread").click()
    expect(page.locator("#answers .message")).to_have_count(1)
    yield "thread"


def beside(window: Window) -> Iterator[str]:
    page = window.page
    if page.viewport_size == PHONE:
        page.get_by_role("button", name="Channels").click()
        yield "channels"
        page.get_by_role("button", name="Phones & more").click()
    for panel in ("Phones", "On call", "Sites", "GitHub", "Mail", "Statuspage", "Inspector"):
        page.locator("#dock").get_by_role("link", name=panel).click()
        expect(page.locator("#dock [aria-current=page]")).to_contain_text(panel)
        yield panel


def elsewhere(window: Window, box: Box) -> Iterator[str]:
    page = window.page
    number = open_issue(box, "a document", DOCUMENT)
    for name, address in (
        ("home tab", "/?in=home"),
        ("channel that kim can't see", "/?as=kim&in=C0SECRET"),
        ("issue", f"/?dock=github&issue={number}"),
        ("mail", f"/?dock=mail&issue={sent_mail(box)}"),
    ):
        page.goto(f"{box.url}{address}")
        if name in {"issue", "mail"} and page.viewport_size == PHONE:
            page.get_by_role("button", name="Phones & more").click()
        if name == "home tab":
            expect(page.locator("#home")).to_contain_text("As of", timeout=15_000)
        yield name


def found_barriers(window: Window, box: Box) -> list[str]:
    """Return the barriers of each part of the page, on a phone at 320 px; take pictures on the way."""
    page, found = window.page, list[str]()
    size = page.viewport_size
    for place in walk(window, box):
        if place in ("first", "help", "card", "home tab"):
            photograph(page, f"{place}-{size['width']}")
        page.set_viewport_size(SMALL if size == PHONE else size)
        found += [f"{place}: {it}" for it in barriers(page)]
        page.set_viewport_size(size)
    box.slack.slash("ana", newest_channel(box), "/incident", 'stop "found it"')
    return found


@needs_axe
def test_axe_finds_no_barrier_in_light(browser: Browser, box: Box):
    for window in opened_window(browser, box, viewport=WIDE, color_scheme="light", reduced_motion="reduce"):
        assert found_barriers(window, box) == []


@needs_axe
def test_axe_finds_no_barrier_in_dark_on_a_phone(browser: Browser, box: Box):
    dark = {"color_scheme": "dark", "reduced_motion": "reduce", "has_touch": True}
    for window in opened_window(browser, box, viewport=PHONE, **dark):
        assert found_barriers(window, box) == []


def test_the_page_waits_until_the_bot_is_ready(browser: Browser):
    with open_box("http") as box:
        page = SandboxPage(box, is_ready=False)
        tab = browser.new_page()
        tab.goto(box.url)
        expect(tab.get_by_role("heading", name="Spy is starting")).to_be_visible()
        assert not can_check_access() or barriers(tab) == []

        page.learn(spy_manifest())

        expect(tab.get_by_role("heading", name="Try Spy")).to_be_visible()
        tab.close()
        page.close()


def test_a_page_that_waits_says_when_the_bot_has_ended(browser: Browser):
    tab = browser.new_page()
    with open_box("http") as box:
        page = SandboxPage(box, is_ready=False)
        tab.goto(box.url)
        expect(tab.get_by_role("heading", name="Spy is starting")).to_be_visible()
        page.close()

    expect(tab.get_by_role("status")).to_have_text("Spy has stopped. The terminal says why.")
    tab.close()


def test_traffic_moves_at_the_press_of_a_button(window: Window, box: Box):
    window.page.get_by_role("button", name="Fail over east → west").click()

    expect(window.page.locator("#caption .over")).to_be_visible(timeout=60_000)
    assert box.sites.switch.shares() == {"east": 0, "west": 100}
    window.page.get_by_role("button", name="Close").click()


def test_an_incident_is_led_from_its_opening_to_its_end_on_the_page(window: Window):
    page = window.page
    page.locator("#words").press_sequentially("/inci")
    expect(page.get_by_role("option", name="/incident")).to_be_visible()
    window.say('/incident me "search is down" sev1')
    window.visit("search-is-down")
    window.reads("search is down")

    window.be("raj")
    page.get_by_role("button", name="Join channel").click()
    window.choose("Take command")
    window.press("I have command")
    window.reads("raj has command")

    window.press("Update")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("#modal .error")).to_contain_text(["Please complete this required field."])
    photograph(page, "modal")
    page.get_by_label("What is going on?").fill("Rolling back the payment client.")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("#modal")).to_be_hidden()
    window.reads("Rolling back the payment client.")

    ring = page.locator(".ring", has_text="search is down")
    ring.get_by_role("button", name="Acknowledge").click()
    window.reads("acknowledged by Raj")
    photograph(page, "incident")

    page.get_by_role("button", name="+1 h").click()
    window.reads("Can someone take over?")
    window.be("kim")
    page.get_by_role("button", name="Join channel").click()
    window.press("I can take over")
    window.press("I have command")
    window.reads("kim has command")

    window.press("Resolve")
    page.get_by_label("How was it fixed?").fill("Rolled back the payment client.")
    page.locator("#modal").get_by_role("button", name="Resolve").click()
    window.reads("Resolved by kim")
    window.reads("Rolled back the payment client.")


def test_a_story_plays_to_its_end(window: Window):
    page = window.page
    page.get_by_role("button", name="Play a story").click()
    page.get_by_role("button", name="A good incident", exact=True).click()

    expect(page.locator("#caption .over")).to_be_visible(timeout=60_000)
    window.reads("rolled back the payment client")
    photograph(page, "story")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#caption p")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE, SMALL], ids=lambda it: f"{it['width']} px")
def test_no_tab_is_cut_off(window: Window, box: Box, size: dict[str, int]):
    box.slack.slash("kim", "general", "/page", '@raj "are you there?"')
    window.page.set_viewport_size(size)
    if size != WIDE:
        window.page.get_by_role("button", name="Phones & more").click()
    expect(window.page.locator(".tabs .ringing")).to_be_visible(timeout=15_000)

    edges = window.page.locator(".tabs a").evaluate_all("all => all.map(it => it.getBoundingClientRect())")

    assert len(edges) == 7
    assert all(it["left"] >= 0 and it["right"] <= size["width"] for it in edges)
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_inspector_shows_what_waits_in_the_outbox_and_why(window: Window, box: Box):
    page = window.page
    page.get_by_role("link", name="Inspector").click()
    effects = page.get_by_role("list", name="Effects")
    expect(effects).to_contain_text("done")

    box.faults.down("slack")
    box.slack.slash("ana", "general", "/incident", 'me "mail is late" sev3')
    expect(effects).to_contain_text("Slack answered", timeout=15_000)
    expect(effects.locator(".held").first).to_be_visible()
    photograph(page, "inspector")
    box.faults.up("slack")

    expect(effects.locator(".held, .ready, .sending")).to_have_count(0, timeout=30_000)


def test_a_message_that_arrives_while_the_page_loads_is_shown(window: Window, box: Box):
    window.page.route("**/page.js", lambda it: (box.slack.say("kim", "general", "meanwhile"), it.continue_()))

    window.page.reload()

    window.reads("meanwhile")
    window.complaints.clear()  # a picture may have been under way when the page was left


def test_a_home_tab_shows_what_others_do_while_it_is_open(window: Window, box: Box):
    page = window.page
    page.goto(f"{box.url}/?as=raj&in=home")
    expect(page.locator("#home")).to_contain_text("As of", timeout=15_000)

    box.slack.slash("kim", "general", "/incident", 'me "mail is lost" sev3')
    expect(page.locator("#home")).to_contain_text("mail is lost", timeout=10_000)
    page.locator("#home").get_by_role("button", name="Open an incident").click()

    expect(page.locator("#modal")).to_contain_text("incident", timeout=10_000)


def test_each_issue_has_its_own_form(window: Window, box: Box):
    page = window.page
    for title in ("first", "second"):
        number = open_issue(box, title, f"the {title} body")
        address = f"https://github.com/acme/postmortems/issues/{number}"
        box.slack.state.post(box.slack.channel("general"), BOT_USER, f"<{address}|the {title}>")
    page.get_by_role("link", name="the first").click()
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Body").fill("half a thought")

    page.get_by_role("link", name="the second").click()

    expect(page.locator(".issue h2")).to_contain_text("second")
    page.get_by_text("Edit", exact=True).click()
    expect(page.get_by_label("Body")).to_have_value("the second body")
    expect(page.locator(".issue [name=number]")).to_have_value(str(number))


def test_only_the_last_of_a_thousand_messages_are_drawn(window: Window, box: Box):
    page, imoc = window.page, box.slack.channel("imoc")
    for number in range(1000):
        box.slack.state.post(imoc, "U0KIM", f"message {number} of *many*")

    window.visit("imoc")
    expect(page.locator("#messages > li")).to_have_count(100)
    page.evaluate("document.querySelector('#messages').lastElementChild.isTheSame = true")
    page.locator("#scroll").evaluate("it => it.scrollTop = 0")

    expect(page.locator("#messages > li")).to_have_count(200)
    box.slack.say("kim", "imoc", "one more")
    expect(page.locator("#messages > li").last).to_contain_text("one more")
    assert page.evaluate(
        "document.querySelector('#messages').lastElementChild.previousElementSibling.isTheSame"
    )
    assert (
        page.locator("#messages > li").nth(1).evaluate("it => getComputedStyle(it).contentVisibility")
        == "auto"
    )


def test_what_looks_like_a_script_is_text_everywhere(window: Window, box: Box):
    page = window.page
    window.say(f'/incident me "{SCRIPT}" sev3')
    window.visit("img-src")
    window.reads(f"INC-{newest(box)} {SCRIPT}")
    window.say(f'/incident update "{SCRIPT}"')
    window.say(f'/incident note "{SCRIPT}"')
    window.say(f"/incident link https://example.com/{SCRIPT}")
    window.say(f"aloud {SCRIPT} `{SCRIPT}` *{SCRIPT}*")
    window.reads(f"aloud {SCRIPT}")
    window.press("Update")
    page.get_by_label("What is going on?").fill(SCRIPT)
    page.get_by_role("button", name="Post").click()
    expect(page.locator("#modal")).to_be_hidden()
    window.visit("incidents")

    window.reads(SCRIPT)
    assert page.locator("img[src=x], script:not([src])").count() == 0


def newest_channel(box: Box) -> str:
    return max((it for it in box.slack.channels if it.name.startswith("inc-")), key=lambda it: it.created).id


def newest(box: Box) -> int:
    return max(int(it.name.split("-")[1]) for it in box.slack.channels if it.name.startswith("inc-"))


def test_a_phone_and_a_keyboard_are_enough(phone: Window):
    page = phone.page
    page.locator("#words").focus()
    page.keyboard.type("/incident me")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What is wrong?")).to_be_focused()
    page.keyboard.type("search is slow")
    page.keyboard.press("Enter")
    expect(page.locator("#modal")).to_be_hidden()

    page.get_by_role("button", name="Channels").press("Enter")
    page.locator("#joined a", has_text="search-is-slow").press("Enter")
    expect(page.locator("#head")).to_contain_text("search-is-slow")
    phone.reads("Resolve")
    photograph(page, "phone")
    page.locator("#scroll").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#messages .message:focus")).to_have_count(1)
    card = page.locator("#messages .message", has_text="Resolve")
    card.focus()
    page.keyboard.press("Tab")
    expect(card.get_by_role("button", name="Update")).to_be_focused()
