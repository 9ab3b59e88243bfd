"""Sign in from Slack, see what is open, and what an outsider does not see."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from bot.services.features import load_features
from bot.web import dashboard as pages
from bot.web.dashboard.page import PAGES
from tests.e2e.dashboard.conftest import Dashboard
from tests.support.browser import SMALL, WIDE, barriers, can_check_access, photograph

needs_axe = pytest.mark.skipif(not can_check_access(), reason="axe-core is not installed")


def test_a_link_from_slack_signs_in_and_signs_nobody_in_twice(dashboard: Dashboard):
    link = dashboard.link("ana")
    with dashboard.window() as page:
        page.goto(dashboard.url)
        expect(page.get_by_role("heading", name="Sign in with Slack")).to_be_visible()
        page.goto(link)
        press_twice(page, "Sign in", "**/sign-in")
        expect(page.locator(".me .name")).to_have_text("ana")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in with Slack")).to_be_visible()
        page.goto(link)
        expect(page.get_by_role("main")).to_contain_text("This link was used already")


def press_twice(page: Page, button: str, address: str) -> None:
    """Press a button again before Spy has answered. Only one form is sent."""
    box, sent = page.get_by_role("button", name=button).bounding_box(), list[Route]()
    assert box
    page.route(address, lambda it: sent.append(it))  # noqa: PLW0108  Playwright writes on what it gets
    with page.expect_request(address):
        page.mouse.dblclick(box["x"] + 5, box["y"] + 5, delay=50)
    assert len(sent) == 1
    sent[0].continue_()


def test_what_happens_in_slack_is_on_the_open_page(dashboard: Dashboard):
    with dashboard.window("ana") as page:
        number = dashboard.world.declare('me "cards fail" sev1')
        card = page.locator(f"#inc-{number}")
        expect(card).to_contain_text("cards fail")
        dashboard.world.slash(f'{number} update "looking at the bank"')
        expect(card).to_contain_text("looking at the bank")
        photograph(page, "overview")
        dashboard.world.slash(f'{number} stop "the bank is back"')
        expect(card).to_have_count(0)


def test_an_update_turns_red_when_it_is_late_without_a_reload(dashboard: Dashboard):
    number = dashboard.world.declare('me "queue grows" sev1')
    with dashboard.window("ana") as page:
        due = page.locator(f"#inc-{number} [data-due]")
        expect(due).not_to_have_class(re.compile("late"))
        page.clock.install()
        page.clock.fast_forward("20:00")
        expect(due).to_have_class(re.compile("late"))
        expect(due).to_contain_text("late by 5 min")
    dashboard.world.slash(f'{number} stop "done"')


def test_a_private_incident_is_invisible_to_an_outsider(dashboard: Dashboard):
    number = dashboard.world.declare('me "payroll leaks" sev1 private')
    with dashboard.window("ana") as page:
        expect(page.locator(f"#inc-{number}")).to_contain_text("payroll leaks")
    with dashboard.window("kim") as page:
        for path in ("/", "/?words=payroll", f"/incidents/{number}", f"/incidents/{number}/feed"):
            page.goto(f"{dashboard.url}{path}")
            assert "payroll" not in page.locator("main").inner_text()
    dashboard.world.slash(f'{number} stop "done"')


def test_a_command_is_answered_in_place(dashboard: Dashboard):
    number = dashboard.world.declare('me "search is slow" sev2')
    with dashboard.window("ana") as page:
        page.get_by_label("Command").fill(f"incident {number} note written here")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("output")).to_contain_text("Noted on the timeline")
        page.get_by_label("Command").fill("incident 999 tldr")
        page.get_by_label("Command").press("Enter")
        expect(page.locator("output .refused")).to_contain_text("There is no INC-999")
        expect(page.get_by_label("Command")).to_have_value("incident 999 tldr")
        page.get_by_label("Command").fill(f"incident {number} tldr")
        page.get_by_label("Command").press("Enter")
        expect(page.locator("output")).to_contain_text("written here")
        expect(page.get_by_label("Command")).to_have_value("")
    dashboard.world.slash(f'{number} stop "done"')


def test_the_theme_is_switched_and_kept(dashboard: Dashboard):
    with dashboard.window("ana", color_scheme="light") as page:
        page.get_by_role("button", name="Dark").click()
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.reload()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_reaches_everything_by_way_of_the_skip_link(dashboard: Dashboard):
    with dashboard.window("ana") as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def paths(number: int, month: str) -> list[str]:
    """Return an address of each declared page, and of each refusal."""
    load_features(pages)
    known = {"number": str(number), "name": "nothing", "team": "all", "month": month}
    declared = [re.sub(r"{(\w+)(:\w+)?}", lambda it: known.get(it[1], "1"), it.path) for it in PAGES]
    return [*declared, "/?wall=1", "/?words=cards", "/?person=nobody", "/sign-in?key=old", "/nothing"]


def shows_a_page(page: Page, address: str) -> bool:
    """Open an address. Return whether it is a page, and not a file or a feed."""
    kind = page.request.head(address, fail_on_status_code=False).headers.get("content-type", "")
    if kind.startswith("text/html"):
        page.goto(address)
        return True
    return False


@needs_axe
def test_axe_finds_no_barrier_on_any_page(dashboard: Dashboard):
    number = dashboard.world.declare('me "cards fail" sev1')
    dashboard.world.slash(f'{number} update "Rolling back the payment client."')
    other = dashboard.world.declare('me "search is slow" sev2', by="raj")
    dashboard.world.slash(f"{other} status mitigated", by="raj")
    found = []
    for theme in ("light", "dark"):
        with dashboard.window("ana", color_scheme=theme, reduced_motion="reduce") as page:
            for path in paths(number, f"{dashboard.world.box.clock.now():%Y-%m}"):
                if not shows_a_page(page, f"{dashboard.url}{path}"):
                    continue
                for size in (
                    (WIDE, SMALL) if theme == "light" else (SMALL,)
                ):  # colours don't depend on the width
                    page.set_viewport_size(size)
                    found += [f"{path} {theme} {size['width']}: {it}" for it in barriers(page)]
                    if path == "/":
                        photograph(page, f"dashboard-{theme}-{size['width']}")
                    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                    found += [f"{path} {size['width']}: {wide} px too wide"] if wide > 0 else []
    with dashboard.window() as page:
        page.goto(dashboard.url)
        found += barriers(page)
        page.goto(dashboard.link("ana"))
        found += barriers(page)
    for one in (number, other):
        dashboard.world.slash(f'{one} stop "done"')

    assert not found, "\n".join(found)
