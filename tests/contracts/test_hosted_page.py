"""What every hosted status page keeps to: Statuspage's adapter (against the sandbox), and the fake."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.adapters.statuspage.client import LEVELS, Statuspage
from bot.domain.status.component import Level
from bot.domain.status.publication import Stage
from bot.ports import HostedPage, PublicReport, Rejected
from bot.sandbox.box import Box
from bot.sandbox.statuspage.statuspage import PAGE
from tests.fakes.hosted_page import FakeHostedPage

SLOW = PublicReport(
    component="c0mpcheckout",
    level=Level.DEGRADED,
    stage=Stage.INVESTIGATING,
    name="Checkout: Degraded performance",
    words="Payments are slow, désolé: we look into it.",
    mark="1-1764504000000",
)
DOWN = replace(
    SLOW, level=Level.MAJOR_OUTAGE, stage=Stage.IDENTIFIED, words="Nobody can pay.", mark="2-1764504060000"
)
WORKS = replace(
    SLOW, level=Level.OPERATIONAL, stage=Stage.RESOLVED, words="It works again.", mark="3-1764504120000"
)


@dataclass
class World:
    """A page, the states of its components, and what customers read in a report, oldest first."""

    page: HostedPage
    states: Callable[[], Mapping[str, Level]]
    told: Callable[[str], list[str]]
    delete: Callable[[str], object]


def fake_world() -> Iterator[World]:
    fake = FakeHostedPage()
    yield World(
        page=fake,
        states=lambda: fake.states,
        told=lambda ident: [f"{it.stage}: {it.words}" for it in fake.reports[ident]],
        delete=fake.delete,
    )


def sandbox_world() -> Iterator[World]:
    levels = {word: level for level, word in LEVELS.items()}
    with Box() as box:
        keys, there = box.environment(), box.statuspage
        page = Statuspage(
            keys["STATUSPAGE_API_KEY"],
            page=PAGE,
            url=keys["STATUSPAGE_API_URL"],
            timeout=timedelta(seconds=10),
            notify=True,
        )
        with closing(page):
            yield World(
                page=page,
                states=lambda: {key: levels[it.status] for key, it in there.components.items()},
                told=lambda ident: [
                    f"{it.status}: {it.body}" for it in reversed(there.incidents[ident].updates)
                ],
                delete=there.delete,
            )


@pytest.fixture(params=[fake_world, sandbox_world], ids=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


def test_a_report_tells_of_one_trouble_from_its_beginning_to_its_end(world: World) -> None:
    ident = world.page.open_report(SLOW)
    begun = world.states()["c0mpcheckout"]
    world.page.add_update(ident, DOWN)
    worst = world.states()["c0mpcheckout"]
    world.page.add_update(ident, WORKS)

    assert world.told(ident) == [
        "investigating: Payments are slow, désolé: we look into it.",
        "identified: Nobody can pay.",
        "resolved: It works again.",
    ]
    assert [begun, worst, world.states()["c0mpcheckout"]] == [
        Level.DEGRADED,
        Level.MAJOR_OUTAGE,
        Level.OPERATIONAL,
    ]


def test_a_publication_is_found_where_it_was_told_last(world: World) -> None:
    other = world.page.open_report(replace(SLOW, component="c0mpsearch00", mark="9-1"))
    ident = world.page.open_report(SLOW)

    assert world.page.find(SLOW) == ident
    assert world.page.find(DOWN) is None
    world.page.add_update(ident, DOWN)
    assert world.page.find(DOWN) == ident
    assert world.page.find(replace(SLOW, mark="9-1")) == other


def test_a_report_that_a_person_deleted_is_gone(world: World) -> None:
    ident = world.page.open_report(SLOW)
    world.delete(ident)

    with pytest.raises(Rejected) as rejected:
        world.page.add_update(ident, DOWN)

    assert rejected.value.code == "gone"


def test_a_state_is_set_without_a_report(world: World) -> None:
    world.page.set_state("c0mpcheckout", Level.MAINTENANCE)
    world.page.set_state("c0mpcheckout", Level.OPERATIONAL)

    assert world.states()["c0mpcheckout"] is Level.OPERATIONAL


def test_an_unknown_component_is_refused(world: World) -> None:
    with pytest.raises(Rejected):
        world.page.open_report(replace(SLOW, component="c0mpnothere"))
