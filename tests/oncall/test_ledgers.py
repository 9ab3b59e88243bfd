"""`oncall ledger`: who sees what of whom, and where each line comes from."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.oncall.ring import PagerRing
from bot.domain.policy import OnCallSettings, Policy
from bot.domain.relief.relief import WorkPeriod
from bot.testing import POLICY
from tests.support.on_call import DAY, HOUR, NOON, Rota


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
    text = said(rota, "oncall ledger :imoc", channel="C0IMOC")

    assert "for :imoc (2 people together)" in text
    assert "96.0 h on call" in text
    assert "Raj" not in text
    assert "Ana" not in text


def test_the_csv_of_a_team_that_sees_sums_has_only_the_askers_own_lines(rota: Rota):
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


def test_a_month_may_be_said_in_many_ways_and_a_wrong_one_is_asked_back(rota: Rota):
    assert all(
        "in November 2026" in said(rota, f"oncall ledger {it}")
        for it in (
            "nov",
            "November",
            "2026-11",
            "this month",
            "november 2026",
            "nov. 2026",
            "November, 2026",
            "2026 november",
            "11/2026",
            "2026/11",
        )
    )
    assert "in October 2026" in said(rota, "oncall ledger last month")
    assert "in December 2025" in said(rota, "oncall ledger december")
    assert "november" in said(rota, "oncall ledger novmber")


@pytest.mark.parametrize("person", ["@raj", "<@U0RAJ>"])
def test_the_ledger_of_somebody_else_is_refused_kindly(rota: Rota, person: str):
    assert "You can see your own ledger: `oncall ledger`." in said(rota, f"oncall ledger {person}")


def test_the_ledger_is_found_without_its_first_word(rota: Rota):
    answer = rota.spy.say("ledger november", by="U0ANA", channel="C0GENERAL").message

    assert "Did you mean `oncall ledger`?" in answer.text
    rota.spy.press("oncall ledger", answer, by="U0ANA")


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


def test_a_test_page_is_no_ring(rota: Rota):
    with rota.spy.tx() as tx:
        tx.session.rings.put(PagerRing(incident="QT", user="P1", at=NOON + HOUR, person="U0ANA"))
    rota.spy.say("oncall test", by="U0ANA")
    with rota.spy.tx() as tx:
        page = tx.session.pages.get(1)
        assert page
        tx.session.pages.put(replace(page, pager_id="QT", requested_at=NOON + HOUR))

    assert "2 pages" in said(rota, "oncall ledger")


def test_a_long_table_comes_in_pages():
    rota = Rota()
    rota.on("ana", NOON - 20 * DAY, NOON + 5 * DAY)
    rota.sync()
    with rota.spy.tx() as tx:
        for n in range(80):
            at = NOON - n * timedelta(hours=2)
            tx.session.rings.put(PagerRing(incident=f"Q{n:02}", user="P1", at=at, person="U0ANA"))

    first, second = said(rota, "oncall ledger csv"), said(rota, "oncall ledger csv page 2")

    assert first.count("\nU0ANA,") >= 57
    assert "Q00" not in first
    assert "Q00" in second
