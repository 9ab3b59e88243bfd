"""The link in a mail: a look asks, a press ends it, and nobody signs in."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.policy import DashboardSettings, MailSettings
from bot.testing import POLICY, SpyKit
from tests.support.dashboard import ADDRESS, Visitor, visiting
from tests.support.followers import Outside

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    """Return a Spy that sends mail, with INC-1, a sev3."""
    mail = MailSettings(domains=("example.com",))
    spy.adopt(replace(POLICY, mail=mail, dashboard=DashboardSettings(address=ADDRESS)))
    spy.say('incident me "checkout is down" sev3', by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    return spy


@pytest.fixture
def outside(spy: SpyKit) -> Outside:
    return Outside(spy)


@pytest.fixture
def browser(spy: SpyKit) -> Iterator[Visitor]:
    with visiting(spy) as visitor:
        yield visitor


def link(outside: Outside) -> str:
    outside.deliver()
    return outside.mail.letters[-1].unfollow


def test_a_look_ends_nothing_and_a_press_does(spy: SpyKit, outside: Outside, browser: Visitor):
    spy.say("incident 1 follow by mail ceo@example.com")
    address = link(outside)
    asked = browser.get(address)
    spy.say('incident 1 update "one"')
    outside.deliver()
    ended = browser.post(address)
    spy.say('incident 1 update "two"')
    outside.deliver()

    assert asked.status_code == ended.status_code == 200
    assert "No more mail to c…@example.com?" in asked.text
    assert "INC-1 checkout is down" in asked.text
    assert "No more mail comes about INC-1" in ended.text
    assert len(outside.mail.letters) == 2


def test_a_mail_program_may_ask_more_than_once_from_anywhere(spy: SpyKit, outside: Outside, browser: Visitor):
    spy.say("incident follow severity sev3 by mail ceo@example.com")
    spy.say("incident 1 sev sev2")
    spy.say("incident 1 sev sev3")
    address = link(outside)
    from_elsewhere = {"origin": "https://mail.example.net", "sec-fetch-site": "cross-site"}
    answers = [browser.post(address, from_elsewhere, **ONE_CLICK) for _ in range(2)]
    spy.say('incident me "cart is down" sev3', by="U0ANA")
    outside.deliver()

    assert [it.status_code for it in answers] == [200, 200]
    assert len(outside.mail.letters) == 1


def test_one_incident_of_a_severity_can_be_ended_alone(spy: SpyKit, outside: Outside, browser: Visitor):
    spy.say("incident follow severity sev2 by mail ceo@example.com")
    spy.say("incident 1 sev sev2")
    address = link(outside)
    asked = browser.get(address).text
    ended = browser.post(address, what="one").text
    spy.say('incident 1 update "one"')
    spy.say('incident me "cart is down" sev2', by="U0ANA")
    outside.deliver()

    assert "Unfollow each incident of severity sev2" in asked
    assert "Unfollow INC-1 only" in asked
    assert "Other incidents of severity sev2 still send mail" in ended
    assert ["cart is down" in it.text for it in outside.mail.letters] == [False, True]


@pytest.mark.parametrize("token", ["1-x", "1", "x", "999999999-x", "1-%2e%2e", "٣-x"])
def test_another_secret_shows_and_ends_nothing(spy: SpyKit, outside: Outside, browser: Visitor, token: str):
    spy.say("incident 1 follow by mail ceo@example.com")
    outside.deliver()
    answers = [browser.get(f"/unfollow/{token}"), browser.post(f"/unfollow/{token}")]
    spy.say('incident 1 update "one"')
    outside.deliver()

    assert all("checkout" not in it.text and "example.com" not in it.text for it in answers)
    assert all("Nothing to end" in it.text for it in answers)
    assert len(outside.mail.letters) == 2


def test_the_page_names_no_incident_that_is_private_by_now(spy: SpyKit, outside: Outside, browser: Visitor):
    spy.say("incident 1 follow by mail ceo@example.com")
    address = link(outside)
    with spy.tx() as tx:
        tx.session.incidents.put(replace(tx.incident(1), private=True))

    asked = browser.get(address).text

    assert "checkout" not in asked
    assert "INC-1" not in asked


def test_the_audit_log_says_that_it_was_ended_and_not_whose_it_was(
    spy: SpyKit, outside: Outside, browser: Visitor
):
    spy.say("incident 1 follow by mail ceo@example.com")
    browser.post(link(outside))
    with spy.tx() as tx:
        [line] = [
            line
            for _, line in tx.session.audit.find(since=None, people=(), incident=None)
            if line.source == "web"
        ]

    assert line.command == "unfollow 1"
    assert line.incident == 1
