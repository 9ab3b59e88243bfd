"""A process that carries an approved proposal out is killed at every boundary: it runs once, and never twice."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

from sqlalchemy import event

from bot.adapters.database import open_engine
from bot.domain.proposal import ProposalState
from tests.growth.world import LEASE, World
from tests.support.postgres import driven

FORKS = get_context("fork")
PATIENCE = 30.0


@dataclass
class Fuse:
    """Kills its own process at the nth boundary: a transaction begins or commits."""

    left: Iterator[int]

    def burn(self, *_: object) -> None:
        if next(self.left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)


def carry_out_until(world: World, boundaries: int) -> None:
    """Run in a process of its own: deliver all that waits, or until the fuse is burnt down."""
    fuse = Fuse(iter(range(boundaries)))
    for name in ("begin", "commit"):
        event.listen(world.database.engine, name, fuse.burn)
    world.deliver()
    os._exit(0)  # a fork shall not close what its parent has opened


def dies(world: World, boundaries: int) -> bool:
    process = FORKS.Process(target=carry_out_until, args=(world, boundaries), daemon=True)
    process.start()
    process.join(PATIENCE)
    code = process.exitcode
    process.close()
    assert code in {0, -signal.SIGKILL}, f"it ended with {code}"
    return code != 0


def notes(world: World) -> list[str]:
    with world.database.read() as session:
        return [it.text for it in session.timeline.of(1) if it.kind == "note_taken"]


def test_wherever_it_is_killed_what_was_approved_runs_once(database_url: str):
    engine = open_engine(driven(database_url))
    world = World(engine)
    channel, deaths = world.declare(), 0

    offset = (
        0 if database_url.startswith("sqlite") else 1
    )  # the two databases share the boundaries between them
    for number, boundaries in enumerate(count(offset, 3), 1):
        world.say(f'agent: inc-1 incident note "number {number}"', channel=channel)
        world.deliver()
        world.say(world.filled("raj: proposal approve {proposal} {shown}"), channel=channel)
        assert len(notes(world)) == number - 1, "it is approved, and nothing has run"
        engine.dispose()  # no process that is forked shall share a connection
        killed = dies(world, boundaries)

        world.clock.tick(seconds=2 * LEASE.total_seconds())
        world.deliver()
        world.say(f"raj: proposal {number}", channel=channel)
        world.deliver()

        assert notes(world).count(f"number {number}") == 1
        with world.database.read() as session:
            found = session.proposals.get(number)
        assert found
        assert found.state is ProposalState.DONE
        deaths += killed
        world.clock.tick(minutes=3)  # no flood of proposals
        if not killed:
            break

    engine.dispose()
    assert deaths > 3
