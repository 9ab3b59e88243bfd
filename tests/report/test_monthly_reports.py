"""`report` and the monthly digest: whose incidents count, who sees what, and when the digest comes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.request import Source
from bot.domain.effects import UpsertMessage
from bot.domain.message import DataChart, DataTable, Message
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.ring import PagerRing
from bot.domain.policy import Timers
from bot.domain.report.digest import due
from bot.domain.service import Service
from bot.ports import Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.services.reminders import Reminders
from bot.services.report.monthly_reports import MonthlyReports
from bot.testing import POLICY, FrozenClock, SpyKit
from tests.support.folders import PLUGINS
from tests.support.templates import shipped

NOVEMBER = Month(year=2026, month=11)
LISBON = {key: replace(it, zone="Europe/Lisbon") for key, it in POLICY.teams.items()}
SERVICES = {"checkout": Service(key="checkout", team="payments"), "search": Service(key="search")}
HERE = replace(POLICY, teams=LISBON, services=SERVICES)


@pytest.fixture
def spy() -> SpyKit:
    clock = FrozenClock()
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, policy=HERE)
    with spy.tx() as tx:
        for person, name in {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0KIM": "Kim Park"}.items():
            People(tx).met(person, Profile(name=name, zone="Europe/Lisbon"))
    return spy


def declared(spy: SpyKit, words: str, *said: str) -> None:
    """Declare an incident, say this in its channel, and let ten minutes pass after each."""
    spy.say(f"incident me {words}")
    number = max(it for it in range(1, 30) if _is_there(spy, it))
    spy.create_channel(number)
    for line in said:
        spy.clock.tick(minutes=10)
        spy.say(line, channel=f"C0INC{number}")


def _is_there(spy: SpyKit, number: int) -> bool:
    with spy.tx() as tx:
        return tx.session.incidents.look(number) is not None


def asked(spy: SpyKit, words: str, *, by: str = "U0ANA", channel: str = "C0GENERAL") -> Message:
    """Return what only the asker sees."""
    before = len(spy.private())
    answer = spy.say(words, by=by, channel=channel)
    return answer.message or spy.private()[before]


# --- what is counted ------------------------------------------------------------------------------------------


def test_a_report_counts_a_teams_month(spy: SpyKit):
    declared(spy, '"checkout is down" sev1', 'incident update "looking"', "incident affects checkout")
    declared(spy, '"cards fail" sev3', 'incident tell :payments "look"', 'incident resolve "fixed"')
    declared(spy, '"search is slow" sev3', "incident affects search")
    declared(spy, '"practice" sev1 drill', "incident affects checkout")

    text = asked(spy, "report :payments").text

    assert text.startswith(
        "November 2026: :payments, until now\n*2 incidents* declared. Not counted: 1 drill."
    )
    assert "sev1: 1 · sev2: 0 · sev3: 1" in text
    assert "• checkout: Incidents 1" in text
    assert "*Updates on time* 1 of 1" in text
    assert "• resolve: Known 1 · Unknown 1 · Median 20 min · 90th percentile 20 min" in text
    assert "• detect: Known 0 · Unknown 2 · Median unknown" in text


def test_months_begin_by_the_clock_of_the_team(spy: SpyKit):
    spy.clock.reach(datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    spy.adopt(replace(HERE, teams={**LISBON, "payments": replace(LISBON["payments"], zone="Asia/Tokyo")}))
    declared(spy, '"checkout is down" sev1', "incident affects checkout")

    with spy.tx() as tx:
        counts = [
            MonthlyReports(tx).for_channel(tx.policy.teams[team], month).count
            for team in ("payments", "imoc")
            for month in (NOVEMBER, Month(year=2026, month=12))
        ]

    assert counts == [0, 1, 1, 0]


def test_pages_of_a_team_are_those_to_it_and_to_its_services(spy: SpyKit):
    spy.say('page :payments "please look"')
    spy.say('page :imoc "please look"')
    with spy.tx() as tx:
        for number in (1, 2):
            status = Ringing(id=f"Q{number}", url="https://pd", status="triggered")
            PagerResults(tx).sent(number, status)
        at = spy.clock.now()
        reached = PagerRing(incident="Q1", user="P1", at=at, person="U0RAJ")
        own = replace(reached, incident="Q9", service="PSVC2", at=at + timedelta(hours=11))
        stranger = replace(own, incident="Q8", user="P2", person=None)
        for it in (reached, own, stranger, replace(own, incident="Q7", service="PSVC1")):
            tx.session.rings.put(it)
    spy.clock.tick(hours=12)

    with spy.tx() as tx:
        found = MonthlyReports(tx).for_channel(tx.policy.teams["payments"], NOVEMBER)

    assert (found.pages.total, found.pages.at_night, found.pages.unknown) == (3, 2, 1)


def test_a_merged_incident_is_led_until_it_is_merged(spy: SpyKit):
    declared(spy, '"checkout is down" sev1')
    declared(spy, '"carts hang" sev1', "incident merge 1")
    spy.clock.tick(hours=5)

    with spy.tx() as tx:
        found = MonthlyReports(tx).for_channel(None, NOVEMBER)

    assert found.command.total == timedelta(hours=5, minutes=20)


# --- who sees what --------------------------------------------------------------------------------------------


def test_a_private_incident_is_in_no_count_of_an_outsider(spy: SpyKit):
    empty = asked(spy, "report", by="U0KIM").text
    declared(
        spy,
        '"payroll leaked" sev1 private',
        "incident affects checkout",
        'incident update "payroll"',
        'incident action "payroll" detection',
        'postmortem write lucky "payroll"',
        'page :payments "payroll"',
        'incident resolve "payroll"',
    )

    outsider, shared = (asked(spy, words, by="U0KIM").text for words in ("report", "report share"))
    theirs = asked(spy, "report").text

    assert outsider == empty
    assert "*0 incidents* declared" in shared
    assert "*Pages* 0" in shared
    assert "*1 incident* declared" in theirs
    assert "payroll" in theirs


def test_a_report_that_shows_a_private_incident_is_seen_by_its_asker_alone(spy: SpyKit):
    declared(spy, '"payroll leaked" sev1 private')

    aloud = spy.say("report", source=Source.PLAIN)

    assert aloud.message is None
    assert spy.posts("C0GENERAL") == []
    assert "*1 incident* declared" in spy.private()[-1].text


def test_a_report_is_shared_by_a_button_without_private_incidents(spy: SpyKit):
    declared(spy, '"payroll leaked" sev1 private')
    declared(spy, '"checkout is down" sev2')
    mine = asked(spy, "report 2026-11")

    spy.press("Share here", mine)

    [shared] = spy.posts("C0GENERAL")
    assert "*2 incidents* declared" in mine.text
    assert "*1 incident* declared" in shared.text
    assert "Without private incidents." in shared.text


# --- how it is asked for, and drawn ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("report", "November 2026: all teams, until now"),
        ("report :payments", "November 2026: :payments, until now"),
        ("report 2026-10", "October 2026: all teams"),
        ("report last month :imoc", "October 2026: :imoc"),
        ("report octobr", "octobr is no month. Did you mean october?"),
        ("report december 2026", "December 2026 has not begun yet. Try: `report` for this month."),
    ],
)
def test_a_report_is_asked_for_in_many_ways(spy: SpyKit, words: str, title: str):
    assert asked(spy, words).text.startswith(title)


def test_an_update_may_still_be_posted_in_short_as_a_report(spy: SpyKit):
    declared(spy, '"checkout is down" sev1')

    spy.say("report still rolling back", channel="C0INC1")

    assert spy.incident(1).update == "still rolling back"


def test_a_report_is_drawn_as_tables_and_charts_with_the_same_in_words(spy: SpyKit):
    declared(spy, '"checkout is down" sev1')

    message = asked(spy, "report")

    drawn = [it for it in message.parts if isinstance(it, DataTable | DataChart)]
    assert [type(it).__name__ for it in drawn] == ["DataChart", "DataTable", "DataTable", "DataChart"]
    assert all(it.text in message.text for it in drawn)


# --- the digest -----------------------------------------------------------------------------------------------


def digests(spy: SpyKit) -> Iterator[tuple[str, str]]:
    for it in spy.asked(UpsertMessage):
        if it.message_type == "report":
            yield str(it.to), spy.message_type("report", 0, it.mark).text


def started(spy: SpyKit) -> None:
    with spy.tx() as tx:
        Reminders(tx).replan_settings()


def test_a_team_gets_its_month_once_on_the_first_working_day(spy: SpyKit):
    declared(
        spy,
        '"checkout is down" sev1',
        "incident affects checkout",
        'incident resolve "fixed"',
        'postmortem write surprised "the cache was cold"',
    )
    declared(spy, '"payroll leaked" sev1 private', "incident affects checkout", 'incident resolve "closed"')
    started(spy)

    spy.pass_time(days=7)
    spy.clock.reach(datetime(2026, 12, 1, 9, 59, tzinfo=UTC))
    assert [*digests(spy)] == []
    spy.pass_time(minutes=1)
    started(spy)
    spy.pass_time(days=3)

    by_channel = dict(digests(spy))
    assert len([*digests(spy)]) == len(by_channel) == 2
    text = by_channel["C0PAY"]
    assert text.startswith("November 2026: :payments\n*1 incident* declared.")
    assert "INC-1 checkout is down, what surprised us:\n>the cache was cold" in text
    assert "payroll" not in text
    assert "This comes late" not in text


def test_a_digest_that_comes_late_says_so_and_after_a_week_it_comes_no_more(spy: SpyKit):
    declared(spy, '"checkout is down" sev1', "incident affects checkout")
    spy.clock.reach(datetime(2026, 12, 3, 9, 0, tzinfo=UTC))
    started(spy)
    spy.tick()
    late = [text for to, text in digests(spy) if to == "C0PAY"]
    spy.clock.reach(datetime(2027, 1, 20, 9, 0, tzinfo=UTC))
    started(spy)
    spy.tick()

    assert "This comes late" in late[0]
    assert len([to for to, _ in digests(spy) if to == "C0PAY"]) == 1


def test_a_team_that_wants_none_and_a_team_that_is_gone_get_none(spy: SpyKit):
    started(spy)
    spy.adopt(replace(HERE, teams={"payments": replace(LISBON["payments"], digest=False)}))
    started(spy)

    spy.pass_time(days=40)

    assert spy.asked(UpsertMessage) == []


def test_the_first_working_day_is_none_of_a_weekend():
    found = [due(Month(year=2026, month=it), Timers(), zone="Europe/Lisbon") for it in (9, 10, 11)]

    assert found == [
        datetime(2026, 10, 1, 9, tzinfo=UTC),
        datetime(2026, 11, 2, 10, tzinfo=UTC),
        datetime(2026, 12, 1, 10, tzinfo=UTC),
    ]
