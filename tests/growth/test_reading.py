"""What a command says of itself, that it only reads, holds for every one in the story of an incident."""

from collections.abc import Mapping

from sqlalchemy import Engine

from bot.adapters.database import tables
from bot.adapters.database.statements import table
from tests.growth.story import SAID
from tests.growth.test_growth import opened
from tests.growth.world import World

OF_EACH_REQUEST = {"inbound", "audit", "person"}
"""What every request leaves: that it was handled, that it is known, and who asked."""


def rows(engine: Engine) -> Mapping[str, list[object]]:
    every = table(tables.IncidentRow).metadata.sorted_tables
    with engine.connect() as connection:
        return {
            it.name: [tuple(row) for row in connection.execute(it.select())]
            for it in every
            if it.name not in OF_EACH_REQUEST
        }


def test_a_command_that_reads_changes_no_row_and_sends_nothing(sqlite_url: str):
    engine = opened(sqlite_url)
    world = World(engine)
    channel, read, changed = world.declare(), set[str](), dict[str, list[str]]()

    for line in SAID.strip().splitlines():
        words, before, world.last = world.filled(line), rows(engine), None
        world.say(words, channel=channel)
        if world.last and world.last.reads:
            after = rows(engine)
            read.add(world.last.usage)
            if others := [it for it in before if before[it] != after[it]]:
                changed[line] = others

    engine.dispose()
    assert not changed
    assert read == {it.usage for it in world.registry.commands if it.reads}
