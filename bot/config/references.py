"""Finds references in the file that lead nowhere: an unknown team, or pages without a sender."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from bot.config.mistakes import suggestion
from bot.config.services import ALL
from bot.config.vendors import Vendors
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, dotted
from bot.domain.service import URGENCIES
from bot.domain.spelling import is_slip

USUAL_SEVERITIES = ("sev1", "sev2", "sev3")
BY_SEVERITY = (
    "postmortem_due",
    "public_update_investigating",
    "public_update_identified",
    "public_update_monitoring",
)
"""The keys of `timers:` whose values are by severity."""
OF_ALERTS = (*URGENCIES, "critical", "error", "warning", "info", ALL)
"""What alerts are called besides severities: at PagerDuty, Alertmanager and Grafana."""


def dangling(with_lines: YamlLines, vendors: Vendors) -> Iterator[tuple[Place, ConfigMistake]]:
    """Return references to unknown teams, and teams with ids at a pager that is not set up.

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
    for place, word in _misspelt_alerts(file, severities):
        sentence = f"{word[:40]} is no severity nor urgency.{suggestion(word, (*severities, *OF_ALERTS))}"
        yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)
    if file.get("mail") is not None and not _section(file.get("web")).get("public_url"):
        sentence = "needs web.public_url: each mail has a link there, by which its reader ends it."
        yield ("mail",), ConfigMistake(line=with_lines.line(("mail",)), key="mail", sentence=sentence)
    for place, name, listed in _unknown_parts(file, vendors):
        sentence = f"there is no {name[:40]}." + suggestion(
            name, listed, f"Known: {', '.join(listed) or 'none'}."
        )
        yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)
    for place, sentence in _pagers(file, teams, vendors):
        yield place, ConfigMistake(line=with_lines.line(place), key=dotted(place), sentence=sentence)


def _pagers(file: dict[str, Any], teams: dict[str, Any], vendors: Vendors) -> Iterator[tuple[Place, str]]:
    """Return the first team whose pager has no section, and each section beyond one vendor of a kind."""
    kinds = (
        ("pager", vendors.pagers),
        ("tracker", vendors.trackers),
        ("hosted status page", vendors.hosted_pages),
    )
    for kind, known in kinds:
        used = [it.key for it in known if file.get(it.key) is not None]
        for key in used[1:]:
            yield (key,), f"is a second {kind}, beside {used[0]}. Keep one of them."
    for pager in vendors.pagers:
        place = next(_pageable(teams, pager.key), None)
        if place and file.get(pager.key) is None:
            keys = ", ".join(f"{name}: …" for name in _required(pager.section))
            yield place, f"needs a section `{pager.key}: {{{keys}}}` beside teams:{pager.section_is_for}."


def _required(section: type[BaseModel]) -> Iterator[str]:
    return (it.alias or name for name, it in section.model_fields.items() if it.is_required())


def _named_teams(file: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    if isinstance(name := file.get("command_team"), str):
        yield ("command_team",), name
    for severity, says in _section(file.get("severities")).items():
        paged = _section(says).get("page")
        for index, name in enumerate(paged if isinstance(paged, list) else []):
            if isinstance(name, str):
                yield ("severities", severity, "page", index), name
    for service, says in _section(file.get("services")).items():
        if isinstance(name := _section(says).get("team"), str):
            yield ("services", service, "team"), name
    yield from _of_webhooks(file, "teams")
    yield from _of_components(file, "teams")
    milestones = file.get("milestones")
    for number, says in enumerate(milestones if isinstance(milestones, list) else []):
        for key, mark in (("to", ":"), ("unless", "told :")):
            given = _section(says).get(key)
            if isinstance(given, str) and given.startswith(mark):
                yield ("milestones", number, key), given.removeprefix(mark)


def _of_webhooks(file: dict[str, Any], key: str) -> Iterator[tuple[Place, str]]:
    """Return what each webhook names under this key: one name, or a list of them."""
    for webhook, says in _section(file.get("webhooks")).items():
        for index, name in enumerate(_several(_section(says).get(key))):
            yield ("webhooks", webhook, key, index), name


def _named_severities(file: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    yield from _of_webhooks(file, "severities")
    timers = _section(file.get("timers")).get("roll_back_severities")
    for index, name in enumerate(timers if isinstance(timers, list) else []):
        yield ("timers", "roll_back_severities", index), str(name)
    for key in BY_SEVERITY:
        for name in _section(_section(file.get("timers")).get(key)):
            yield ("timers", key, name), str(name)
    for service, says in _section(file.get("services")).items():
        for name in _section(_section(says).get("runbooks")):
            if name != ALL:
                yield ("services", service, "runbooks", name), str(name)
    milestones = file.get("milestones")
    for number, says in enumerate(milestones if isinstance(milestones, list) else []):
        named = _section(says).get("severities")
        for index, name in enumerate(named if isinstance(named, list) else []):
            yield ("milestones", number, "severities", index), str(name)


def _misspelt_alerts(file: dict[str, Any], severities: Iterable[str]) -> Iterator[tuple[Place, str]]:
    """Return the keys of `declare` that nearly are a known word. A tool may have other words than these."""
    known = {*severities, *OF_ALERTS}
    for service, says in _section(file.get("services")).items():
        for word in map(str, _section(_section(says).get("declare"))):
            if word not in known and any(is_slip(word, it) for it in known):
                yield ("services", service, "declare", word), word


def _pageable(teams: dict[str, Any], pager: str) -> Iterator[Place]:
    return (("teams", name, pager) for name, says in teams.items() if _section(says).get(pager))


def _unknown_parts(file: dict[str, Any], vendors: Vendors) -> Iterator[tuple[Place, str, list[str]]]:
    """Return the services of components and the components of a hosted page that are not listed, with what is."""
    services, components = _section(file.get("services")), _components(file)
    for place, name in _of_components(file, "services"):
        if services and name not in services:
            yield place, name, [*services]
    for host in vendors.hosted_pages:
        for name in map(str, _section(_section(file.get(host.key)).get("components"))):
            if name not in components:
                yield (host.key, "components", name), name, [*components]


def _components(file: dict[str, Any]) -> dict[str, Any]:
    return _section(_section(file.get("status")).get("components"))


def _of_components(file: dict[str, Any], key: str) -> Iterator[tuple[Place, str]]:
    """Return what each component of the status page names under this key: one name, or a list of them."""
    for component, says in _components(file).items():
        for index, name in enumerate(_several(_section(says).get(key))):
            yield ("status", "components", component, key, index), name


def _several(data: Any) -> list[str]:
    """Return a list of names that may be written as one."""
    return [it for it in (data if isinstance(data, list) else [data]) if isinstance(it, str)]


def _section(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}
