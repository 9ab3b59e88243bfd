"""The ways from a process to Slack and to the pager: each call takes time, and fails as networks do."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.adapters.network.server_clock import ServerClock
from bot.ports import Throttled, Unreachable
from tests.simulation.faults import Fault

if TYPE_CHECKING:
    from tests.simulation.process import Process

TIMEOUT = 15.0
"""Seconds after which a client gives up: half of a lease, as in the real bot."""
LOCAL = frozenset({"permalink", "close"})
"""What is reckoned without a call."""


class Wire:
    """Stands before a service, which all processes share. It has the same methods.

    Like the real adapters it learns the service's time from each answer, and converts `since` to it.
    """

    def __init__(self, service: Any, name: str, process: "Process") -> None:
        self._service, self._name, self._process = service, name, process
        self._time = ServerClock(process.clock)

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._service, method)
        return partial(self._call, method, found) if callable(found) and method not in LOCAL else found

    def _call(self, method: str, act: Callable[..., Any], *args: Any, **words: Any) -> Any:
        process, random = self._process, self._process.world.random
        process.call(random.uniform(0.01, 0.3), outside=True)
        fault = process.world.faults.of_call()
        if process.world.is_cut_off(process, self._name):
            fault = process.world.faults.counted(Fault.CUT_OFF)
        process.say(f"{self._name}.{method}{f': {fault}' if fault else ''}")
        if fault is Fault.THROTTLED:
            raise Throttled("429", retry_after=timedelta(seconds=random.choice((1, 5, 30))))
        if fault in {Fault.FAILED, Fault.RESET}:
            raise Unreachable(str(fault))
        if fault is Fault.CUT_OFF:
            process.call(TIMEOUT)
            raise Unreachable(str(fault))
        if fault is Fault.SLOW:
            process.call(random.uniform(1, TIMEOUT - 1), outside=True)
        if self._name == "slack" and "since" in words:
            words["since"] = self._time.since(words["since"])
        answer = act(*args, **words)
        self._time.hear({"Date": format_datetime(process.world.clock.now(), usegmt=True)})
        answer = list(answer) if method == "people" else answer
        if fault is Fault.LOST:
            process.call(random.choice((0.1, TIMEOUT)))
            raise Unreachable(str(fault))
        process.call(random.uniform(0.01, 0.3))
        return answer
