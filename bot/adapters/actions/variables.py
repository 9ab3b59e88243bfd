"""Fill variables of Spy's environment into a plan's steps, and collect their values, to mask them in any output."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bot.adapters.actions.output import Secrets
from bot.domain.failover.plan import HttpCall, Plan, Program, Workflow
from bot.domain.placeholders import PLACEHOLDER, VARIABLE, encoded, filled, variables


class Missing(Exception):  # noqa: N818  named for what happened
    """A variable that a plan names is not set. The message is a short reason."""


class Variables:
    """The variables that plans may use. `own` are Spy's secrets; `plans` returns all current plans.

    All secrets and the variables of all plans are masked in the output of each step.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        own: Iterable[str] = (),
        plans: Callable[[], Iterable[Plan]] = tuple,
    ) -> None:
        self._environment = environment
        self._own = tuple(own)
        self._plans = plans

    def given(self, name: str) -> str:
        """Return a variable. Raise Missing if it is not set."""
        try:
            return self._environment[name]
        except KeyError:
            raise Missing(
                f"{name} is not set in Spy's environment: set it there, and start Spy again"
            ) from None

    def filled(self, value: Any) -> Any:
        """Replace `{{ env.NAME }}` in a text, or in all texts of a list or mapping. Values are stripped of spaces."""
        if isinstance(value, str):
            return filled(value, self._values(value))
        if isinstance(value, Mapping):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(inner) for inner in value]
        return value

    def address(self, url: str) -> str:
        """Replace variables in a URL. One at the start is inserted as it is, any other percent-encoded."""
        first = PLACEHOLDER.match(url)
        start, values = first.end() if first else 0, self._values(url)
        return filled(url[:start], values) + filled(url[start:], values, write=encoded)

    def secrets(self, instruction: Program | HttpCall | Workflow) -> Secrets:
        """Return all values to mask while this runs: Spy's secrets, and variables named by it or by any plan."""
        values = {self._environment.get(name, "") for name in named((instruction, *self._plans()))}
        return Secrets([*self._own, *values, *(encoded(value.strip()) for value in values)])

    def _values(self, text: str) -> Mapping[str, str]:
        return {f"{VARIABLE}{name}": self.given(name).strip() for name in variables(text)}


def named(value: Any) -> Iterator[str]:
    """Yield the names of the variables that a plan, or a part of it, uses or passes to a program."""
    if isinstance(value, Program):
        yield from value.env
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from named(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from named(inner)
    else:
        yield from variables(value)
