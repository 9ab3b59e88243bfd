"""What every pager keeps to: PagerDuty's adapter (against the sandbox) and the fake that stands for it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.adapters.pagerduty.client import PagerDuty
from bot.domain.oncall.ring import RingKind
from bot.domain.oncall.shift import Turn
from bot.ports import Pager, Rejected, Ringing
from bot.sandbox.box import Box
from tests.fakes.pager import FakePager


@dataclass
class World:
    """A pager, and people with phones: `acknowledge` and `resolve` take a name and a page's id.

    `merge` takes two pages' ids, `vacate` a schedule: nobody is on call there.
    """

    pager: Pager
    acknowledge: Callable[[str, str], object]
    resolve: Callable[[str, str], object]
    merge: Callable[[str, str], object]
    vacate: Callable[[str], object]
    now: Callable[[], datetime]
    """A moment that lies in the first turn of each schedule."""
    join: Callable[[str, str], object]
    """Puts somebody on call on a schedule beside whoever is: only a shift-based one can."""
    is_shift_based: bool = False


def fake_world(*, shift_based: bool = False) -> Iterator[World]:
    fake = FakePager(shift_based={"PSCH1", "PSCH2"} if shift_based else set())
    yield World(
        is_shift_based=shift_based,
        join=lambda schedule, who: fake.joins(
            schedule, f"{who}@example.com", *start_and_end(fake.schedules[schedule])
        ),
        pager=fake,
        acknowledge=lambda who, page: fake.become(page, "acknowledged", by=f"{who}@example.com"),
        resolve=lambda who, page: fake.become(page, "resolved", by=f"{who}@example.com"),
        merge=fake.merge,
        vacate=fake.vacate,
        now=lambda: fake.now,
    )


def start_and_end(turns: Sequence[Turn]) -> tuple[datetime, datetime]:
    return turns[0].start, turns[-1].end


def sandbox_world(*, shift_based: bool = False) -> Iterator[World]:
    with Box() as box:
        for schedule in ("PSCH1", "PSCH2", "PSCH3") if shift_based else ():
            box.pagerduty.account.upgrade(schedule)
        environment = box.environment()
        pager = PagerDuty(
            environment["PAGERDUTY_API_TOKEN"],
            from_email="spy@example.com",
            url=environment["PAGERDUTY_API_URL"],
        )
        yield World(
            is_shift_based=shift_based,
            join=lambda schedule, who: box.pagerduty.account.add_rotation(schedule, f"PU{who.upper()}"),
            pager=pager,
            acknowledge=box.pagerduty.acknowledge,
            resolve=box.pagerduty.resolve,
            merge=lambda page, into: box.pagerduty.merge("kim", page, into=into),
            vacate=box.pagerduty.account.vacate,
            now=lambda: box.clock.now().replace(microsecond=0),
        )
        pager.close()


KINDS = {
    "fake": fake_world,
    "sandbox": sandbox_world,
    "fake-shift-based": partial(fake_world, shift_based=True),
    "sandbox-shift-based": partial(sandbox_world, shift_based=True),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


@pytest.fixture(params=[it for name, it in KINDS.items() if "shift" in name], ids=["fake", "sandbox"])
def shift_based(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world in which several people are on call at once."""
    yield from request.param()


@pytest.fixture
def pager(world: World) -> Pager:
    return world.pager


def page_imoc(pager: Pager, key: str = "inc-1") -> Ringing:
    return pager.page_policy(
        key=key, title="checkout is down", details="sev1", service="PSVC1", policy="PPOL1"
    )


def test_a_page_rings_the_first_level_of_its_policy(pager: Pager) -> None:
    page = page_imoc(pager)

    assert (page.status, page.key, page.assigned, page.who) == ("triggered", "inc-1", "Raj Patel", None)
    assert page.at is not None


def test_without_a_policy_the_services_own_is_rung(pager: Pager) -> None:
    page = pager.page_policy(key="k", title="slow", details="", service="PSVC2", policy=None)

    assert page.assigned == "Kim Park"


def test_a_key_that_rings_cannot_ring_twice(pager: Pager) -> None:
    page_imoc(pager)

    with pytest.raises(Rejected) as rejected:
        page_imoc(pager)

    assert rejected.value.code == "duplicate"


def test_a_page_is_found_by_its_key(pager: Pager) -> None:
    page = page_imoc(pager)
    page_imoc(pager, key="other")

    assert pager.find("inc-1") == page
    assert pager.find("never") is None


def test_a_resolved_page_is_still_found(world: World) -> None:
    page = page_imoc(world.pager)
    world.resolve("raj", page.id)

    found = world.pager.find("inc-1")

    assert found is not None
    assert (found.id, found.status, found.who) == (page.id, "resolved", "Raj Patel")


def test_a_person_is_paged_by_e_mail(pager: Pager) -> None:
    page = pager.page_person(key="k", title="help", details="", service="PSVC1", email="Kim@example.com")

    assert page.assigned == "Kim Park"


def test_a_person_whom_the_pager_does_not_know_cannot_be_paged(pager: Pager) -> None:
    with pytest.raises(Rejected) as rejected:
        pager.page_person(key="k", title="help", details="", service="PSVC1", email="im@example.com")

    assert rejected.value.code == "no_such_user"


def test_a_service_that_does_not_exist_is_refused(pager: Pager) -> None:
    with pytest.raises(Rejected):
        pager.page_policy(key="k", title="help", details="", service="PNOWHERE", policy=None)


def test_a_page_that_does_not_exist_is_not_found(pager: Pager) -> None:
    with pytest.raises(Rejected) as rejected:
        pager.look("QNOWHERE")

    assert rejected.value.code == "not_found"


def test_an_acknowledgement_says_by_whom_and_when(world: World) -> None:
    page = page_imoc(world.pager)
    world.acknowledge("raj", page.id)

    seen = world.pager.look(page.id)

    assert (seen.status, seen.who) == ("acknowledged", "Raj Patel")
    assert seen.at is not None
    assert page.at is not None
    assert seen.at >= page.at


@pytest.mark.parametrize(
    ("email", "who"), [("kim@example.com", "Kim Park"), ("eve@example.com", "Spy"), (None, "Spy")]
)
def test_a_page_is_answered_in_the_name_of_whom_the_pager_knows(
    pager: Pager, email: str | None, who: str
) -> None:
    page = page_imoc(pager)

    answered = pager.answer(page.id, "acknowledged", email=email)

    assert (answered.status, answered.who) == ("acknowledged", who)


def test_what_is_resolved_stays_resolved(pager: Pager) -> None:
    page = page_imoc(pager)
    pager.answer(page.id, "resolved", email="kim@example.com")

    answered = pager.answer(page.id, "resolved", email="raj@example.com")

    assert (answered.status, answered.who) == ("resolved", "Kim Park")


def test_duties_tell_who_is_on_call_at_each_level(pager: Pager) -> None:
    on_calls = pager.on_calls(["PPOL1", "PPOL2"])

    assert {
        (on_call.policy, on_call.level, on_call.name, on_call.email, on_call.phone) for on_call in on_calls
    } == {
        ("PPOL1", 1, "Raj Patel", "raj@example.com", "+15550101"),
        ("PPOL1", 2, "Ana Lima", "ana@example.com", "+15550100"),
        ("PPOL2", 1, "Kim Park", "kim@example.com", "+15550102"),
        ("PPOL2", 2, "Raj Patel", "raj@example.com", "+15550101"),
    }


def test_nobody_is_on_call_for_nothing(pager: Pager) -> None:
    assert list(pager.on_calls([])) == []


# --- schedules --------------------------------------------------------------------------------------------


def names(turns: Iterable[Turn]) -> list[str]:
    return [turn.name for turn in turns]


def test_a_schedule_is_told_in_whole_turns(world: World) -> None:
    moment = world.now()

    turns = world.pager.shifts(["PSCH1"], since=moment, until=moment + timedelta(days=7))

    assert names(turns) == ["Raj Patel", "Ana Lima"]
    assert [turn.end - turn.start for turn in turns] == [timedelta(days=7)] * 2
    assert (turns[0].schedule, turns[0].email, turns[0].start <= moment) == ("PSCH1", "raj@example.com", True)


def test_several_schedules_are_told_at_once(world: World) -> None:
    moment = world.now()

    turns = world.pager.shifts(["PSCH2", "PSCH1"], since=moment, until=moment + timedelta(seconds=1))

    assert {(turn.schedule, turn.name) for turn in turns} == {("PSCH1", "Raj Patel"), ("PSCH2", "Kim Park")}


def test_a_schedule_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as rejected:
        world.pager.shifts(["PNOWHERE"], since=world.now(), until=world.now() + timedelta(days=1))

    assert rejected.value.code == "not_found"


def test_an_override_puts_somebody_else_on_call(world: World) -> None:
    start = world.now() + timedelta(days=7)
    end = start + timedelta(hours=2)

    made = world.pager.override("PSCH1", email="Kim@example.com", start=start, end=end)

    turns = world.pager.shifts(["PSCH1"], since=start - timedelta(hours=1), until=end + timedelta(hours=1))
    assert (made.name, made.start, made.end) == ("Kim Park", start, end)
    assert names(turns) == ["Ana Lima", "Kim Park", "Ana Lima"]


def test_an_override_that_is_asked_for_twice_is_made_once(world: World) -> None:
    start = world.now() + timedelta(days=1)
    end = start + timedelta(hours=2)
    for _ in range(2):
        world.pager.override("PSCH1", email="kim@example.com", start=start, end=end)

    turns = world.pager.shifts(["PSCH1"], since=start, until=end)

    assert [turn.name for turn in turns].count("Kim Park") == 1


def test_nobody_is_put_on_call_whom_the_pager_does_not_know(world: World) -> None:
    start = world.now()

    with pytest.raises(Rejected) as rejected:
        world.pager.override("PSCH1", email="im@example.com", start=start, end=start + timedelta(hours=1))

    assert rejected.value.code == "no_such_user"


def test_all_who_are_on_call_at_once_are_told(shift_based: World) -> None:
    shift_based.join("PSCH1", "kim")
    moment = shift_based.now()

    turns = shift_based.pager.shifts(["PSCH1"], since=moment, until=moment + timedelta(seconds=1))

    assert sorted(names(turns)) == ["Kim Park", "Raj Patel"]


def test_an_override_replaces_only_who_asked(shift_based: World) -> None:
    shift_based.join("PSCH1", "kim")
    start = shift_based.now() + timedelta(hours=1)
    end = start + timedelta(hours=2)
    for _ in range(2):
        shift_based.pager.override("PSCH1", email="ana@example.com", start=start, end=end, instead_of="PURAJ")

    during = shift_based.pager.shifts(["PSCH1"], since=start, until=end)
    after = shift_based.pager.shifts(["PSCH1"], since=end, until=end + timedelta(seconds=1))

    assert sorted(names(during)) == ["Ana Lima", "Kim Park"]
    assert sorted(names(after)) == ["Kim Park", "Raj Patel"]


def test_whoever_covers_may_be_on_call_already(shift_based: World) -> None:
    shift_based.join("PSCH1", "kim")
    start = shift_based.now() + timedelta(hours=1)
    end = start + timedelta(hours=2)

    shift_based.pager.override("PSCH1", email="kim@example.com", start=start, end=end, instead_of="PURAJ")

    turns = shift_based.pager.shifts(["PSCH1"], since=start, until=end)
    assert set(names(turns)) == {"Kim Park"}


def test_an_override_that_is_overridden_again_leaves_the_last_on_call(world: World) -> None:
    start = world.now() + timedelta(days=1)
    end = start + timedelta(hours=2)
    world.pager.override("PSCH1", email="kim@example.com", start=start, end=end, instead_of="PURAJ")

    world.pager.override("PSCH1", email="ana@example.com", start=start, end=end, instead_of="PUKIM")

    assert names(world.pager.shifts(["PSCH1"], since=start, until=end)) == ["Ana Lima"]


def test_a_cover_that_went_back_and_is_asked_for_again_is_entered_again(world: World) -> None:
    start = world.now() + timedelta(days=1)
    end = start + timedelta(hours=2)
    for who, instead in (("kim", "PURAJ"), ("raj", "PUKIM"), ("kim", "PURAJ")):
        world.pager.override("PSCH1", email=f"{who}@example.com", start=start, end=end, instead_of=instead)

    assert set(names(world.pager.shifts(["PSCH1"], since=start, until=end))) == {"Kim Park"}


def test_an_override_puts_somebody_on_call_where_nobody_was(world: World) -> None:
    world.vacate("PSCH2")
    start = world.now() + timedelta(days=1)
    end = start + timedelta(hours=2)
    for _ in range(2):
        made = world.pager.override("PSCH2", email="kim@example.com", start=start, end=end)

    assert names(world.pager.shifts(["PSCH2"], since=start, until=end)) == ["Kim Park"]
    assert (made.start, made.end) == (start, end)


def test_a_person_can_be_paged_gently(pager: Pager) -> None:
    page = pager.page_person(
        key="k", title="test", details="", service="PSVC1", email="kim@example.com", gently=True
    )

    assert page.assigned == "Kim Park"


def test_a_page_that_is_escalated_rings_the_next_level(pager: Pager) -> None:
    page = pager.page_policy(key="up", title="x", details="", service="PSVC1", policy="PPOL1")
    assert page.assigned == "Raj Patel"

    escalated = pager.escalate(page.id, 2)

    assert (escalated.id, escalated.status, escalated.assigned) == (page.id, "triggered", "Ana Lima")
    assert pager.escalate(page.id, 2).assigned == "Ana Lima"
    with pytest.raises(Rejected):
        pager.escalate("Q0NOBODY", 2)


def test_a_page_that_was_merged_says_into_which(world: World) -> None:
    page, other = page_imoc(world.pager), page_imoc(world.pager, key="inc-2")
    world.merge(page.id, other.id)

    merged = world.pager.look(page.id)

    assert (merged.status, merged.merged_into, merged.merged_url) == ("resolved", other.id, other.url)
    assert world.pager.look(other.id).merged_into is None


def test_a_level_on_which_nobody_is_on_call_is_skipped(world: World) -> None:
    world.vacate("PSCH1")

    assert page_imoc(world.pager).assigned == "Ana Lima"
    assert [on_call.name for on_call in world.pager.on_calls(["PPOL1"])] == ["Ana Lima"]


def test_where_nobody_is_on_call_it_rings_nobody(world: World) -> None:
    world.vacate("PSCH1")
    world.vacate("PSCH3")

    page = page_imoc(world.pager)

    assert (page.status, page.assigned) == ("triggered", "")
    assert world.pager.escalate(page.id, 2).assigned == ""
    assert list(world.pager.on_calls(["PPOL1"])) == []


def test_an_answer_says_whether_it_was_given_in_spys_own_name(pager: Pager) -> None:
    page = page_imoc(pager)

    assert pager.answer(page.id, "acknowledged", email="eve@example.com").in_own_name
    assert not pager.answer(page.id, "acknowledged", email="kim@example.com").in_own_name


def test_who_answered_is_found_by_their_address(world: World) -> None:
    page = page_imoc(world.pager)
    world.acknowledge("raj", page.id)

    user = world.pager.look(page.id).user

    assert user == "PURAJ"
    assert world.pager.address(user) == "raj@example.com"
    assert world.pager.address("PNOBODY") is None


def test_the_log_says_who_was_paged_who_answered_and_that_it_is_over(world: World) -> None:
    start = world.now() - timedelta(minutes=1)
    page = page_imoc(world.pager)
    world.pager.escalate(page.id, 2)
    world.acknowledge("ana", page.id)
    world.resolve("ana", page.id)

    news = world.pager.rings(since=start, until=world.now() + timedelta(minutes=1))

    said = {(it.kind, user) for it in news for user in it.users or [""] if it.incident == page.id}
    assert said == {
        (RingKind.ASSIGNED, "PURAJ"),
        (RingKind.ASSIGNED, "PUANA"),
        (RingKind.ACKNOWLEDGED, "PUANA"),
        (RingKind.RESOLVED, ""),
    }


def test_the_log_of_another_time_is_empty(world: World) -> None:
    page_imoc(world.pager)

    assert not world.pager.rings(
        since=world.now() - timedelta(days=300), until=world.now() - timedelta(days=299)
    )
