"""The variables of Spy's environment that a plan may name: filled in where they are used, and masked wherever shown."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote

from bot.adapters.actions.output import Secrets
from bot.domain.plan import PLACE, SECRET, HttpCall, Plan, Program, Workflow, places


class Missing(Exception):  # noqa: N818  named for what happened
    """A variable that a plan names is not set; the message is a few words, as of any outcome."""


class Variables:
    """`own` are Spy's secrets, and `plans` all there are: what they name is masked whichever step prints it."""

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
        """Read a variable; one that is not set is Missing."""
        try:
            return self._environment[name]
        except KeyError:
            raise Missing(
                f"{name} is not set in Spy's environment: set it there, and start Spy again"
            ) from None

    def filled(self, value: Any) -> Any:
        """Fill `{{ env.NAME }}` in, spaces and line ends around it dropped, in a text or what holds texts."""
        if isinstance(value, str):
            return PLACE.sub(lambda found: self._put(found[0], found[1]), value)
        if isinstance(value, Mapping):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(inner) for inner in value]
        return value

    def address(self, url: str) -> str:
        """Fill a URL in: as it is where the URL begins with it, percent-encoded anywhere else."""
        first = PLACE.match(url)
        start = self._put(first[0], first[1]) if first else ""
        rest = url[first.end() :] if first else url
        return start + PLACE.sub(lambda found: quote(self._put(found[0], found[1]), safe=""), rest)

    def secrets(self, instruction: Program | HttpCall | Workflow) -> Secrets:
        """Return all that must not be shown when this is done: Spy's own, and what it or any plan names."""
        values = {self._environment.get(name, "") for name in named((instruction, *self._plans()))}
        return Secrets([*self._own, *values, *(quote(value.strip(), safe="") for value in values)])

    def _put(self, place: str, name: str) -> str:
        return self.given(name.removeprefix(SECRET)).strip() if name.startswith(SECRET) else place


def named(value: Any) -> Iterator[str]:
    """Name the variables that a plan, or something in it, is filled in with or hands to a program."""
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
        yield from (name.removeprefix(SECRET) for name in places(value) if name.startswith(SECRET))
