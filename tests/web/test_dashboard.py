"""The dashboard as a browser without scripts sees it: what is open, what a search finds, and what nobody else sees."""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

import pytest

from bot.domain.service import Service
from bot.ports import OnCallShift, Profile
from bot.services.incident.channels import IncidentChannels
from bot.services.oncall.oncall import OnCall
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.testing import SpyKit
from bot.web import WebAnswer
from bot.web.dashboard import PageReply, PageRequest
from bot.web.dashboard.browser import WebRequest
from bot.web.dashboard.page import DashboardPage, MenuEntry
from tests.support.dashboard import Visitor, link_for, site_of, visiting
from tests.support.folders import ROOT

OUTSIDER, GUEST = "U0KIM", "U0GUEST"


def words_of(page: str) -> str:
    """What a reader sees of a page, on one line."""
    body = page.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def read(visitor: Visitor, path: str = "/") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return words_of(answer.text)


def be_guest(spy: SpyKit, *, in_channel: str = "") -> None:
    with spy.tx() as tx:
        People(tx).met(GUEST, Profile(name="Gus Guest", is_guest=True))
    if in_channel:
        with spy.tx() as tx:
            IncidentChannels(tx).joined(in_channel, GUEST, origin="Ev1")


# --- the overview -----------------------------------------------------------------------------------------


def test_the_overview_says_what_is_open_who_leads_and_what_is_due(spy: SpyKit, channel: str):
    spy.say('incident update "rolling back"', channel=channel)
    spy.pass_time(minutes=20)
    with visiting(spy, OUTSIDER) as browser:
        shown = read(browser)

    assert shown.index("1 open incident") < shown.index("INC-1 checkout is down")
    assert "sev1 triage open for 20 min" in shown
    assert "Commander Ana Lima, for 20 min" in shown
    assert "Next update late by 5 min" in shown
    assert "rolling back Ana Lima, 12:00" in shown


def test_the_gravest_incident_comes_first(spy: SpyKit):
    for name, severity in (("a", "sev3"), ("b", "sev1"), ("c", ""), ("d", "sev2")):
        spy.say(f'incident me "{name} is slow" {severity}')
    with visiting(spy, OUTSIDER) as browser:
        shown = browser.get("/").text

    assert re.findall(r"INC-\d (\w) is slow", shown) == ["b", "d", "a", "c"]


def test_an_incident_that_nobody_leads_says_so(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", is_deactivated=True))
    with visiting(spy, OUTSIDER) as browser:
        assert "Commander nobody" in read(browser)


def test_the_overview_says_who_is_on_call_and_how_old_that_is(spy: SpyKit):
    with spy.tx() as tx:
        OnCall(tx).synced(
            [OnCallShift(policy="PPOL1", level=1, name="Raj Patel", email=None, user="PRAJ", end=None)]
        )
    spy.pass_time(minutes=3)
    with visiting(spy, OUTSIDER) as browser:
        shown = read(browser)

    assert ":imoc Raj Patel :payments nobody" in shown
    assert "From PagerDuty, 3 min ago" in shown


def test_what_ended_lately_is_below_and_not_on_a_wall(spy: SpyKit, channel: str):
    spy.say('incident resolve "rolled back"', channel=channel)
    with visiting(spy, OUTSIDER) as browser:
        assert "No incident is open" in read(browser)
        assert "INC-1 checkout is down" in read(browser)
        wall = browser.get("/?wall=1").text

    assert 'class="wall"' in wall
    assert "INC-1" not in wall
    assert "Search" not in words_of(wall)


def test_what_people_typed_is_text_on_the_page(spy: SpyKit):
    spy.say('incident me "<script>alert(1)</script> & co" sev1')
    with visiting(spy, OUTSIDER) as browser:
        page = browser.get("/").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page


def test_the_theme_that_was_chosen_is_there_from_the_first_paint(spy: SpyKit):
    with visiting(spy, OUTSIDER) as browser:
        chosen = browser.get("/", {"cookie": "theme=dark"}).text
        forged = browser.get("/", {"cookie": 'theme="><b>'}).text

    assert 'data-theme="dark"' in chosen
    assert "data-theme" not in forged


def test_no_page_may_load_or_run_anything_from_elsewhere(spy: SpyKit):
    with visiting(spy, OUTSIDER) as browser:
        answer = browser.get("/")
        policy = answer.headers["content-security-policy"]
        found = re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text)
        kept = [browser.get(path) for path in found]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert {it.status_code for it in kept} == {200}
    assert all("immutable" in it.headers["cache-control"] for it in kept)


# --- searching --------------------------------------------------------------------------------------------


@pytest.fixture
def searched(spy: SpyKit) -> SpyKit:
    """Return a Spy with three incidents, one a week."""
    spy.adopt(
        replace(spy.policy, services={"checkout": Service(key="checkout"), "login": Service(key="login")})
    )
    opened = (
        ("cards fail", "U0ANA", "checkout"),
        ("nobody gets in", "U0RAJ", "login"),
        ("checkout words only", "U0RAJ", "login"),
    )
    for number, (name, person, service) in enumerate(opened, start=1):
        spy.say(f'incident me "{name}" sev2 affects {service}', by=person)
        spy.say(f'inc-{number} resolve "done"', by=person)
        spy.clock.tick(days=7)
    return spy


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("words=cards", ["INC-1"]),
        ("words=checkout", ["INC-3", "INC-1"]),
        ("service=checkout", ["INC-1"]),
        ("person=raj", ["INC-3", "INC-2"]),
        ("person=U0ANA", ["INC-1"]),
        ("since=2026-11-29&until=2026-12-01", ["INC-2"]),
        ("which=past&severity=sev2", ["INC-3", "INC-2", "INC-1"]),
        ("which=open", []),
        ("words=cards&person=raj", []),
    ],
)
def test_a_search_finds_by_words_service_person_and_day(searched: SpyKit, query: str, found: list[str]):
    with visiting(searched, OUTSIDER) as browser:
        shown = read(browser, f"/?{query}")

    assert re.findall(r"INC-\d", shown) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("person=nobody", "I don't know nobody."),
        ("service=chekout", "Did you mean checkout?"),
        ("since=2026-02-31", "2026-02-31 is no day."),
        (f"words={'+'.join('abcdefghijklmnopqrstuvwxyz')}", "A search takes 20 words at most"),
    ],
)
def test_a_search_that_can_not_be_read_says_why(searched: SpyKit, query: str, sentence: str):
    with visiting(searched, OUTSIDER) as browser:
        shown = browser.get(f"/?{query}").text.replace("&#39;", "'")

    assert sentence in shown


# --- who sees what ----------------------------------------------------------------------------------------


def test_a_private_incident_leaves_no_trace_for_an_outsider(spy: SpyKit):
    spy.say('incident me "payroll leaks" sev1 private', by="U0ANA")
    spy.say('inc-1 update "PAYROLL-SECRET"', by="U0ANA")
    paths = (
        "/",
        "/?wall=1",
        "/?words=payroll",
        "/?person=ana",
        "/?which=open",
        "/?severity=sev1",
        "/incidents/1",
    )

    with visiting(spy, "U0ANA") as browser:
        assert "payroll leaks" in browser.get("/").text
    with visiting(spy, OUTSIDER) as browser:
        pages = [browser.get(path).text for path in paths]
        pages.append(browser.send("/say", say="incident 1 tldr").text)
        pages.append(browser.send("/say", say="tldr", incident="1").text)
        pages.append(browser.send("/say", say="incident list all").text)

    assert not [it for it in pages if re.search("payroll leaks|PAYROLL-SECRET|1 open|1 incident", it)]


def test_a_guest_sees_only_incidents_in_whose_channel_they_are(spy: SpyKit, channel: str):
    spy.say('incident me "search is slow" sev2', by="U0RAJ")
    be_guest(spy, in_channel=channel)
    with visiting(spy, GUEST) as browser:
        spy.confirms = False
        shown, searched = read(browser), read(browser, "/?which=open")

    assert "1 open incident" in shown
    assert "INC-1" in shown
    assert "INC-2" not in shown
    assert "search is slow" not in searched


def test_a_page_that_forgot_to_ask_shows_nothing_of_a_private_incident(spy: SpyKit):
    spy.say('incident me "payroll leaks" sev1 private', by="U0ANA")

    def forgetful(_: PageRequest, *, tx: Transaction) -> PageReply:
        return PageReply("web/overview", {"open": [tx.session.incidents.look(1)]})

    page = DashboardPage(path="/forgetful", run=forgetful, services={"tx": Transaction})
    with visiting(spy, OUTSIDER) as browser:
        cookie = browser.cookies
    answer = site_of(spy).show(page, WebRequest(path="/forgetful", cookies=cookie))

    assert answer.status == 404
    assert "payroll" not in str(answer.body)


# --- commands ---------------------------------------------------------------------------------------------


def test_a_command_from_the_page_is_done_as_any_other(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as browser:
        answer = browser.send("/say", say='/spy incident 1 note "cpu & <disk>"')

    assert answer.status_code == 200
    assert "Noted on the timeline of INC-1" in answer.text
    assert spy.lines(1)[-1] == "*Note* from Raj Patel: cpu &amp; &lt;disk&gt;"


def test_a_form_that_is_sent_twice_is_done_once(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as browser:
        answers = [browser.send("/say", say="incident 1 note twice", id="form-1").text for _ in range(2)]

    assert [words_of(it) for it in answers] == [words_of(answers[0])] * 2
    assert sum("twice" in it for it in spy.lines(1)) == 1


def test_a_command_needs_the_same_role_as_in_slack(spy: SpyKit, channel: str):
    be_guest(spy, in_channel=channel)
    with visiting(spy, GUEST) as browser:
        spy.confirms = False
        answer = browser.send("/say", say="incident 1 update nothing")

    assert "guest" in words_of(answer.text)
    assert not any("nothing" in it for it in spy.lines(1))


def test_a_command_needs_the_token_of_the_page(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as raj, visiting(spy, "U0ANA") as ana:
        forged = (
            raj.post("/say", say="incident 1 note forged"),
            raj.post("/say", say="incident 1 note forged", csrf=ana.csrf),
            raj.post("/say", {"origin": "https://evil.example"}, say="incident 1 note forged", csrf=raj.csrf),
        )
    with visiting(spy) as nobody:
        assert nobody.post("/say", say="incident 1 note forged", csrf="x").status_code == 401

    assert {it.status_code for it in forged} == {403}
    assert not any("forged" in it for it in spy.lines(1))


def test_what_an_answer_offers_can_be_pressed(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as browser:
        page = browser.send("/say", say="incident 1 tldrr").text
        offered = re.findall('name="say" value="([^"]+)"', page)

    assert "inc-1 incident tldr" in offered or "inc-1 tldr" in offered


def test_a_command_that_asks_for_more_words_brings_its_form(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as browser:
        page = browser.send("/say", say="incident 1 update").text
        fields = dict(
            re.findall('type="hidden" name="([a-z]+)" value="([^"]*)"', page.partition('class="asks"')[2])
        )
        answer = browser.post(
            "/say", **fields, **{"given.message": "we <roll> back", "given.phase": "mitigated"}
        )

    assert 'name="given.message"' in page
    assert "Update of INC-1 posted" in answer.text
    assert any("we &lt;roll&gt; back" in it for it in spy.lines(1))
    assert spy.incident(1).phase == "mitigated"


def test_a_script_gets_the_answer_alone(spy: SpyKit, channel: str):
    with visiting(spy, "U0RAJ") as browser:
        answer = browser.post("/say", {"x-part": "1"}, csrf=browser.csrf, say="incident 1 tldr").text

    assert "<html" not in answer
    assert "checkout is down" in answer


def test_a_command_may_begin_as_it_does_in_slack(spy: SpyKit):
    with visiting(spy, OUTSIDER) as browser:
        plain = words_of(browser.send("/say", say="help time", id="1").text)
        for number, begin in enumerate(("/spy ", "@spy ", "@Spy  ", "spy ")):
            said = words_of(browser.send("/say", say=f"{begin}help time", id=f"x{number}").text)
            assert said.replace(f"{begin.strip()} help", "help").split() == plain.split(), begin


def test_one_goes_back_to_this_site_only(spy: SpyKit):
    with visiting(spy, "U0RAJ") as browser:
        for path in ("https://evil.example", "//evil.example", "/\\evil.example"):
            assert "evil" not in browser.send("/say", say="help", back=path).text
        assert 'href="/incidents/1"' in browser.send("/say", say="help", back="/incidents/1").text


def test_pages_that_are_not_the_dashboards_are_shown_to_who_is_signed_in(spy: SpyKit):
    """Runbooks and the like: with a session as with the token, and the menu leads there."""

    def runbooks(_name: str, _query: Mapping[str, str]) -> WebAnswer:
        return WebAnswer(body="restart-db")

    site = replace(site_of(spy), beside=lambda: [MenuEntry(path="/runbooks", menu="Runbooks")])
    with closing(Visitor(site, to_people={"/runbooks": runbooks})) as visitor:
        before = visitor.get("/runbooks")
        menu_before = visitor.get("/").text
        visitor.sign_in(link_for(spy, "U0ANA"))

        assert (before.status_code, "restart-db" in before.text) == (401, False)
        assert "Sign in" in before.text
        assert "Runbooks" not in menu_before
        assert visitor.get("/runbooks").text == "restart-db"
        assert '<a href="/runbooks">Runbooks</a>' in visitor.get("/").text


# --- while nothing happens --------------------------------------------------------------------------------


def test_an_idle_page_moves_nothing_and_wakes_once_a_second_at_most():
    files = [
        it
        for folder in ("web/dashboard", "sandbox/page")
        for it in (ROOT / "bot" / folder / "static").iterdir()
    ]
    assert {"dashboard.css", "page.css", "dashboard.js", "page.js"} <= {it.name for it in files}

    for it in (it for it in files if it.suffix in {".css", ".js"}):
        text = it.read_text(encoding="utf-8")
        assert "infinite" not in text, it.name
        waits = {
            "SLOW": 30_000,
            "TICK": 1_000,
        }  # only while the past is played it moves on ten times a second
        for wait in re.findall(r"setInterval\(.*?, (\w+)\);", text, re.DOTALL):
            assert waits.get(wait, 0) >= 1_000 or int(wait) >= 1_000, (it.name, wait)
