"""A plugin that keeps failing is put in quarantine: the others work, and everybody is told what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.request import Joined, Source
from bot.domain.effects import Notify
from bot.domain.message import Message
from bot.domain.plugin import MOST_FAILURES
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, page, plugin
from tests.support.templates import shipped
from tests.support.times import in_utc

OURS = '''"""Coffee."""

from bot.commands.command import command, when
from bot.commands.reply import Reply
from bot.commands.request import Joined
from bot.domain.refusal import Refusal
from bot.services.transaction import Transaction


@command("coffee <kind>")
def coffee(kind: str) -> Reply:
    """Send a coffee."""
    if kind == "none":
        raise Refusal("There is none.")
    if kind == "bad":
        raise ValueError("a secret")
    return Reply("help/asked", {"asked": []})


@when(Joined)
def greet(notice: Joined, *, tx: Transaction) -> None:
    if notice.person == "U0BAD":
        raise ValueError("a secret")
    tx.session.people.get(notice.person)
'''
TEA = OURS.replace("coffee", "tea").replace("Coffee", "Tea")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "coffee.py").write_text(OURS, encoding="utf-8")
    (ours / "tea.py").write_text(TEA, encoding="utf-8")
    return ours


@pytest.fixture
def spy(folder: Path) -> SpyKit:
    return begun(folder)


def begun(folder: Path) -> SpyKit:
    policy = replace(POLICY, permissions={"admin": frozenset({"U0ANA", "U0RAJ"})})
    clock = FrozenClock()
    spy = SpyKit(incident, page, plugin, folder, policy=policy, templates=shipped(clock), clock=clock)
    spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0ZOE="Zoe Kay")
    return spy


def fail(spy: SpyKit, times: int = MOST_FAILURES, words: str = "coffee bad") -> None:
    for _ in range(times):
        with pytest.raises(ValueError, match="a secret"):
            spy.say(words)


def said(spy: SpyKit, words: str, by: str = "U0ZOE") -> str:
    message = spy.say(words, by=by).message
    assert message
    return message.text


def joined(spy: SpyKit, event: str, who: str) -> None:
    spy.notice(Joined(id=event, channel="C1", person=who))


def told(spy: SpyKit) -> list[Message]:
    names = {"U0ANA": "Ana Lima"}.get
    return [
        spy.templates.render(it.template, it.facts, names=names)
        for it in spy.asked(Notify)
        if it.to == "U0RAJ"
    ]


def test_the_tenth_failure_in_a_row_puts_a_plugin_in_quarantine_and_the_others_work(spy: SpyKit):
    fail(spy)

    assert said(spy, "coffee black") == (
        "The plugin coffee is in quarantine since 12:00 UTC: it failed 10 times in a row, at last with ValueError at "
        "ours/coffee.py:16. Nothing was done. All other commands work, and Spy's maintainers know of it. An admin can "
        "switch it on again: `plugins enable coffee`."
    )
    assert said(spy, "tea black").startswith("Any member")
    assert "is in quarantine" not in said(spy, "page :imoc help", by="U0ANA")


def test_the_maintainers_are_told_once_with_a_button_that_ends_it(spy: SpyKit):
    fail(spy)
    said(spy, "coffee black")
    [notice] = told(spy)

    spy.press("Re-enable", notice, by="U0ANA")

    assert in_utc(notice.text).startswith(
        "*The plugin coffee is in quarantine* since 12:00 UTC: it failed 10 times in a row"
    )
    assert "`coffee`" in notice.text
    assert "a secret" not in notice.text
    assert said(spy, "coffee black").startswith("Any member")
    assert told(spy)[1].text == "Ana Lima re-enabled the plugin coffee. Its commands run again."


def test_only_an_admin_ends_a_quarantine_and_only_once(spy: SpyKit):
    fail(spy)

    assert "admin" in said(spy, "plugins enable coffee")
    assert said(spy, "coffee black").startswith("The plugin coffee is in quarantine")
    assert "re-enabled the plugin coffee" in said(spy, "plugins enable ours/coffee", by="U0ANA")
    assert said(spy, "plugins enable coffee.py", by="U0RAJ") == (
        "The plugin coffee is not in quarantine: its commands work."
    )
    assert said(spy, "plugins enable cofee", by="U0ANA").startswith(
        "No plugin of your own is called cofee. Did you mean coffee?"
    )


def test_a_success_ends_the_row_and_a_refusal_does_not_count(spy: SpyKit):
    fail(spy, MOST_FAILURES - 1)
    said(spy, "coffee none")
    said(spy, "coffee black")
    fail(spy, MOST_FAILURES - 1)
    said(spy, "coffee none")

    assert said(spy, "coffee black").startswith("Any member")
    assert told(spy) == []


def test_failures_and_quarantine_outlast_a_restart(spy: SpyKit):
    fail(spy, MOST_FAILURES - 1)
    spy = spy.restarted()
    fail(spy, 1)

    assert said(spy.restarted(), "coffee black").startswith("The plugin coffee is in quarantine")


def test_a_quarantine_ends_when_the_file_changes(spy: SpyKit, folder: Path):
    fail(spy)
    (folder / "coffee.py").write_text(OURS.replace('"bad"', '"worse"'), encoding="utf-8")
    other = begun(folder)
    other.sessions = spy.sessions

    mended = other.restarted()

    assert said(mended, "coffee bad").startswith("Any member")
    assert said(spy, "coffee black").startswith("The plugin coffee is in quarantine")


def test_plugins_shows_what_is_in_quarantine_and_what_fails(spy: SpyKit):
    fail(spy)
    fail(spy, 1, "tea bad")

    shown = in_utc(said(spy, "plugins"))

    assert (
        "• ours/coffee: `coffee &lt;kind&gt;`. *In quarantine* since 12:00 UTC: it failed 10 times" in shown
    )
    assert "• ours/tea: `tea &lt;kind&gt;`. The last call of `tea` failed" in shown


def test_spys_own_commands_are_never_in_quarantine(spy: SpyKit):
    assert {spy.registry.plugin_of(it) for it in spy.registry.commands if it.words == "page"} == {None}


def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(spy: SpyKit):
    for number in range(MOST_FAILURES):
        joined(spy, f"Ev{number}", "U0BAD")

    assert said(spy, "coffee black").startswith("The plugin coffee is in quarantine")
    assert said(spy, "tea black").startswith("The plugin tea is in quarantine")


def test_a_listener_that_works_most_of_the_time_is_not_switched_off(spy: SpyKit):
    for number in range(3 * MOST_FAILURES):
        joined(spy, f"bad{number}", "U0BAD")
        joined(spy, f"good{number}", "U0RAJ")

    assert told(spy) == []
    assert said(spy, "coffee black").startswith("Any member")
    assert "failed" not in said(spy, "plugins")


def test_a_command_that_works_does_not_hide_a_listener_that_always_fails(spy: SpyKit):
    for number in range(MOST_FAILURES - 1):
        joined(spy, f"Ev{number}", "U0BAD")
        said(spy, "coffee black")

    assert "The last 9 calls of the listener `greet` failed" in said(spy, "plugins")
    joined(spy, "Ev9", "U0BAD")
    assert said(spy, "coffee black").startswith("The plugin coffee is in quarantine")


def test_a_listener_that_works_does_not_hide_a_command_that_always_fails(spy: SpyKit):
    for number in range(MOST_FAILURES):
        fail(spy, 1)
        joined(spy, f"Ev{number}", "U0RAJ")

    assert said(spy, "coffee black").startswith("The plugin coffee is in quarantine")


def test_a_listener_that_never_failed_stores_nothing_when_it_works(spy: SpyKit):
    joined(spy, "Ev1", "U0RAJ")

    with spy.tx() as tx:
        assert [tx.session.plugins.get(it.key) for it in spy.registry.own_ids] == [None, None]


def test_who_types_it_in_a_channel_is_told_too(spy: SpyKit):
    fail(spy)
    spy.say("coffee black", channel="C0GENERAL", source=Source.MENTION)

    assert any("is in quarantine" in it.text for it in (*spy.posts("C0GENERAL"), *spy.private()))


def test_only_admins_see_why_a_plugin_was_left_out(spy: SpyKit):
    why = "/srv/ours/bad.py:1: cannot connect to postgresql://spy:a-secret@db/spy"
    spy.registry = replace(spy.registry, failures=(why,))
    spy = spy.restarted()

    assert why in said(spy, "plugins", by="U0ANA")
    others = said(spy, "plugins", by="U0ZOE")
    assert "*Not loaded* 1 plugin. Admins see which, and why." in others
    assert "bad.py" not in others
    assert "a-secret" not in others
