"""What goes wrong besides single calls: processes die, stop and join, the network parts, clocks jump."""

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.faults import Fault

if TYPE_CHECKING:
    from tests.simulation.world import World

EVERY = 3000.0
"""Seconds between two of them, on average."""
CUTS = ("slack", "pager", "disk")
LONGEST = {"slack": 900, "pager": 600, "disk": 120}
"""Seconds that a part of the network is away. An effect is tried for half an hour at least."""


class Troubles:
    def __init__(self, world: "World") -> None:
        self._world = world

    def run(self) -> None:
        """Bring one trouble after another."""
        world = self._world
        while world.faults.are_on:
            world.clock.pause(world.random.expovariate(1 / EVERY))
            if world.faults.are_on:
                world.random.choice(
                    (self._crash, self._crash, self._cut, self._cut, self._join, self._stop, self._jump)
                )()

    def _crash(self) -> None:
        if process := self._world.any_process():
            self._world.faults.counted(Fault.CRASH)
            process.die()

    def _cut(self) -> None:
        """Cut a service off, from one process or from all."""
        world = self._world
        service = world.random.choice(CUTS)
        process = world.any_process() if world.random.random() < 0.5 else None
        seconds = world.random.uniform(1, LONGEST[service])
        world.cut_off(service, process, until=world.clock.seconds + seconds)

    def _join(self) -> None:
        self._world.faults.counted(Fault.JOINED)
        self._world.start_process()

    def _stop(self) -> None:
        if process := self._world.any_process():
            self._world.faults.counted(Fault.STOPPED)
            process.stop()

    def _jump(self) -> None:
        """Set the machine's clock a little wrong, or right again."""
        world = self._world
        world.faults.counted(Fault.JUMP)
        world.machine.ahead = timedelta(seconds=world.random.choice((-40.0, -5.0, 0.0, 5.0, 40.0)))
        world.say("world", f"the clock is {world.machine.ahead.total_seconds():.0f} s ahead")
