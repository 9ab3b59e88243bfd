"""Finds references in the file that lead nowhere: an unknown team, or pages without a sender."""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.config.mistakes import suggestion
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted

USUAL_SEVERITIES = ("sev1", "sev2", "sev3")


def dangling(with_lines: YamlLines) -> Iterator[tuple[Place, ConfigMistake]]:
    """Return references to unknown teams, and teams that are paged without `pagerduty.from`.

    Reads the file as written, so that it works even if other parts are wrong.
    """
    file = _section(with_lines.data)
    teams = _section(file.get("teams"))
    for place, name in _named_teams(file):
        if name.removeprefix(":").casefold() not in teams:
            known = f"Teams: {', '.join(teams)}." if teams else "Describe it under teams:."
            sentence = f"there is no team {name[:40]}." + suggestion(name, teams, known)
            yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)
    severities = _section(file.get("severities")) or USUAL_SEVERITIES
    for place, name in _named_severities(file):
        if name not in severities:
            sentence = f"there is no severity {name[:40]}." + suggestion(
                name, severities, f"Severities: {', '.join(severities)}."
            )
            yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)
    if file.get("pagerduty") is None:
        for place in _pageable(teams):
            sentence = (
                "needs a section `pagerduty: {from: …}` beside teams:, to say in whose name pages are made."
            )
            yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)
            return


def _named_teams(file: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    if isinstance(name := file.get("command_team"), str):
        yield ("command_team",), name
    for severity, says in _section(file.get("severities")).items():
        paged = _section(says).get("page")
        for index, name in enumerate(paged if isinstance(paged, list) else []):
            if isinstance(name, str):
                yield ("severities", severity, "page", index), name
    milestones = file.get("milestones")
    for number, says in enumerate(milestones if isinstance(milestones, list) else []):
        for key, mark in (("to", ":"), ("unless", "told :")):
            said = _section(says).get(key)
            if isinstance(said, str) and said.startswith(mark):
                yield ("milestones", number, key), said.removeprefix(mark)


def _named_severities(file: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    timers = _section(file.get("timers")).get("roll_back_severities")
    for index, name in enumerate(timers if isinstance(timers, list) else []):
        yield ("timers", "roll_back_severities", index), str(name)
    for name in _section(_section(file.get("timers")).get("postmortem_due")):
        yield ("timers", "postmortem_due", name), str(name)
    milestones = file.get("milestones")
    for number, says in enumerate(milestones if isinstance(milestones, list) else []):
        named = _section(says).get("severities")
        for index, name in enumerate(named if isinstance(named, list) else []):
            yield ("milestones", number, "severities", index), str(name)


def _pageable(teams: dict[str, Any]) -> Iterable[Place]:
    return (("teams", name, "pagerduty") for name, says in teams.items() if _section(says).get("pagerduty"))


def _section(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}
