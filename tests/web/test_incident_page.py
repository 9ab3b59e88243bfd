"""One incident's page as a browser without scripts sees it: its state, its timeline, its past, and who may write."""

import re
from dataclasses import replace

import pytest

from bot.commands.request import Joined, MadePrivateNotice
from bot.ports import Profile
from bot.services.people import People
from bot.testing import SpyKit
from bot.web.dashboard.incident import RESOLVE
from tests.support.dashboard import Visitor, visiting
from tests.web.test_dashboard import GUEST, OUTSIDER, be_guest, read, words_of

ROUTES = ("", "?part=lines", "?part=replay", "/postmortem", "/live", "?updates=1", "?words=payroll")


def lines_of(visitor: Visitor, path: str) -> list[str]:
    """Return the lines that a page shows, without their times."""
    page = visitor.get(path).text
    return [words_of(f"<main {it}") for it in re.findall(r'<span class="what">(.*?)</li>', page, re.DOTALL)]


def test_it_says_what_the_card_says_and_who_and_what_belongs_to_it(spy: SpyKit, channel: str):
    for words in (
        'impact "nobody *can* pay" since 11:50',
        "affects checkout",
        'update "rolling back <!channel>"',
        "role scribe @kim",
        "hand @raj",
        'action "write a test" @kim prevention',
    ):
        spy.say(f"inc-1 {words}", by="U0ANA", channel=channel)
    spy.say('change "checkout 1.2" on checkout at 11:45')
    spy.pass_time(minutes=20)
    with visiting(spy, OUTSIDER) as browser:
        shown = read(browser, "/incidents/1")

    for words in (
        "INC-1 checkout is down sev1 triage",
        "Commander Ana Lima leads for 20 min",
        "Handover command is offered to Raj Patel",
        "late by 5 min",
        "Waiting for the update",
        "Impact nobody can pay since 11:50",
        "Last update rolling back @channel Ana Lima, 12:00",
        "Pages :imoc: on its way to PagerDuty",
        "Roles scribe: Kim Park",
        "Ana Lima commander · led 20 min · 8 lines",
        "11:45 change: checkout 1.2 on checkout",
        "write a test prevention · Kim Park",
        "It is written after the end",
    ):
        assert words in shown, shown
    assert "U0" not in shown


def test_the_timeline_is_newest_first_in_windows_without_gaps(spy: SpyKit, channel: str):
    for number in range(120):
        spy.say(f'note "note {number}"', channel=channel)
    spy.say('note "late" at 11:50', channel=channel)
    with visiting(spy, OUTSIDER) as browser:
        first = browser.get("/incidents/1").text
        more = re.search(r'href="(\?before=[^"]+)"', first)
        assert more
        shown = [*lines_of(browser, "/incidents/1"), *lines_of(browser, f"/incidents/1{more[1]}")]

    notes = [it for it in shown if "note" in it or "late" in it]
    assert notes[0] == "Note from Ana Lima: note 119"
    assert notes[-1] == "Note from Ana Lima: late"
    assert len(notes) == len({*notes}) == 121


def test_it_is_narrowed_by_kinds_people_and_words(spy: SpyKit, channel: str):
    spy.say('note "disk is full"', by="U0ANA", channel=channel)
    spy.say('note "cpu is at 100 %"', by="U0RAJ", channel=channel)
    spy.say('update "the disk again"', by="U0RAJ", channel=channel)
    with visiting(spy, OUTSIDER) as browser:
        assert len(lines_of(browser, "/incidents/1?notes=1")) == 2
        assert lines_of(browser, "/incidents/1?notes=1&by=U0RAJ") == ["Note from Raj Patel: cpu is at 100 %"]
        assert len(lines_of(browser, "/incidents/1?words=DISK")) == 2
        assert lines_of(browser, "/incidents/1?words=raj+CPU") == ["Note from Raj Patel: cpu is at 100 %"]
        assert len(lines_of(browser, "/incidents/1?words=patel")) == 2
        assert "No line fits." in read(browser, "/incidents/1?words=nothing%25")
        assert len(lines_of(browser, "/incidents/1?before=nonsense&until=never")) == 5


@pytest.mark.parametrize("route", ROUTES)
def test_a_private_incident_is_not_there_for_an_outsider_by_any_route(spy: SpyKit, route: str):
    spy.say('incident me "payroll leaks" private', by="U0ANA")
    with visiting(spy, OUTSIDER) as browser:
        hidden, missing = browser.get(f"/incidents/1{route}"), browser.get(f"/incidents/9{route}")

    assert hidden.status_code == 404
    assert "payroll" not in words_of(hidden.text)
    assert hidden.text.replace("/incidents/1", "") == missing.text.replace("/incidents/9", "")
    with visiting(spy) as browser:
        assert browser.get(f"/incidents/1{route}").status_code in {401, 404}


def test_a_guest_sees_the_incident_of_their_channel_and_no_other(spy: SpyKit, channel: str):
    be_guest(spy)
    with visiting(spy, GUEST) as browser:
        assert browser.get("/incidents/1").status_code == 404
        spy.notice(Joined(id="Ev1", channel=channel, person=GUEST))
        assert "checkout is down" in read(browser, "/incidents/1")


def test_what_is_written_here_is_the_same_command_with_the_same_roles(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe Frei"))
    spy.adopt(replace(spy.policy, permissions={"responder": frozenset({"U0RAJ"})}))
    with visiting(spy, "U0ZOE") as browser:
        shown = browser.get("/incidents/1").text
        assert RESOLVE.label not in re.findall(r"<summary>([^<]+)</summary>", shown)
        answer = browser.send(
            "/say",
            say="incident report",
            incident="1",
            **{"given.message": "we <know> & wait", "given.span": "5m"},
        )
        refused = browser.send("/say", say="incident stop", incident="1", **{"given.how": "fixed"})
    with visiting(spy, "U0ANA") as browser:
        assert RESOLVE.label in browser.get("/incidents/1").text
        browser.send("/say", say="incident stop", incident="1", **{"given.how": "rolled back"})
        assert re.findall(r"<summary>([^<]+)</summary>", browser.get("/incidents/1").text) == ["Add a note"]

    kinds = {it.kind: it for it in spy.timeline(1)}
    assert answer.status_code == 200
    assert "is for the role responder" in words_of(refused.text)
    assert (kinds["update_posted"].actor, kinds["update_posted"].source) == ("U0ZOE", "web")
    assert kinds["update_posted"].text == "we <know> & wait"
    assert kinds["resolved"].data["how"] == "rolled back"


def test_its_past_has_a_step_for_each_change_with_the_facts_that_it_changed(spy: SpyKit, channel: str):
    spy.clock.tick(minutes=5)
    spy.say("inc-1 hand @raj", by="U0ANA", channel=channel)
    spy.clock.tick(minutes=1)
    spy.say("inc-1 accept", by="U0RAJ", channel=channel)
    spy.say('note "changes nothing"', channel=channel)
    spy.pass_time(minutes=15)
    with visiting(spy, OUTSIDER) as browser:
        past = browser.get("/incidents/1?part=replay").text

    steps = [
        (at, leads, re.findall('data-fact="([a-z]+)"', facts))
        for at, leads, facts in re.findall(
            r'class="step" data-at="[\d-]+T(\d\d:\d\d)[^"]*"[^>]*data-leads="([^"]*)">(.*?)(?=<div class="step|\Z)',
            past,
            re.DOTALL,
        )
    ]
    assert steps[0][:2] == ("12:00", "Ana Lima")
    assert ("12:05", "Ana Lima", ["offer", "waits"]) in steps
    assert next(it for it in steps if it[1] == "Raj Patel") == (
        "12:06",
        "Raj Patel",
        ["lead", "offer", "waits"],
    )
    assert steps[-1][2] == ["waits"]


def test_its_postmortem_can_be_read_before_it_is_exported(spy: SpyKit, channel: str):
    spy.say('impact "<script>nobody</script> can pay"', channel=channel)
    spy.say('stop "rolled back"', channel=channel)
    with visiting(spy, OUTSIDER) as browser:
        page = browser.get("/incidents/1/postmortem").text

    assert "<h2>Impact</h2>" in page
    assert "&lt;script&gt;nobody" in page
    assert "mermaid" not in page


def test_a_person_who_left_and_a_private_channel_change_what_is_seen_at_once(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        People(tx).met(OUTSIDER, Profile(name="Kim Park"))
    with visiting(spy, OUTSIDER) as browser:
        assert browser.get("/incidents/1").status_code == 200
        spy.notice(MadePrivateNotice(id="Ev2", channel=channel, by="U0ANA"))
        assert browser.get("/incidents/1").status_code == 404
