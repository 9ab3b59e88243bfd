"""The weather as a row of switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.weather import Fault, Weather, http, rate_limited

SLOW = 2.0  # seconds a call
PAUSE = 5.0  # seconds that Slack asks to wait for


@dataclass(frozen=True, kw_only=True)
class Switch:
    name: str
    title: str
    about: str
    is_on: bool = False


SWITCHES = (
    Switch(name="slow", title="Slack is slow", about=f"each call takes {SLOW:g} s"),
    Switch(name="limited", title="Slack says 429", about=f"too many calls, come back in {PAUSE:g} s"),
    Switch(name="slack", title="Slack is down", about="its API answers 503"),
    Switch(name="pagerduty", title="PagerDuty is down", about="its API answers 503"),
    Switch(name="github", title="GitHub is down", about="its API answers 503"),
)


class Sky:
    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._turns: Mapping[str, Callable[[], None]] = {
            "slow": lambda: weather.latency("slack", 0 if self._is_on("slow") else SLOW),
            "limited": lambda: self._outage("slack", rate_limited(PAUSE)),
            "slack": lambda: self._outage("slack", http(503)),
            "pagerduty": lambda: self._outage("pagerduty", http(503)),
            "github": lambda: self._outage("github", http(503)),
        }

    def switches(self) -> list[Switch]:
        """As they stand."""
        return [
            Switch(name=it.name, title=it.title, about=it.about, is_on=self._is_on(it.name))
            for it in SWITCHES
        ]

    def turn(self, name: str) -> None:
        """On if it is off, off if it is on."""
        if name not in self._turns:
            raise LookupError(f"There is no switch called {name}.")
        self._turns[name]()

    def _outage(self, service: str, fault: Fault) -> None:
        """One outage a service: the later takes the place of the other."""
        if self._weather.outage(service) == fault:
            self._weather.up(service)
        else:
            self._weather.down(service, fault)

    def _is_on(self, name: str) -> bool:
        outage = self._weather.outage("slack" if name == "limited" else name)
        if name == "slow":
            return self._weather.slowness("slack") > 0
        return outage is not None and (name != "slack" or outage.status != 429) and (  # noqa: PLR2004 - HTTP's own
            name != "limited" or outage.status == 429  # noqa: PLR2004 - as above
        )
