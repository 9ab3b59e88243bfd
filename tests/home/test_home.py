"""When a Home tab is published again, and which changes it may show; without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.home.home import A_MINUTE, AT_ONCE, PAUSE, WATCHED_FOR, Home, HomeChange, changes, turn
from bot.domain.incident.incident import Incident

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
INCIDENT = Incident(
    number=3,
    name="checkout is down",
    declared_at=NOON,
    declared_by="U0ANA",
    commander="U0ANA",
    channel_name="inc-3-checkout",
    members=("U0ANA", "U0RAJ"),
)


def later(**by: float) -> datetime:
    return NOON + timedelta(**by)


def home(person: str = "U0ANA", **facts: object) -> Home:
    return replace(Home(person=person, looked_at=NOON, due_at=later(hours=1)), **facts)  # type: ignore[arg-type]


def published(homes: list[Home], *touched: str, now: datetime) -> list[str]:
    return [it.person for it in turn(homes, set(touched), now=now).publish]


def test_changes_that_come_close_together_are_one_call():
    first = home().touched(NOON)
    second = first.touched(later(seconds=0.6))

    assert second.due_at == first.due_at == later(seconds=1)


def test_a_person_gets_no_second_call_right_after_the_first():
    just_published = home(published_at=NOON)

    assert just_published.touched(later(seconds=1)).due_at == NOON + PAUSE
    assert just_published.touched(later(seconds=30)).due_at == later(seconds=31)


def test_a_home_is_due_after_a_change_and_then_compared_each_minute():
    [touched] = turn([home()], {"U0ANA"}, now=NOON).moved
    decided = turn([touched], set(), now=later(seconds=1))

    assert [it.person for it in decided.publish] == ["U0ANA"]
    assert [it.due_at for it in decided.moved] == [later(seconds=61)]


def test_only_those_whom_a_change_concerns_are_looked_at():
    homes = [home("U0ANA"), home("U0RAJ")]

    assert [it.person for it in turn(homes, {"U0RAJ"}, now=NOON).moved] == ["U0RAJ"]


def test_a_home_is_closed_an_hour_after_the_last_look_and_then_costs_nothing():
    watched = home(due_at=NOON).compared(later(minutes=59, seconds=30))
    assert watched.due_at == NOON + WATCHED_FOR

    [closed] = turn([watched], set(), now=NOON + WATCHED_FOR).moved

    assert closed.due_at is None
    assert published([closed], now=later(hours=5)) == []


def test_fifty_homes_are_published_a_few_at_a_time_the_longest_waiting_first():
    crowd = [home(f"U{n:02}", due_at=NOON, published_at=later(minutes=-n)) for n in range(50)]

    sent = published(crowd, now=NOON)

    assert sent == [f"U{n:02}" for n in range(49, 49 - AT_ONCE, -1)]


def test_slack_gets_no_more_calls_in_a_minute_than_it_takes():
    busy = [home(f"U{n:03}", published_at=later(seconds=-20)) for n in range(A_MINUTE)]
    waiting = home("U0ANA", due_at=NOON, published_at=later(minutes=-2))

    decided = turn([*busy, waiting], set(), now=NOON)

    assert decided.publish == ()
    assert [(it.person, it.due_at) for it in decided.moved] == [("U0ANA", later(seconds=5))]
    assert published([*busy, waiting], now=later(seconds=45)) == ["U0ANA"]


def test_fifty_homes_that_change_all_the_time_get_their_calls_in_turn():
    homes, calls = {f"U{n:02}": home(f"U{n:02}", due_at=NOON) for n in range(50)}, list[str]()
    for second in range(120):
        now = later(seconds=second)
        decided = turn(homes.values(), {*homes}, now=now)
        homes |= {it.person: it for it in decided.moved}
        homes |= {it.person: replace(homes[it.person], published_at=now) for it in decided.publish}
        calls += [it.person for it in decided.publish]

    assert {calls.count(it) for it in homes} <= {3, 4}
    assert len(calls) <= 2 * A_MINUTE + len(homes), "all at first, then as many as Slack takes"


def test_a_change_that_no_home_shows_is_no_change():
    assert changes(INCIDENT, replace(INCIDENT, impact="nobody can pay", entries=9)) == ()


def test_a_change_of_a_public_incident_concerns_everybody():
    assert changes(None, INCIDENT) == (HomeChange(),)
    assert changes(INCIDENT, replace(INCIDENT, severity="sev1")) == (HomeChange(),)


def test_a_change_of_a_private_incident_concerns_its_members_and_who_was_removed():
    private = replace(INCIDENT, private=True, command_offered_to="U0KIM")
    without = private.without_member("U0RAJ", NOON)

    assert changes(private, without) == (HomeChange(incident=3), HomeChange(person="U0RAJ"))
    assert changes(private, replace(private, command_offered_to=None)) == (
        HomeChange(incident=3),
        HomeChange(person="U0KIM"),
    )


def test_an_incident_that_becomes_private_concerns_everybody_who_saw_it():
    assert changes(INCIDENT, replace(INCIDENT, private=True)) == (HomeChange(),)
