"""Fits a team's own config.yaml into a demo, with the demo's people and channels in place of theirs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.config.vendors import Vendors
from bot.config.yaml_lines import read
from bot.domain.placeholders import VARIABLE, filled, variables

ConfigSection = dict[str, Any]

REPLACED = ("slack", "people", "permissions", "database", "heartbeat_url", "mail", "webhooks")
"""Sections, beside the vendors', taken from the demo: who there is, and where to reach them."""
GROUP = "oncall_group"
"""A user group is one team's, so only the first team that wants one gets the demo's."""
FOLDERS = ("plugins", "templates", "runbooks")
KINDS = ("command", "http", "workflow")


def rehearsed(path: Path, demo: ConfigSection, vendors: Vendors) -> ConfigSection:
    """Return the valid configuration in `path` as the demo runs it. `demo` is the demo's own.

    Nothing in it calls an address outside. Plans show their calls instead of making them. Only the programs of a plan
    with `drill: true` run.
    """
    own = read(path.read_text(encoding="utf-8-sig")).data or {}
    folder = path.parent.resolve()
    replaced = {*REPLACED, *(it.key for it in vendors.all)}
    kept = {key: value for key, value in own.items() if key not in replaced}
    kept |= {key: [str(folder / it) for it in kept[key]] for key in FOLDERS if kept.get(key)}
    if plans := kept.get("failover"):
        kept["failover"] = {name: _plan(plan, folder) for name, plan in plans.items()}
    if teams := kept.pop("teams", None):
        kept["teams"] = dict(_teams(teams, kept.get("command_team"), demo))
        demo = {key: value for key, value in demo.items() if key not in ("severities", "command_team")}
    demo = {**demo, **dict(_status_page(kept, demo, vendors))}
    commands = (own.get("permissions") or {}).get("commands") or {}
    kept["permissions"] = {
        **dict.fromkeys(_roles(own), demo["permissions"]["operator"]),
        **demo["permissions"],
        "commands": commands,
    }
    kept["web"] = {"runbooks": (kept.get("web") or {}).get("runbooks", True), **demo.get("web", {})}
    return {**{key: value for key, value in demo.items() if key != "services"}, **kept}


def _status_page(
    kept: ConfigSection, demo: ConfigSection, vendors: Vendors
) -> Iterator[tuple[str, ConfigSection]]:
    """Show the team's own first components on the demo's hosted page; without any, the demo's own status page."""
    if "status" not in kept:
        components = demo.get("status", {}).get("components", {})
        own_words = {key: _without(it, "services", "teams") for key, it in components.items()}
        if components:
            yield "status", demo["status"] | {"components": own_words}
        return
    own = (kept["status"] or {}).get("components") or {}
    for it in vendors.hosted_pages:
        if it.key in demo:
            there = demo[it.key]["components"].values()
            yield it.key, demo[it.key] | {"components": dict(zip(own, there, strict=False))}


def _without(section: ConfigSection, *keys: str) -> ConfigSection:
    return {key: value for key, value in section.items() if key not in keys}


def _roles(own: ConfigSection) -> Iterator[str]:
    """Return the roles that someone has or a plan requires. In the demo, its operators have them all."""
    permissions = own.get("permissions") or {}
    yield from (role for role, people in permissions.items() if people and role != "commands")
    yield from (
        plan["allow"]
        for plan in (own.get("failover") or {}).values()
        if plan.get("allow", "everyone") != "everyone"
    )


def _teams(
    own: ConfigSection, command_team: str | None, demo: ConfigSection
) -> Iterator[tuple[str, ConfigSection]]:
    """Map each team to a demo team: the command team to the first, all others to the second."""
    first, second = demo["teams"].values()
    grouped = next((name for name, team in own.items() if GROUP in team), None)
    group = {key: team[key] for team in (first, second) for key in team if key == GROUP}
    for name, team in own.items():
        place = first if name == (command_team or next(iter(own))) else second
        fitting = {key: value for key, value in place.items() if key == "channel" or key in team}
        fitting.pop(GROUP, None)
        yield name, fitting | (group if name == grouped else {})


def _plan(plan: ConfigSection, folder: Path) -> ConfigSection:
    is_drill = plan.get("drill") is True
    steps = [_step(step, folder, is_drill=is_drill) for step in plan["steps"]]
    checks = [_shown(check, folder, is_drill=is_drill) for check in plan.get("before") or ()]
    return {**plan, "steps": steps, "before": checks}


def _step(step: ConfigSection, folder: Path, *, is_drill: bool) -> ConfigSection:
    actions = ("run", "verify", "undo", "dry_run")
    return step | {key: _shown(step[key], folder, is_drill=is_drill) for key in actions if step.get(key)}


def _shown(instruction: ConfigSection, folder: Path, *, is_drill: bool) -> ConfigSection:
    """Replace a call by a program that prints it. A drill's own program stays."""
    kind = next((it for it in KINDS if instruction.get(it)), None)
    if kind is None:  # a question to a person
        return instruction
    rest = {key: value for key, value in instruction.items() if key not in KINDS}
    if kind == "command" and is_drill:
        return rest | {"command": _at_home(instruction["command"], folder)}
    words = [str(it) for it in _call(kind, instruction[kind])]
    secrets = {f"{VARIABLE}{name}": f"${name}" for name in variables(words)}
    return rest | {"command": ["echo", "Not done in the demo:", *(filled(it, secrets) for it in words)]}


def _call(kind: str, call: Any) -> Iterator[str]:
    if kind == "command":
        yield from call if isinstance(call, list) else call["args"]
    elif kind == "workflow":
        yield from ("workflow", call["file"], "of", call["repository"])
    else:
        request: Mapping[str, Any] = {"url": call} if isinstance(call, str) else call
        yield from (request.get("method", "GET"), request["url"])


def _at_home(command: Any, folder: Path) -> ConfigSection:
    """Resolve the program and its folder relative to the team's own file."""
    given: ConfigSection = {"args": command} if isinstance(command, list) else command
    program, *rest = given["args"]
    if "/" in program:
        program = str(folder / program)
    return {**given, "args": [program, *rest], "folder": str(folder / (given.get("folder") or ""))}
