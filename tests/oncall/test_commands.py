"""What people say about being on call: cover, ready, test, load."""

import pytest

from bot.domain.effects import OpenForm
from bot.domain.oncall.effects import MakeOverride
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.ports import PagerNews, Rejected, Ringing
from bot.services.oncall.covers import Covers
from bot.services.paging.pager_results import PagerResults
from tests.support.on_call import DAY, HOUR, NOON, Rota

TOMORROW = NOON + DAY


@pytest.fixture
def rota() -> Rota:
    """Ana leads the command team's rota this week, since three hours ago."""
    rota = Rota()
    rota.on("ana", NOON - 3 * HOUR, NOON + 7 * DAY)
    rota.sync()
    return rota


def said(rota: Rota, words: str, by: str = "U0ANA") -> str:
    message = rota.spy.say(words, by=by, channel="C0IMOC").message
    return message.text if message else ""


# --- my shifts --------------------------------------------------------------------------------------------


def test_my_shifts_are_listed_in_my_own_zone(rota: Rota):
    rota.on("raj", NOON + 8 * DAY, NOON + 9 * DAY)
    rota.sync()

    text = said(rota, "oncall me", by="U0RAJ")

    assert ":imoc · Tue 1 Dec 17:30 to Wed 2 Dec 17:30 (Asia/Kolkata) · in 8 d · not answered yet" in text


def test_who_has_no_shift_hears_where_shifts_come_from(rota: Rota):
    assert "PagerDuty's schedules" in said(rota, "oncall me", by="U0KIM")


def test_who_is_on_call_is_still_answered(rota: Rota):
    assert ":imoc" in said(rota, "oncall")
    assert ":payments" in said(rota, "oncall :payments")


# --- cover ------------------------------------------------------------------------------------------------


def test_cover_is_asked_of_the_team_and_the_first_one_has_it(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")
    asked = rota.messages("cover", "C0IMOC")[0]

    rota.spy.press("I'll cover", asked, by="U0RAJ", channel="C0IMOC")
    late = said(rota, "oncall cover accept 1", by="U0KIM")
    rota.deliver_promises()

    turns = rota.pager.shifts(["PSCH1"], since=TOMORROW, until=TOMORROW + DAY)
    assert [(it.name, it.start.hour, it.end.hour) for it in turns][1] == ("Raj Patel", 18, 20)
    assert "covers it already" in late
    assert all(
        "is on call instead of Ana Lima" in rota.texts("covering", who)[0] for who in ("U0ANA", "U0RAJ")
    )
    assert "covers for Ana Lima" in rota.texts("cover", "C0IMOC")[0]


def test_who_was_asked_and_can_not_is_left_alone_while_the_asker_hears_of_it(rota: Rota):
    rota.on("kim", NOON + 10 * DAY, NOON + 11 * DAY)
    rota.sync()
    said(rota, "oncall cover 2026-12-03 12:00 - 2026-12-03 20:00 <@U0RAJ>", by="U0KIM")
    said(rota, "oncall cover decline 1", by="U0RAJ")

    rota.pass_time(9 * DAY)
    said(rota, "oncall cover withdraw 1", by="U0KIM")

    assert len(rota.texts("cover", "U0RAJ")) == 1
    assert len(rota.texts("covering", "U0KIM")) == 1 + len(("1w", "3d", "2d"))


def test_who_covers_is_ready_and_is_not_told_at_once_what_they_know(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")
    said(rota, "oncall cover accept 1", by="U0RAJ")
    rota.deliver_promises()
    rota.sync()

    assert rota.texts("warning", "U0RAJ") == []
    rota.pass_time(DAY + 7 * HOUR)
    assert len(rota.texts("warning", "U0RAJ")) == 3
    assert rota.texts("unready", "C0IMOC") == []


def test_who_is_covered_for_a_while_is_ready_for_the_rest_as_before(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")
    said(rota, "oncall cover accept 1", by="U0RAJ")
    rota.deliver_promises()
    rota.sync()

    rota.pass_time(DAY + 9 * HOUR)

    assert "Tue 24 Nov 20:00 to Mon 30 Nov" in said(rota, "oncall me")
    assert len(rota.texts("warning", "U0ANA")) == 2  # an hour before she is on call again, and then
    assert rota.texts("unready", "C0IMOC") == []


def test_one_person_can_be_asked_and_can_say_no(rota: Rota):
    rota.spy.meet(U0RAJ="Raj Patel")
    said(rota, "oncall cover tomorrow 18:00-20:00 <@U0RAJ>")
    asked = rota.messages("cover", "U0RAJ")[0]

    rota.spy.press("I can't", asked, by="U0RAJ")

    assert rota.texts("cover", "C0IMOC") == []
    assert "*Raj Patel can't cover*" in rota.texts("covering", "U0ANA")[0]


def test_an_uncovered_request_is_asked_again_and_stops_when_it_is_covered(rota: Rota):
    said(rota, "oncall cover 2026-11-28 18:00-20:00")

    rota.pass_time(3 * DAY + 7 * HOUR)
    asked = len(rota.texts("cover", "C0IMOC"))
    said(rota, "oncall cover accept 1", by="U0RAJ")
    rota.deliver_promises()
    rota.pass_time(2 * DAY)

    assert asked == 3  # at once, and three and two days before
    assert len(rota.texts("cover", "C0IMOC")) == asked
    assert all("covers for Ana Lima" in text for text in rota.texts("cover", "C0IMOC"))


def test_an_override_made_by_hand_ends_the_asking(rota: Rota):
    said(rota, "oncall cover 2026-11-28 18:00-20:00")
    rota.on("kim", NOON + 5 * DAY, NOON + 6 * DAY)
    rota.sync()

    rota.pass_time(4 * DAY)

    assert len(rota.texts("cover", "C0IMOC")) == 1
    assert "no longer needs cover" in rota.texts("cover", "C0IMOC")[0]
    assert "is no longer on call" in rota.texts("covering", "U0ANA")[0]


def test_a_promise_that_pagerduty_refuses_is_told_to_both_and_cover_is_wanted_again(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")
    said(rota, "oncall cover accept 1", by="U0RAJ")
    with rota.spy.tx() as tx:
        Covers(tx).refused(1, str(Rejected("no_such_user", "PagerDuty has no user with that e-mail")))

    heard = [rota.texts("covering", who)[0] for who in ("U0ANA", "U0RAJ")]
    again = said(rota, "oncall cover accept 1", by="U0KIM")

    assert all(text.startswith("*Not covered yet*") for text in heard)
    assert again.startswith("Thank you.")
    assert len(rota.spy.asked(MakeOverride)) == 2


def test_cover_can_be_taken_back_by_who_asked(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")

    refused = said(rota, "oncall cover withdraw 1", by="U0RAJ")
    taken_back = said(rota, "oncall cover withdraw 1")

    assert "can take this request back" in refused
    assert taken_back.startswith("Request taken back")
    assert "I'll cover" not in str(rota.messages("cover", "C0IMOC")[0].parts)


@pytest.mark.parametrize(
    ("words", "by", "why"),
    [
        ("oncall cover tomorrow 18:00-20:00", "U0RAJ", "You are not on call then"),
        ("oncall cover whenever", "U0ANA", "can't read the time"),
        ("oncall cover tomorrow 18-20 <@U0ANA>", "U0ANA", "can't cover for yourself"),
        ("oncall cover accept 99", "U0RAJ", "no request for cover 99"),
        ("oncall cover accept soon", "U0RAJ", "soon is not the number of a request for cover"),
        ("oncall find 99", "U0ANA", "no shift 99"),
        ("oncall cover", "U0RAJ", "nothing to cover"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_way_out(rota: Rota, words: str, by: str, why: str):
    assert why in said(rota, words, by=by)


def test_cover_is_not_asked_for_twice_at_once(rota: Rota):
    said(rota, "oncall cover tomorrow 18:00-20:00")

    assert "already" in said(rota, "oncall cover tomorrow 19:00-21:00")


def test_find_cover_opens_a_form_with_the_shifts_times_and_the_form_asks(rota: Rota):
    rota.spy.say("oncall cover", by="U0ANA", trigger="1.2.trigger")

    form = rota.spy.asked(OpenForm)[0]
    given = {"when": str(form.facts["when"]), "person": ""}
    rota.spy.say(form.command, by="U0ANA", given=given)

    assert form.facts["when"] == "2026-11-23 12:00 - 2026-11-30 12:00"
    assert len(rota.texts("cover", "C0IMOC")) == 1


# --- does my phone ring? ----------------------------------------------------------------------------------


def ring(rota: Rota, number: int) -> Ringing:
    ringing = Ringing(id="PD1", url="https://example.com", status="triggered")
    with rota.spy.tx() as tx:
        PagerResults(tx).sent(number, ringing)
    return ringing


def test_a_test_page_says_after_two_minutes_that_nobody_answered_and_stops(rota: Rota):
    said(rota, "oncall test")
    ring(rota, 1)

    rota.pass_time(HOUR)

    assert len(rota.spy.asked(SendPage)) == 1
    assert "was not acknowledged" in rota.texts("tested", "U0ANA")[0]
    assert [it.answer for it in rota.spy.asked(AnswerPage)] == ["resolved"]
    assert rota.texts("unanswered", "U0ANA") == []


def test_a_test_page_that_was_acknowledged_proves_that_the_phone_rings(rota: Rota):
    said(rota, "oncall test")
    ring(rota, 1)
    rota.spy.clock.tick(seconds=40)
    with rota.spy.tx() as tx:
        acknowledged = Ringing(id="PD1", url="https://example.com", status="acknowledged", at=rota.now)
        PagerResults(tx).record(PagerNews(id="1", kind="acknowledged", page=acknowledged))

    rota.pass_time(HOUR)

    assert rota.texts("tested", "U0ANA") == ["*Your phone works*: you acknowledged the test page after 40 s."]


def test_a_test_page_is_gentle_and_says_that_nothing_is_wrong(rota: Rota):
    said(rota, "oncall test")

    with rota.spy.tx() as tx:
        page = tx.session.pages.get(1)

    assert page
    assert page.test
    title = rota.spy.templates.render("paging/title", {"page": page, "incident": None}).text
    assert title.startswith("Test: ")


# --- load -------------------------------------------------------------------------------------------------


def test_load_counts_pages_nights_command_and_incidents_without_drills_and_tests(rota: Rota):
    rota.spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel")
    rota.spy.say('incident me "checkout is down" sev1', by="U0RAJ")
    rota.spy.say('incident me "just a drill" sev1 drill', by="U0RAJ")
    said(rota, "oncall test")
    rota.pass_time(HOUR / 2)
    rota.spy.say('incident 1 stop "fixed"', by="U0RAJ")
    rota.spy.say('incident 2 stop "done"', by="U0RAJ")
    rota.pass_time(11 * HOUR)
    rota.spy.say('incident me "slow again" sev1', by="U0RAJ")
    rota.spy.say('incident 3 stop "fixed"', by="U0RAJ")

    text = said(rota, "oncall load")

    week = text.partition("*Last 30 days*")[0]
    assert "• Ana Lima: 2 pages, 1 at night · never in command · 2 incidents · ⚠️ 2 in one shift" in week
    assert "• Raj Patel: 0 pages, 0 at night · 30 min in command · 2 incidents" in week


def test_load_forgets_after_a_month(rota: Rota):
    rota.spy.say('incident me "checkout is down" sev1', by="U0RAJ")
    rota.spy.say('incident 1 stop "fixed"', by="U0RAJ")
    rota.pass_time(8 * DAY)
    after_a_week = said(rota, "oncall load")
    rota.spy.clock.tick(days=30)

    week, _, month = after_a_week.partition("*Last 30 days*")
    assert ("1 page" in week, "1 page" in month) == (False, True)
    assert "page," not in said(rota, "oncall load")
