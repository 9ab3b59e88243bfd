"""The outages that the page offers as switches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.sandbox.faults import Fault, Faults, http, rate_limited

SLOW = 2.0  # seconds a call
PAUSE = 5.0  # seconds that Slack asks to wait for
DOWN = http(503)


@dataclass(frozen=True, kw_only=True)
class FaultSwitch:
    """One switch. `fault` is what every call to the service meets; without it the service is slow."""

    name: str
    title: str
    about: str
    service: str
    fault: Fault | None = None
    is_on: bool = False


SWITCHES = (
    FaultSwitch(name="slow", title="Slack is slow", about=f"each call takes {SLOW:g} s", service="slack"),
    FaultSwitch(
        name="limited",
        title="Slack says 429",
        about=f"too many calls, come back in {PAUSE:g} s",
        service="slack",
        fault=rate_limited(PAUSE),
    ),
    FaultSwitch(
        name="slack", title="Slack is down", about="its API answers 503", service="slack", fault=DOWN
    ),
    FaultSwitch(
        name="pagerduty",
        title="PagerDuty is down",
        about="its API answers 503",
        service="pagerduty",
        fault=DOWN,
    ),
    FaultSwitch(
        name="github", title="GitHub is down", about="its API answers 503", service="github", fault=DOWN
    ),
    FaultSwitch(
        name="statuspage",
        title="Statuspage is down",
        about="its API answers 503",
        service="statuspage",
        fault=DOWN,
    ),
)


class FaultSwitches:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def all(self) -> list[FaultSwitch]:
        """Return the switches with their present state."""
        return [replace(it, is_on=self._is_on(it)) for it in SWITCHES]

    def turn(self, name: str) -> None:
        """Turn a switch on or off. A service has one outage; the later replaces the earlier."""
        switch = next((it for it in self.all() if it.name == name), None)
        if switch is None:
            raise LookupError(f"There is no switch called {name}.")
        if switch.fault is None:
            self._faults.latency(switch.service, 0.0 if switch.is_on else SLOW)
        elif switch.is_on:
            self._faults.up(switch.service)
        else:
            self._faults.down(switch.service, switch.fault)

    def _is_on(self, switch: FaultSwitch) -> bool:
        if switch.fault is None:
            return self._faults.slowness(switch.service) > 0
        return self._faults.outage(switch.service) == switch.fault
