"""A ring of the pager: one for each person it reached, however Spy hears of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.ring import PagerRing, RingKind, RingNews, after, together

NIGHT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def news(kind: RingKind, minutes: float, *users: str) -> RingNews:
    return RingNews(incident="Q1", kind=kind, at=NIGHT + minutes * MINUTE, users=users)


def test_each_person_it_reached_has_one_ring_from_the_first_moment() -> None:
    rings = after(
        {},
        [
            news(RingKind.ASSIGNED, 0, "PUANA"),
            news(RingKind.ASSIGNED, 5, "PURAJ"),
            news(RingKind.ASSIGNED, 10, "PUANA"),
        ],
    )

    assert {user: it.at for user, it in rings.items()} == {"PUANA": NIGHT, "PURAJ": NIGHT + 5 * MINUTE}


def worked(rings: Mapping[str, PagerRing], user: str = "PUANA", *, least: float = 15) -> tuple[float, ...]:
    """Return the minutes of the night at which the work that a ring counts as begins and ends."""
    spans = rings[user].worked(least * MINUTE)
    return tuple((moment - NIGHT) / MINUTE for span in spans for moment in span)


def test_an_answer_counts_as_work_until_it_is_resolved_an_hour_at_most() -> None:
    answered = after({}, [news(RingKind.ASSIGNED, 0, "PUANA"), news(RingKind.ACKNOWLEDGED, 3, "PUANA")])
    at_once = after(answered, [news(RingKind.RESOLVED, 4)])
    soon = after(answered, [news(RingKind.RESOLVED, 23)])
    late = after(answered, [news(RingKind.RESOLVED, 600)])

    assert [worked(it) for it in (answered, at_once, soon, late)] == [(3, 18), (3, 18), (3, 23), (3, 63)]


def test_who_does_not_answer_was_woken_all_the_same() -> None:
    rings = after({}, [news(RingKind.ASSIGNED, 0, "PUANA", "PURAJ"), news(RingKind.ACKNOWLEDGED, 3, "PURAJ")])
    ended = after(rings, [news(RingKind.RESOLVED, 40)])

    assert worked(ended) == (0, 15)
    assert worked(ended, "PURAJ") == (3, 40)


def test_who_sleeps_on_and_answers_in_the_morning_was_woken_at_night_too() -> None:
    rings = after({}, [news(RingKind.ASSIGNED, 0, "PUANA"), news(RingKind.ACKNOWLEDGED, 300, "PUANA")])
    ended = after(rings, [news(RingKind.RESOLVED, 320)])

    assert worked(ended) == (0, 15, 300, 320)


def test_that_it_was_resolved_counts_although_it_is_heard_first() -> None:
    early = after({}, [news(RingKind.RESOLVED, 40)])
    rings = after(early, [news(RingKind.ASSIGNED, 0, "PUANA"), news(RingKind.ACKNOWLEDGED, 3, "PUANA")])

    assert worked(rings) == (3, 40)


def test_an_end_before_somebody_was_paged_is_not_theirs() -> None:
    rings = after(
        {},
        [
            news(RingKind.ASSIGNED, 0, "PUANA"),
            news(RingKind.RESOLVED, 10),
            news(RingKind.ACKNOWLEDGED, 21, "PURAJ"),
            news(RingKind.RESOLVED, 51),
        ],
    )

    assert worked(rings, "PURAJ") == (21, 51)


def test_who_acknowledges_what_was_not_theirs_was_paged_then() -> None:
    rings = after({}, [news(RingKind.ACKNOWLEDGED, 7, "PUKIM")])

    assert (rings["PUKIM"].at, rings["PUKIM"].acknowledged_at) == (NIGHT + 7 * MINUTE, NIGHT + 7 * MINUTE)


TOLD = st.lists(
    st.tuples(
        st.sampled_from(RingKind),
        st.integers(0, 90),
        st.sampled_from(["PUANA", "PURAJ", "PUKIM"]),
    ),
    max_size=8,
)


@given(told=TOLD, data=st.data())
def test_the_order_and_the_number_of_deliveries_do_not_matter(
    told: list[tuple[RingKind, int, str]], data: st.DataObject
) -> None:
    every = [news(kind, at, *([] if kind is RingKind.RESOLVED else [user])) for kind, at, user in told]
    one_by_one: dict[str, PagerRing] = {}
    for it in data.draw(st.permutations([*every, *every])):
        one_by_one = dict(after(one_by_one, [it]))

    assert one_by_one == after({}, every)


def test_a_storm_is_one_and_what_names_no_service_is_each_its_own() -> None:
    def ring(incident: str, minutes: float, service: str | None) -> PagerRing:
        return PagerRing(incident=incident, user="PUANA", at=NIGHT + minutes * MINUTE, service=service)

    found = together(
        [
            ring("Q4", 200, "PSVC1"),
            ring("Q1", 0, "PSVC1"),
            ring("Q3", 100, "PSVC1"),
            ring("Q2", 50, "PSVC1"),
            ring("Q5", 1, "PSVC2"),
            ring("Q6", 2, None),
            ring("Q7", 3, None),
        ]
    )

    assert found == {
        "Q1": "Q1", "Q2": "Q1", "Q3": "Q1", "Q4": "Q4", "Q5": "Q5", "Q6": "Q6", "Q7": "Q7"
    }  # fmt: skip
