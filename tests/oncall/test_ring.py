"""A ring of the pager: one for each person it reached, however Spy hears of it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.ring import PagerRing, RingKind, RingNews, after

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


def test_an_answer_counts_as_work_until_it_is_resolved_an_hour_at_most() -> None:
    answered = after({}, [news(RingKind.ASSIGNED, 0, "PUANA"), news(RingKind.ACKNOWLEDGED, 3, "PUANA")])
    soon = after(answered, [news(RingKind.RESOLVED, 23)])
    late = after(answered, [news(RingKind.RESOLVED, 600)])

    assert answered["PUANA"].worked == (NIGHT + 3 * MINUTE, NIGHT + 3 * MINUTE)
    assert soon["PUANA"].worked == (NIGHT + 3 * MINUTE, NIGHT + 23 * MINUTE)
    assert late["PUANA"].worked == (NIGHT + 3 * MINUTE, NIGHT + 63 * MINUTE)


def test_who_does_not_answer_did_not_work() -> None:
    rings = after({}, [news(RingKind.ASSIGNED, 0, "PUANA"), news(RingKind.RESOLVED, 20)])

    assert rings["PUANA"].worked is None


def test_who_acknowledges_what_was_not_theirs_was_paged_then() -> None:
    rings = after({}, [news(RingKind.ACKNOWLEDGED, 7, "PUKIM")])

    assert (rings["PUKIM"].at, rings["PUKIM"].acknowledged_at) == (NIGHT + 7 * MINUTE, NIGHT + 7 * MINUTE)


TOLD = st.lists(
    st.tuples(
        st.sampled_from([RingKind.ASSIGNED, RingKind.ACKNOWLEDGED]),
        st.integers(0, 90),
        st.sampled_from(["PUANA", "PURAJ", "PUKIM"]),
    ),
    max_size=8,
)


@given(told=TOLD, data=st.data())
def test_the_order_and_the_number_of_deliveries_do_not_matter(
    told: list[tuple[RingKind, int, str]], data: st.DataObject
) -> None:
    every = [news(*it) for it in told]
    one_by_one: dict[str, PagerRing] = {}
    for it in data.draw(st.permutations([*every, *every])):
        one_by_one = dict(after(one_by_one, [it]))

    assert one_by_one == after({}, every)
