"""An incident that is declared from a message, or in a thread."""

import pytest

from bot.commands.request import Request, Response, Source
from bot.domain.effects import OpenForm
from bot.domain.incident.events import LinkAdded
from bot.domain.incident.origin import Origin, remembered
from bot.domain.incident.timeline import Entry
from bot.testing import SpyKit

URL = "https://acme.slack.com/archives/C0PAY/p1700000000000100"
MESSAGE = Origin(url=URL, author="<@U0RAJ>", text="checkout is slow\nsince the deploy", thread="1.1")


def chosen(spy: SpyKit, origin: Origin | None, *, id: str = "shortcut") -> Response:  # noqa: A002  as in Request
    return spy.request(
        Request(
            id=id,
            text="incident me",
            user="U0ANA",
            source=Source.SHORTCUT,
            channel="C0PAY" if origin else None,
            trigger="T1",
            origin=origin,
        )
    )


def submitted(spy: SpyKit, origin: Origin, *, id: str = "form", **given: str) -> Response:  # noqa: A002
    kept = remembered(origin.memory)
    return spy.request(
        Request(
            id=id,
            text="incident me",
            user="U0ANA",
            source=Source.FORM,
            channel="C0PAY",
            given=given,
            origin=kept,
        )
    )


def links(spy: SpyKit, number: int = 1) -> list[Entry]:
    with spy.tx() as tx:
        return list(tx.session.timeline.among([number], [LinkAdded.kind()]))


def test_the_global_shortcut_opens_the_form_without_a_proposed_name(spy: SpyKit):
    chosen(spy, None)

    [form] = spy.asked(OpenForm)
    assert (form.form, form.command, form.channel, form.trigger) == (
        "incident/declare",
        "incident me",
        None,
        "T1",
    )
    assert spy.templates.form(form.form, form.facts).fields[0].initial in {None, ""}


def test_a_message_proposes_its_first_line_as_the_name(spy: SpyKit):
    chosen(spy, MESSAGE)

    [form] = spy.asked(OpenForm)
    assert spy.templates.form(form.form, form.facts).fields[0].initial == "checkout is slow"
    assert (form.thread, form.origin["url"], form.origin["author"]) == ("1.1", URL, "<@U0RAJ>")


def test_a_shortcut_that_slack_delivers_twice_opens_one_form(spy: SpyKit):
    chosen(spy, MESSAGE)
    chosen(spy, MESSAGE)

    assert len(spy.asked(OpenForm)) == 1


NAMES = {
    "\n\n  *checkout is down*  \nmore": "checkout is down",
    "> quoted trouble": "quoted trouble",
    "```\nTraceback: boom\n```": "Traceback: boom",
    "<@U0RAJ> sees errors": "Raj Patel sees errors",
    "<@U0GONE> sees errors": "someone sees errors",
    "look at <https://example.com/a|the graph> &amp; weep": "look at the graph (https://example.com/a) & weep",
    "": "",
    "---\n:::": "",
    "x" * 300: "x" * 119 + "…",
}


@pytest.mark.parametrize("text", NAMES)
def test_the_proposed_name_is_what_a_person_reads(text: str):
    known = {"U0RAJ": "Raj Patel"}

    assert Origin(url=URL, text=text).proposed_name(known.get) == NAMES[text]


def test_the_incident_links_the_message_and_names_its_author(spy: SpyKit):
    submitted(spy, MESSAGE, name="checkout is slow")

    assert [(it.url, it.title) for it in spy.incident(1).links] == [(URL, "The message it was declared from")]
    assert [(it.actor, it.data["author"]) for it in links(spy)] == [("U0ANA", "<@U0RAJ>")]
    answer = spy.say("incident 1 timeline").message
    assert answer
    assert f"<{URL}|The message it was declared from>, written by Raj Patel" in answer.text.replace(
        "<@U0RAJ>", "Raj Patel"
    )


def test_a_form_that_comes_twice_opens_one_incident_with_one_link(spy: SpyKit):
    submitted(spy, MESSAGE, name="checkout is slow")
    submitted(spy, MESSAGE, name="checkout is slow")
    submitted(spy, MESSAGE, id="again", name="checkout is slow")

    assert len(links(spy)) == 1
    with spy.tx() as tx:
        assert len(tx.session.incidents.open(limit=9)) == 1


@pytest.mark.parametrize("author", ["Grafana", "<@U0GONE>", ""])
def test_a_bot_a_deleted_person_and_nobody_are_authors_too(spy: SpyKit, author: str):
    submitted(spy, Origin(url=URL, author=author), name="disk is full")

    answer = spy.say("incident 1 timeline").message
    assert answer
    assert (f", written by {author}" if author else "declared from>") in answer.text
    assert ("written by" in answer.text) == bool(author)


def test_words_of_a_private_channel_stay_there(spy: SpyKit):
    secret = Origin(url=URL, author="<@U0RAJ>", is_private=True, text="merger talks stall\nalpha")
    chosen(spy, secret)
    submitted(spy, secret, name="mail is slow")

    [form] = spy.asked(OpenForm)
    shown = spy.templates.form(form.form, form.facts)
    assert "private channel" in (shown.intro or "")
    answer = spy.say("incident 1 timeline").message
    assert answer
    assert [it.data["author"] for it in links(spy)] == [""]
    assert "The message it was declared from in a private channel" in answer.text
    assert not any(words in answer.text for words in ("merger", "alpha", "RAJ"))


def test_a_private_incident_names_the_author_of_private_words(spy: SpyKit):
    secret = Origin(url=URL, author="<@U0RAJ>", is_private=True)

    submitted(spy, secret, name="mail is slow", private="yes")

    assert [it.data["author"] for it in links(spy)] == ["<@U0RAJ>"]


def test_declared_in_a_thread_it_links_the_thread(spy: SpyKit):
    thread = Origin(url=URL, kind="thread")
    spy.request(
        Request(
            id="said",
            text='incident me "checkout is down"',
            user="U0ANA",
            source=Source.PLAIN,
            channel="C0GENERAL",
            thread="1.1",
            origin=thread,
        )
    )

    assert [(it.url, it.title) for it in spy.incident(1).links] == [(URL, "The thread it was declared from")]


@pytest.mark.parametrize("memory", [None, 7, "x", {}, {"url": 1}, {"url": None}])
def test_a_form_without_an_origin_has_none(memory: object):
    assert remembered(memory) is None
