"""Who gets into the dashboard, by which link, and until when."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from bot.adapters.database import Database, open_engine
from bot.commands.request import Source
from bot.domain.policy import DashboardSettings
from bot.ports import Profile
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.services.web_keys import WebKeys
from bot.testing import POLICY, FrozenClock, SpyKit
from tests.support.dashboard import Visitor, key_of, link_for, site_of, visiting

SPY_EXAMPLE = "https://spy.example.com"


@pytest.fixture
def browser(spy: SpyKit) -> Iterator[Visitor]:
    with visiting(spy) as visitor:
        yield visitor


def at(spy: SpyKit, address: str | None) -> None:
    spy.adopt(replace(spy.policy, dashboard=DashboardSettings(address=address)))


def test_spy_web_answers_with_a_link_that_opens_the_dashboard(spy: SpyKit, browser: Visitor):
    answer = browser.sign_in(link_for(spy, "U0ANA"))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Ana Lima" in browser.get("/").text


def test_one_goes_on_to_what_one_asked_for(spy: SpyKit, browser: Visitor):
    browser.get("/?words=cards&which=past")

    assert browser.sign_in(link_for(spy, "U0ANA")).headers["location"] == "/?words=cards&which=past"


def test_one_goes_on_within_this_site_only(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    answer = browser.post("/sign-in", {"cookie": "spy-next=//evil.example"}, key=key_of(link))

    assert answer.headers["location"] == "/"


def test_the_link_works_once(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    browser.sign_in(link)

    with visiting(spy) as other:
        assert other.sign_in(link).status_code == 410
        assert "Type /spy web" in other.get(link).text
        assert other.get("/").status_code == 401


def test_a_link_that_was_used_says_who_is_signed_in_here(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    browser.sign_in(link)

    for answer in (browser.get(link), browser.post("/sign-in", key=key_of(link))):
        assert answer.status_code == 410
        assert "You are signed in as Ana Lima" in answer.text
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("address", ["https://Spy.Example.com", "https://spy.example.com:443/"])
def test_a_proxy_may_change_the_host_that_spy_sees(spy: SpyKit, address: str):
    at(spy, address)
    browser = Visitor(site_of(spy), "http://127.0.0.1:3000")
    key = key_of(link_for(spy, "U0ANA"))
    from_elsewhere = browser.post("/sign-in", {"origin": "https://spy.example.com:8443"}, key=key)
    answer = browser.post("/sign-in", {"origin": SPY_EXAMPLE}, key=key)
    browser.close()

    assert (from_elsewhere.status_code, answer.status_code) == (403, 303)


def test_a_program_that_previews_the_link_does_not_use_it_up(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    with visiting(spy) as mail:
        assert [mail.get(link).status_code for _ in range(3)] == [200] * 3
        assert mail.cookies == {}

    assert browser.sign_in(link).status_code == 303


def test_the_link_says_who_will_be_signed_in(spy: SpyKit):
    with visiting(spy, "U0RAJ") as browser:
        shown = browser.get(link_for(spy, "U0ANA")).text

    assert "Sign in as Ana Lima" in shown
    assert "You are signed in as Raj Patel" in shown


def test_the_link_is_good_for_ten_minutes(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    spy.clock.tick(minutes=10)

    assert browser.get(link).status_code == 410
    assert browser.sign_in(link).status_code == 410


def test_a_link_that_was_never_sent_opens_nothing(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")

    for key in ("", "x", "x" * 10_000, key_of(link)[:-1], key_of(link) + "A"):
        assert browser.post("/sign-in", key=key).status_code == 410


def test_the_answer_is_for_the_asker_alone_wherever_it_was_asked(spy: SpyKit):
    site_of(spy)
    for source in (Source.MENTION, Source.PLAIN):
        assert spy.say("web", by="U0ANA", source=source).message is None

    assert not spy.posts("C0GENERAL")
    assert len(spy.private()) == 2


def test_without_an_address_spy_says_what_to_set(spy: SpyKit):
    at(spy, None)
    answer = spy.say("web").message

    assert answer
    assert "`web.public_url`" in answer.text


def test_an_address_where_others_can_listen_is_refused(spy: SpyKit):
    at(spy, "http://spy.example.com")
    answer = spy.say("web").message

    assert answer
    assert "needs https" in answer.text


def test_the_cookie_is_for_this_host_over_https_and_for_no_script(spy: SpyKit):
    at(spy, SPY_EXAMPLE)
    browser = Visitor(site_of(spy), SPY_EXAMPLE)
    answer = browser.sign_in(link_for(spy, "U0ANA"))
    browser.close()

    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-spy=")
    assert {*flags} >= {"Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=604800"}


def test_a_session_ends_after_the_configured_time(spy: SpyKit):
    spy.adopt(
        replace(spy.policy, dashboard=DashboardSettings(address=SPY_EXAMPLE, session=timedelta(hours=1)))
    )
    browser = Visitor(site_of(spy), SPY_EXAMPLE)
    browser.sign_in(link_for(spy, "U0ANA"))

    spy.clock.tick(minutes=59)
    assert browser.get("/").status_code == 200
    spy.clock.tick(minutes=1)
    assert browser.get("/").status_code == 401
    browser.close()


def test_signing_out_ends_the_session_of_this_browser(spy: SpyKit):
    with visiting(spy, "U0ANA") as here, visiting(spy, "U0ANA") as there:
        kept = dict(here.cookies)
        here.send("/sign-out")

        assert here.get("/").status_code == 401
        assert here.get("/", {"cookie": f"spy={kept['spy']}"}).status_code == 401
        assert there.get("/").status_code == 200


def test_web_out_ends_all_sessions_and_links_of_a_person(spy: SpyKit):
    with visiting(spy, "U0ANA") as one, visiting(spy, "U0ANA") as two, visiting(spy, "U0RAJ") as raj:
        link = link_for(spy, "U0ANA")
        answer = spy.say("web out", by="U0ANA").message

        assert answer
        assert "2 browsers" in answer.text
        assert [it.get("/").status_code for it in (one, two, raj)] == [401, 401, 200]
        assert one.sign_in(link).status_code == 410


def test_a_deactivated_account_is_out_at_once(spy: SpyKit):
    with visiting(spy, "U0ANA") as browser:
        link = link_for(spy, "U0ANA")
        with spy.tx() as tx:
            People(tx).met("U0ANA", Profile(name="Ana Lima", is_deactivated=True))

        assert browser.get("/").status_code == 401
        assert browser.sign_in(link).status_code == 410

        with spy.tx() as tx:
            People(tx).met("U0ANA", Profile(name="Ana Lima"))
        assert browser.get("/").status_code == 401


def test_a_form_of_another_site_signs_nobody_in_or_out(spy: SpyKit, browser: Visitor):
    link = link_for(spy, "U0ANA")
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert browser.post("/sign-in", headers, key=key_of(link)).status_code == 403

    browser.sign_in(link)
    assert browser.post("/sign-out").status_code == 403
    assert browser.get("/").status_code == 200


def test_a_signed_out_browser_reads_the_same_whatever_it_asks_for(
    spy: SpyKit, channel: str, browser: Visitor
):
    paths = ("/", "/?words=checkout", "/incidents/1", "/incidents/99", "/nothing")
    answers = [browser.get(path) for path in paths]

    assert {it.status_code for it in answers} == {401}
    assert len({it.text for it in answers}) == 1
    assert "checkout" not in answers[0].text
    assert "/spy web" in answers[0].text


def test_signing_in_is_in_the_audit_log_without_the_secret(spy: SpyKit):
    with visiting(spy, "U0ANA") as browser:
        secret = browser.cookies["spy"]
        browser.send("/sign-out")

    with spy.sessions.engine.connect() as connection:
        rows = connection.execute(text("SELECT command, source, person FROM audit ORDER BY id")).all()
        everything = json.dumps(
            [list(map(str, it)) for it in connection.execute(text("SELECT * FROM web_key"))]
        )
    assert [tuple(it) for it in rows][-3:] == [
        ("web", "slash", "U0ANA"),
        ("sign in", "web", "U0ANA"),
        ("sign out", "web", "U0ANA"),
    ]
    assert secret not in everything


def test_of_two_who_use_a_link_at_once_one_gets_in(database_url: str):
    database, clock, together = Database(open_engine(database_url)), FrozenClock(), Barrier(2, timeout=10)
    policy = replace(POLICY, dashboard=DashboardSettings(address=SPY_EXAMPLE))

    def transaction(session: object) -> Transaction:
        return Transaction(session=session, now=clock.now(), policy=policy)  # type: ignore[arg-type]

    with database.begin() as session:
        secret = key_of(WebKeys(transaction(session)).link("U0ANA"))

    def use(_: int) -> bool:
        together.wait()
        with database.begin() as session:
            return WebKeys(transaction(session)).sign_in(secret) is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [False, True]
    with database.begin() as session:
        assert WebKeys(transaction(session)).end_all("U0ANA") == 1
    clock.tick(days=8)
    with database.begin() as session:
        WebKeys(transaction(session)).link("U0ANA")
        assert session.web_keys.forget(before=clock.now(), limit=10) == 0
    database.engine.dispose()
