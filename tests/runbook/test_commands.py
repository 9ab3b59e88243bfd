"""Runbooks as people say them: filled in for the channel, asked for in a form, or in words where there is none."""

import pytest

from bot.commands.request import Source
from bot.domain.effects import OpenForm, Post
from bot.services.postmortem.documents import Documents
from bot.testing import SpyKit

SAID = "runbook restart-db service=checkout region=east"


def test_a_runbook_is_filled_in_for_all_to_see(spy: SpyKit):
    answer = spy.say(f'{SAID} why="it is; down"')

    assert answer.shared
    assert "```\nlogger --tag restart-db 'it is; down'\nsudo systemctl restart postgresql@checkout\n```" in (
        answer.message.text
    )
    assert "West has the payments ledger" not in answer.message.text
    assert "{{" not in answer.message.text


def test_said_aloud_it_is_answered_in_the_channel(spy: SpyKit, channel: str):
    spy.say(SAID, channel=channel, source=Source.PLAIN)

    [answer] = spy.posts(channel)
    assert "systemctl restart postgresql@checkout" in answer.text


def test_inside_an_incident_its_fields_are_there(spy: SpyKit, channel: str):
    spy.say('incident impact "nobody can pay"', channel=channel)

    answer = spy.say("runbook nobody-answers team=payments", channel=channel)

    assert "INC-1, checkout is down. nobody can pay" in answer.message.text


def test_a_team_may_be_written_as_everywhere_else(spy: SpyKit):
    answer = spy.say("runbook nobody-answers team=:payments")

    assert "spy oncall :payments" in answer.message.text


def test_a_private_incidents_fields_stay_in_its_channel(spy: SpyKit):
    spy.say('incident me "payroll leaked" private')
    spy.create_channel(1, channel="C0SECRET")

    elsewhere = spy.say("inc-1 runbook nobody-answers team=payments", source=Source.PLAIN)

    assert elsewhere.message is None
    assert spy.posts("C0GENERAL") == []
    assert "payroll leaked" in spy.private()[-1].text


def test_what_is_missing_is_asked_for_in_a_form(spy: SpyKit):
    spy.say("runbook restart-db service=checkout region=north", trigger="T1")

    [opened] = spy.asked(OpenForm)
    form = spy.templates.form(opened.form, opened.facts)
    service, region, why = form.fields
    assert (opened.command, form.title) == ("runbook restart-db", "Restart a database")
    assert "region can't be north" in form.intro
    assert (service.kind, service.initial) == ("line", "checkout")
    assert (region.kind, region.options) == ("choice", (("east", "east"), ("west", "west")))
    assert (why.kind, why.initial) == ("text", "stuck, restarted by hand")


def test_the_form_that_is_sent_is_answered_in_the_channel(spy: SpyKit, channel: str):
    given = {"service": "checkout", "region": "west", "why": "&lt;stuck&gt;"}

    spy.say("runbook restart-db", source=Source.FORM, channel=channel, given=given)

    [post] = spy.asked(Post)
    assert (post.to, post.asker) == (channel, "U0ANA")
    assert "logger --tag restart-db '&lt;stuck&gt;'" in post.message.text


def test_a_form_that_is_wrong_says_so_beside_its_field(spy: SpyKit):
    answer = spy.say(
        "runbook restart-db", source=Source.FORM, given={"service": "a b", "region": "east", "why": ""}
    )

    assert answer.complaints == {
        "service": "service is one word of letters, digits and . _ - / : @ such as db-1, not a b."
    }


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (
            "runbook restart-db",
            "restart-db needs service (Whose database it is, such as checkout), region (east, west).",
        ),
        (
            "runbook restart-db service=x",
            'Try: `runbook restart-db region=east service=x why="stuck, restarted',
        ),
        (
            "runbook restart-db service=x regin=east",
            "restart-db has no parameter regin. Did you mean region?",
        ),
        (
            "runbook restart-db checkout",
            "I can't place checkout. Write it as name=value: `runbook restart-db service=",
        ),
        (
            "runbook restart-db region=east service=x service=y",
            "service is said twice: x and y. Which one is it?",
        ),
        ("runbook restrat-db", "There is no runbook restrat-db. Did you mean restart-db?"),
    ],
)
def test_without_a_form_a_sentence_says_what_is_missing_and_how_to_say_it(
    spy: SpyKit, said: str, answer: str
):
    spy.say(said, source=Source.PLAIN)

    assert answer in spy.private()[-1].text


def test_slacks_own_escapes_and_links_are_read_as_typed(spy: SpyKit):
    host = "service=<http://db1.example.com|db1.example.com>"

    answer = spy.say(f'runbook restart-db {host} region=east why="a &amp;&amp; b"')

    assert "postgresql@db1.example.com" in answer.message.text
    assert "logger --tag restart-db 'a &amp;&amp; b'" in answer.message.text


def test_the_list_shows_how_each_is_said(spy: SpyKit):
    text = spy.say("runbook").message.text

    assert "`runbook restart-db service=… region=east` Restart a database" in text
    assert "Left out" not in text


def test_a_runbook_opened_in_an_incident_is_on_its_timeline_and_in_its_postmortem(spy: SpyKit, channel: str):
    spy.say(SAID + ' why="no memory"', channel=channel, by="U0RAJ")

    opened = "*Runbook* Restart a database, opened by Raj Patel"
    assert opened in spy.say("timeline", channel=channel).message.text
    with spy.tx() as tx:
        [line] = Documents(tx).document(tx.incident(1))["runbooks"]
    assert (line["title"], line["by"]) == ("Restart a database", "U0RAJ")
