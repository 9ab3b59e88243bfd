"""`oncall ledger`: who sees what of whom, and where each line comes from."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.commands.arguments.months import MONTH
from bot.commands.request import Source
from bot.domain.oncall.ledger import Month
from bot.domain.oncall.ring import PagerRing, RingKind, RingNews
from bot.domain.policy import OnCallSettings, Policy
from bot.domain.relief.relief import WorkPeriod
from bot.domain.service import Service
from bot.ports import Contact, Ringing
from bot.services.oncall.rings import Rings
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota

HALF = timedelta(minutes=30)


class Portugal:
    """One holiday, in one country."""

    def holiday(self, calendar: str, day: date) -> str | None:
        return "Restauração" if (calendar, day) == ("PT", date(2026, 12, 1)) else None

    def trouble(self, calendar: str) -> str:
        return "" if calendar == "PT" else "unknown"


def played(**settings: object) -> Rota:
    """Ana was on call from Monday noon to Wednesday noon, then Raj until Friday; it is Saturday."""
    on_call = OnCallSettings(**settings)  # type: ignore[arg-type]
    policy: Policy = replace(POLICY, on_call=on_call)
    rota = Rota(policy, calendars=Portugal())
    rota.on("ana", NOON, NOON + 2 * DAY)
    rota.on("raj", NOON + 2 * DAY, NOON + 4 * DAY)
    rota.sync()
    with rota.spy.tx() as tx:
        for n, at in enumerate((NOON + 3 * HOUR, NOON + 14 * HOUR)):
            tx.session.rings.put(PagerRing(incident=f"Q{n}", user="P1", at=at, person="U0ANA"))
        number = tx.session.periods.reserve()
        tx.session.periods.put(
            WorkPeriod(number=number, person="U0ANA", started_at=NOON, ended_at=NOON + 3 * HOUR)
        )
    rota.spy.clock.tick(seconds=(5 * DAY).total_seconds())
    return rota


@pytest.fixture
def rota() -> Rota:
    return played()


def goes_on(rota: Rota, who: str) -> Rota:
    """Let one more person be on call for a day, from now on."""
    rota.on(who, rota.now, rota.now + DAY)
    rota.sync()
    rota.spy.clock.tick(seconds=DAY.total_seconds())
    return rota


def said(rota: Rota, words: str, by: str = "U0ANA", channel: str = "C0GENERAL") -> str:
    return rota.spy.say(words, by=by, channel=channel).message.text


def test_a_person_sees_their_own(rota: Rota):
    text = said(rota, "oncall ledger")

    assert "*Your time on call in November 2026*" in text
    assert "48.0 h on call (18.0 h at night, 0.0 h on weekends, 0.0 h on holidays)" in text
    assert "2 pages, 1 at night · 3.0 h of work" in text


def test_a_shift_that_was_given_away_counts_until_then():
    rota = Rota()
    rota.on("ana", NOON, NOON + 2 * DAY)
    rota.sync()
    rota.spy.clock.tick(seconds=(10 * HOUR).total_seconds())
    rota.on("raj", rota.now, NOON + 2 * DAY)
    rota.sync()
    rota.spy.clock.tick(seconds=(2 * DAY).total_seconds())

    assert "10.0 h on call" in said(rota, "oncall ledger november")
    assert "38.0 h on call" in said(rota, "oncall ledger 2026-11", by="U0RAJ")


def test_what_is_to_come_is_not_counted_yet():
    rota = Rota()
    rota.on("ana", NOON, NOON + 2 * DAY)
    rota.sync()
    rota.spy.clock.tick(hours=1)

    assert "1.0 h on call" in said(rota, "oncall ledger")


def test_a_team_sees_sums_and_no_names(rota: Rota):
    goes_on(rota, "kim")

    text = said(rota, "oncall ledger :imoc", channel="C0IMOC")

    assert "for :imoc (3 people together)" in text
    assert "120.0 h on call" in text
    assert "Raj" not in text
    assert "Ana" not in text


def test_the_csv_of_a_team_that_sees_sums_has_only_the_askers_own_lines(rota: Rota):
    goes_on(rota, "kim")

    text = said(rota, "oncall ledger :imoc csv", channel="C0IMOC")

    assert "U0ANA,shift,PSCH1 #1,imoc,2026-11-23,2026-11-23T12:00:00Z" in text
    assert "U0RAJ" not in text


def test_a_team_may_choose_to_see_names():
    rota = played(by_person=("imoc",))

    text = said(rota, "oncall ledger :imoc", channel="C0IMOC")

    assert "• Ana Lima: 48.0 h on call" in text
    assert "• Raj Patel: 48.0 h on call" in text
    assert "U0RAJ,shift,PSCH1 #2,imoc" in said(rota, "oncall ledger :imoc csv", channel="C0IMOC")


def test_the_ledger_of_a_team_is_for_its_people(rota: Rota):
    assert "is for its people" in said(rota, "oncall ledger :imoc", by="U0KIM")
    assert "is for its people" in said(rota, "oncall ledger :payments", by="U0ANA")


def test_the_sums_of_one_person_are_theirs():
    rota = Rota()
    rota.on("raj", NOON, NOON + DAY)
    rota.sync()
    rota.spy.clock.tick(hours=5)

    assert "so the sums would be theirs" in said(rota, "oncall ledger :imoc", by="U0KIM", channel="C0IMOC")
    assert "5.0 h on call" in said(rota, "oncall ledger :imoc", by="U0RAJ", channel="C0IMOC")


@pytest.mark.parametrize(
    ("holidays", "hours"),
    [
        ({"everybody": "PT"}, "24.0 h"),
        ({"imoc": "PT"}, "24.0 h"),
        ({"U0ANA": "PT", "imoc": "IN"}, "24.0 h"),
        ({"U0ANA": "IN", "everybody": "PT"}, "0.0 h"),
        ({"payments": "PT"}, "0.0 h"),
    ],
)
def test_a_holiday_is_that_of_the_person_or_the_team_or_everybody(holidays: dict[str, str], hours: str):
    rota = played(holidays=holidays)
    rota.on("ana", NOON + 7 * DAY, NOON + 9 * DAY)
    rota.sync()
    rota.spy.clock.tick(seconds=(5 * DAY).total_seconds())

    assert f"{hours} on holidays" in said(rota, "oncall ledger december")


def test_of_two_people_none_sees_the_others_by_subtracting_their_own(rota: Rota):
    assert "Besides you, only one person was on call" in said(rota, "oncall ledger :imoc")
    assert "on call" in said(rota, "oncall ledger :imoc", by="U0KIM", channel="C0IMOC")


def test_holidays_are_those_of_the_team_of_each_shift():
    rota = played(holidays={"payments": "PT"})
    rota.on("ana", NOON + 5 * DAY, NOON + 7 * DAY)
    rota.pager.override("PSCH2", email="ana@example.com", start=NOON + 7 * DAY, end=NOON + 9 * DAY)
    rota.sync()
    rota.spy.clock.tick(seconds=(5 * DAY).total_seconds())

    assert "24.0 h on holidays" in said(rota, "oncall ledger december")


def test_people_without_slack_are_named_as_missing(rota: Rota):
    goes_on(rota, "kim")
    with rota.spy.tx() as tx:
        [kims] = tx.session.shifts.of_ledger(NOON + 5 * DAY, NOON + 6 * DAY, person="U0KIM")
        tx.session.shifts.put(replace(kims, person=None))

    text = said(rota, "oncall ledger :imoc", by="U0KIM", channel="C0IMOC")

    assert "96.0 h on call" in text
    assert "Not in it: 1 person without Slack, 24.0 h on call" in text


# --- where it is said -------------------------------------------------------------------------------------


def answered(rota: Rota, words: str, channel: str) -> str:
    """Say it in a message that everybody in the channel sees. Return by which kind of effect it is answered."""
    response = rota.spy.say(words, by="U0ANA", channel=channel, source=Source.PLAIN)
    assert response.message is None
    return type(rota.spy.effects[-1]).__name__


@pytest.mark.parametrize("words", ["oncall ledger", "oncall ledger csv", "oncall ledger :imoc"])
def test_a_ledger_asked_for_aloud_is_shown_to_the_asker_alone(words: str):
    assert answered(played(by_person=("imoc",)), words, "C0GENERAL") == "PostEphemeral"


def test_a_teams_ledger_may_be_read_aloud_in_its_own_channel():
    named = played(by_person=("imoc",))

    assert answered(named, "oncall ledger :imoc", "C0IMOC") == "Post"
    assert answered(named, "oncall ledger :imoc csv", "C0IMOC") == "Post"
    assert answered(named, "oncall ledger csv", "C0IMOC") == "PostEphemeral"


# --- months -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "month",
    [
        "nov",
        "November",
        "2026-11",
        "this month",
        "current month",
        "november 2026",
        "Nov 2026",
        "2026 november",
        "2026/11",
        "11/2026",
        "for november",
        "nov. 2026",
        "november, 2026",
    ],
)
def test_a_month_may_be_said_in_many_ways(rota: Rota, month: str):
    text = said(rota, f"oncall ledger {month}")

    assert "48.0 h on call" in text


def test_months_before_are_read_too_and_a_wrong_one_is_asked_back(rota: Rota):
    october = Month(year=2026, month=10)
    with rota.spy.tx() as tx:
        assert all(
            MONTH.read(it, tx, "U0ANA") == october
            for it in ("last month", "previous month", "oct", "oct 2026", "10/2026", "2026 10")
        )
        assert MONTH.read("december", tx, "U0ANA") == Month(year=2025, month=12)
    assert "november" in said(rota, "oncall ledger novmber")


@pytest.mark.parametrize("month", ["2027-01", "december 2026", "12/2026"])
def test_a_month_to_come_has_no_ledger_yet(rota: Rota, month: str):
    assert "has not begun yet" in said(rota, f"oncall ledger {month}")


@pytest.mark.parametrize("person", ["<@U0RAJ>", "@raj", "Raj Patel", "<@U0RAJ|raj>"])
def test_the_ledger_of_somebody_else_is_not_shown(rota: Rota, person: str):
    assert "You can see your own ledger" in said(rota, f"oncall ledger {person}")


def test_the_ledger_is_found_without_its_first_word(rota: Rota):
    answer = rota.spy.say("ledger november", by="U0ANA", channel="C0GENERAL").message

    assert "Did you mean `oncall ledger`?" in answer.text
    rota.spy.press("oncall ledger november", answer, by="U0ANA")


def test_a_month_that_is_over_is_not_until_now(rota: Rota):
    assert "Until now" in said(rota, "oncall ledger november")
    assert "Until now" not in said(rota, "oncall ledger october")


def test_the_only_person_on_call_is_shown_the_way_to_their_own():
    mine = Rota()
    mine.on("raj", NOON, NOON + DAY)
    mine.sync()
    mine.spy.clock.tick(hours=5)

    text = said(mine, "oncall ledger :imoc", by="U0KIM", channel="C0IMOC")

    assert "Yours: `oncall ledger`." in text
    assert "in November 2026" in text


def test_a_word_that_is_no_command_is_not_taken_for_a_team(rota: Rota):
    text = said(rota, "oncall rest")

    assert "`help oncall` lists the commands" in text
    assert "There is no team :nosuch" in said(rota, "oncall :nosuch")


# --- rings ------------------------------------------------------------------------------------------------


def test_a_test_page_is_no_ring(rota: Rota):
    rota.spy.say("oncall test", by="U0ANA")
    with rota.spy.tx() as tx:
        rang = RingNews(incident="QT", kind=RingKind.ASSIGNED, at=NOON + HOUR, users=("PUANA",))
        Rings(tx).hear([rang])
        PagerResults(tx).sent(1, Ringing(id="QT", url="", status="triggered"))
        Rings(tx).hear([rang])

    with rota.spy.tx() as tx:
        assert not tx.session.rings.of("QT")


def test_the_work_of_a_ring_names_it():
    rota = Rota()
    rota.on("ana", NOON, NOON + 5 * HOUR)
    rota.sync()
    rota.spy.clock.tick(seconds=(6 * HOUR).total_seconds())
    hears(rota, "Q1", service="PSVC9")

    assert "U0ANA,work,Q1," in said(rota, "oncall ledger csv")


def test_a_ring_of_another_teams_service_is_not_in_a_teams_sums():
    services = {"checkout": Service(key="checkout", team="payments", pager_ids=("PSVC9",))}
    rota = Rota(replace(POLICY, services=services, on_call=OnCallSettings(by_person=("imoc",))))
    rota.on("ana", NOON, NOON + 5 * HOUR)
    rota.sync()
    rota.spy.clock.tick(seconds=(6 * HOUR).total_seconds())
    hears(rota, "Q1", service="PSVC9")
    hears(rota, "Q2", service="PSVC8")

    rows = said(rota, "oncall ledger :imoc csv", channel="C0IMOC")

    assert "U0ANA,page,Q1,payments," in said(rota, "oncall ledger csv")
    assert "Q1" not in rows
    assert "U0ANA,page,Q2,," in rows
    assert "U0ANA,work,Q2,," in rows


def hears(rota: Rota, incident: str, *, service: str) -> None:
    """Let the pager ring Ana an hour into her shift; she acknowledges it at once, and it ends half an hour later."""
    with rota.spy.tx() as tx:
        tx.session.contacts.put(Contact(email="ana@example.com", person="U0ANA", asked_at=rota.now))
        news = [
            RingNews(
                incident=incident, kind=kind, at=NOON + HOUR + n * HALF, users=("PUANA",), service=service
            )
            for kind, n in ((RingKind.ASSIGNED, 0), (RingKind.ACKNOWLEDGED, 0), (RingKind.RESOLVED, 1))
        ]
        Rings(tx).hear(news)
    with rota.spy.tx() as tx:
        Rings(tx).found("PUANA", "U0ANA")


# --- as CSV -----------------------------------------------------------------------------------------------


def after_rings(zone: str, count: int) -> Rota:
    """Ana has a long shift, this many rings, and lives in this time zone."""
    rota = Rota()
    rota.moves_to(zone, person="U0ANA")
    rota.on("ana", NOON - 20 * DAY, NOON + 5 * DAY)
    rota.sync()
    with rota.spy.tx() as tx:
        for n in range(count):
            at = NOON - n * timedelta(hours=2)
            tx.session.rings.put(PagerRing(incident=f"Q{n:02}", user="P1", at=at, person="U0ANA"))
    return rota


def refs(text: str) -> set[str]:
    return {line.split(",")[2] for line in text.splitlines() if ",page," in line}


@pytest.mark.parametrize("zone", ["UTC", "America/Argentina/Buenos_Aires"])
def test_a_long_table_comes_in_pages_and_none_of_its_lines_is_missing(zone: str):
    rota = after_rings(zone, 80)

    pages = [said(rota, f"oncall ledger csv page {n}") for n in range(1, 5)]

    assert refs("\n".join(pages)) == {f"Q{n:02}" for n in range(80)}
    assert all(page.startswith("```\nperson,source,ref") for page in pages[:2])


def test_a_terminal_shows_the_whole_file_and_nothing_else():
    rota = after_rings("America/Argentina/Buenos_Aires", 100)

    answer = rota.spy.say("oncall ledger csv", by="U0ANA", source=Source.TERMINAL)

    header, *rows = answer.message.text.splitlines()
    assert header.startswith("person,source,ref")
    assert all(row.startswith("U0ANA,") for row in rows)
    assert refs(answer.message.text) == {f"Q{n:02}" for n in range(100)}
