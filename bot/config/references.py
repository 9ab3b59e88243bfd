"""Finds what one part of the file says of another and that isn't so: a team that is not there, a page from nobody."""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.config.located import Located, Mistake, Place, dotted
from bot.config.mistakes import nearest


def dangling(located: Located) -> Iterator[tuple[Place, Mistake]]:
    """Find teams that are named and not there, and teams that are paged in nobody's name.

    Looks at the file as it was written, so that it speaks up however much else is wrong.
    """
    file = _section(located.data)
    teams = _section(file.get("teams"))
    for place, name in _named_teams(file):
        if name.removeprefix(":").casefold() not in teams:
            known = f"Teams: {', '.join(teams)}." if teams else "Describe it under teams:."
            sentence = f"there is no team {name[:40]}." + nearest(name, teams, known)
            yield place, Mistake(line=located.line(place), key=dotted(place), sentence=sentence)
    if file.get("pagerduty") is None:
        for place in _pageable(teams):
            sentence = (
                "needs a section `pagerduty: {from: …}` beside teams:, to say in whose name pages are made."
            )
            yield place, Mistake(line=located.line(place), key=dotted(place), sentence=sentence)
            return


def _named_teams(file: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    if isinstance(name := file.get("command_team"), str):
        yield ("command_team",), name
    for severity, says in _section(file.get("severities")).items():
        paged = _section(says).get("page")
        for index, name in enumerate(paged if isinstance(paged, list) else []):
            if isinstance(name, str):
                yield ("severities", severity, "page", index), name


def _pageable(teams: dict[str, Any]) -> Iterable[Place]:
    return (("teams", name, "pagerduty") for name, says in teams.items() if _section(says).get("pagerduty"))


def _section(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}
