"""What programs hear of events: whose, in which order, how often, and what they never hear."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.effects import Notify
from bot.domain.incident.webhooks import EVENTS, USUAL, CallWebhook
from bot.domain.webhook import WebhookSettings
from bot.ports import Rejected, Throttled, Unreachable
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.incidents import Incidents
from bot.testing import SpyKit
from tests.support.webhooks import Programs

PORTAL = WebhookSettings(name="portal", url="https://portal.example.com/spy", events=USUAL)
ADMIN = "U0KIM"


def told(spy: SpyKit, *webhooks: WebhookSettings) -> Programs:
    """Return the programs of a Spy with these webhooks, whose admin is Kim."""
    permissions = {**spy.policy.permissions, "admin": frozenset({ADMIN})}
    known = {it.name: it for it in webhooks or (PORTAL,)}
    spy.adopt(replace(spy.policy, webhooks=known, permissions=permissions))
    return Programs(spy)


def said(spy: SpyKit, words: str) -> str:
    answer = spy.say(words, by=ADMIN).message
    return answer.text if answer else ""


def test_a_webhook_hears_what_followers_are_told_in_order(spy: SpyKit):
    programs = told(spy)
    for words in (
        'incident me "checkout is down" sev2',
        'incident 1 note "not for followers"',
        'incident 1 update "rolling back"',
        "incident 1 sev sev1",
        'incident 1 resolve "rolled back"',
    ):
        spy.say(words)
    programs.deliver()

    assert programs.webhooks.types == [
        "incident.declared",
        "incident.update_posted",
        "incident.severity_set",
        "incident.resolved",
    ]
    update = programs.webhooks.heard[1]
    assert update["data"]["incident"]["number"] == 1
    assert update["data"]["line"]["by"] == {"id": "U0ANA", "name": "Ana Lima"}
    assert "rolling back" in update["data"]["line"]["text"]
    assert update["timestamp"].endswith("Z")


def test_each_event_has_an_id_of_its_own_that_stays(spy: SpyKit):
    programs = told(spy)
    spy.say('incident me "checkout is down" sev2')
    spy.say('incident 1 update "rolling back"')
    programs.deliver()
    first = [it.id for it in programs.webhooks.calls]

    assert "2 events" in said(spy, "webhook replay portal since 11:00")
    programs.deliver()
    assert len({*first}) == 2
    assert [it.id for it in programs.webhooks.calls] == [*first, *first]


def test_a_webhook_hears_only_what_it_asked_for(spy: SpyKit):
    programs = told(
        spy,
        replace(PORTAL, name="notes", events=frozenset({"note_taken"})),
        replace(PORTAL, name="grave", severities=("sev1",)),
        replace(PORTAL, name="payments", teams=("payments",)),
        replace(PORTAL, name="everything", events=EVENTS, drills=True),
    )
    spy.say('incident me "search hangs" sev3')
    spy.say('incident 1 note "cpu is at 100 %"')
    spy.say('incident me "a drill" sev1 drill')
    spy.say('incident 1 tell :payments "look please"')
    spy.say('incident 1 update "we look"')
    programs.deliver()

    heard = {
        (it.webhook, body["type"])
        for it, body in zip(programs.webhooks.calls, programs.webhooks.heard, strict=True)
    }
    assert {kind for name, kind in heard if name == "notes"} == {"incident.note_taken"}
    assert not [it for it in heard if it[0] == "grave"]
    assert ("payments", "incident.update_posted") in heard
    drills = [it["data"]["incident"]["drill"] for it in programs.webhooks.heard]
    assert drills.count(True) == 1


def test_a_private_incident_leaves_by_no_webhook_that_does_not_say_so(spy: SpyKit):
    programs = told(spy, PORTAL, replace(PORTAL, name="vault", private=True))
    spy.say('incident me "payroll is wrong" sev2 private')
    spy.say('incident me "search hangs" sev3')
    spy.say('incident 2 update "salaries are fine"')
    spy.create_channel(2, channel="C0ROOM")
    with spy.tx() as tx:  # it becomes private before its events have left
        IncidentChannels(tx).made_private(tx.incident(2), by="U0ANA")
    programs.deliver()

    assert {it.webhook for it in programs.webhooks.calls} == {"vault"}
    assert "there was nothing that *portal* hears of" in said(spy, "webhook replay portal since 11:00")
    programs.deliver()
    assert {it.webhook for it in programs.webhooks.calls} == {"vault"}
    assert "payroll" not in str(spy.asked(CallWebhook))


def test_what_was_hidden_meanwhile_is_not_told_and_what_was_corrected_is_told_corrected(spy: SpyKit):
    programs = told(spy, replace(PORTAL, events=frozenset({"note_taken"})))
    spy.say('incident me "checkout is down" sev2')
    for note, edit in (
        ("my password is hunter2", "hide {}"),
        ("cpu is at 10 %", 'edit {} "cpu is at 100 %"'),
    ):
        spy.say(f'incident 1 note "{note}"')
        last = max(it.seq for it in spy.timeline(1) if it.kind == "note_taken")
        spy.say(f"incident 1 timeline {edit.format(last)}")
    programs.deliver()

    assert len(programs.webhooks.calls) == 1
    assert "cpu is at 100 %" in programs.webhooks.heard[0]["data"]["line"]["text"]


def test_a_webhook_that_does_not_answer_is_tried_for_a_day_and_said_once(spy: SpyKit):
    programs = told(spy)
    programs.webhooks.failure = Unreachable("portal.example.com answered with HTTP 500.")
    spy.say('incident me "checkout is down" sev2')
    programs.deliver()
    assert not programs.chat.said_in(ADMIN)

    programs.after(hours=1)
    assert programs.chat.said_in(ADMIN)[0].startswith("*The webhook portal* does not take what Spy tells it")
    assert "no answer since" in said(spy, "webhook list")
    spy.say('incident 1 update "rolling back"')
    programs.after(hours=25)
    assert len(programs.chat.said_in(ADMIN)) == 2
    assert "gave up events" in programs.chat.said_in(ADMIN)[1]

    programs.webhooks.failure = None
    assert "2 events" in said(spy, "webhook replay portal since yesterday")
    programs.deliver()
    assert programs.webhooks.types == ["incident.declared", "incident.update_posted"]
    assert "works again" in programs.chat.said_in(ADMIN)[2]
    assert "no answer since" not in said(spy, "webhook list")


def test_those_behind_one_that_was_given_up_are_tried_once_each(spy: SpyKit):
    programs = told(spy)
    programs.webhooks.failure = Throttled("it asks to wait", retry_after=timedelta(minutes=10))
    spy.say('incident me "checkout is down" sev2')
    for number in range(8):
        spy.say(f'incident 1 update "{number}"')
    programs.after(hours=25)
    before = programs.webhooks.tries

    programs.after(hours=1)
    assert programs.webhooks.tries - before <= 9
    with spy.tx() as tx:
        states = {it.state for it in tx.session.outbox.latest(limit=500) if it.kind == "CallWebhook"}
    assert states == {"failed"}


def test_a_webhook_that_is_gone_is_given_up_at_once(spy: SpyKit):
    programs = told(spy)
    programs.webhooks.failure = Rejected(
        "gone", "portal.example.com says that it is gone for good (HTTP 410)."
    )
    spy.say('incident me "checkout is down" sev2')
    programs.deliver()

    assert programs.webhooks.tries == 1
    assert len(programs.chat.said_in(ADMIN)) == 1
    assert not [it for it in spy.asked(Notify) if it.incident]


def test_a_webhook_that_was_removed_hears_nothing_more(spy: SpyKit):
    programs = told(spy)
    spy.say('incident me "checkout is down" sev2')
    spy.adopt(replace(spy.policy, webhooks={}))
    programs.deliver()

    assert programs.webhooks.tries == 0


def test_an_admin_tries_a_webhook(spy: SpyKit):
    programs = told(spy)

    assert "A test goes to *portal*" in said(spy, "webhook test portal")
    programs.deliver()
    assert programs.webhooks.heard[0]["type"] == "webhook.test"
    assert programs.webhooks.heard[0]["data"] == {"webhook": "portal"}
    assert "Did you mean portal?" in said(spy, "webhook test portl")
    assert "portal.example.com" in said(spy, "webhook list")


@pytest.mark.parametrize(
    ("since", "sentence"),
    [("2020-01-01", "from the last 30 days"), ("11:00", "500 is the most")],
)
def test_not_everything_is_sent_again(spy: SpyKit, since: str, sentence: str):
    told(spy)
    spy.say('incident me "checkout is down" sev2')
    with spy.tx() as tx:
        for number in range(500):
            Incidents(tx).post_update(tx.incident(1), f"update {number}", by="U0ANA")

    assert sentence in said(spy, f"webhook replay portal since {since}")
