"""What `spy check` reports of each failover plan. It looks only at the disk and the environment."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from bot.config.settings import Settings
from bot.domain.failover.plan import Instruction, Plan, Program, Workflow
from bot.domain.placeholders import variables as filled_in
from bot.domain.subject import is_user_group
from bot.ports import CheckResult

Trouble = tuple[str, str]
"""What is missing, and the fix."""


def plan_checks(settings: Settings, variables: Mapping[str, str] = os.environ) -> Iterator[CheckResult]:
    """Return one line for each plan, and one for each missing thing that it needs."""
    for plan in settings.policy().plans.values():
        yield CheckResult(what=f"Failover {plan.name}: {_summed_up(plan)}", well=True)
        troubles = (
            *_people_missing(plan, settings),
            *_programs_missing(plan, settings, variables.get("PATH", os.defpath)),
            *_variables_missing(plan, variables),
            *_token_missing(plan, settings),
        )
        for what, cure in troubles:
            yield CheckResult(what=f"Failover {plan.name}: {what}", well=False, cure=cure)


def _summed_up(plan: Plan) -> str:
    steps = f"{len(plan.steps)} step{'s' if len(plan.steps) > 1 else ''}"
    if plan.no_return is None:
        return f"{steps}, no point of no return"
    return f"{steps}, point of no return: {plan.steps[plan.no_return].name}"


def _people_missing(plan: Plan, settings: Settings) -> Iterator[Trouble]:
    """Count who can propose and approve it. A user group's size is not known here and counts as enough."""
    policy = settings.policy()
    holders = policy.granted(plan.allow)
    if plan.allow == "everyone" or policy.is_for_members(plan.allow) or any(map(is_user_group, holders)):
        return
    cure = f"Name people, or a user group, in permissions.{plan.allow}."
    if not holders:
        yield f"nobody holds the role {plan.allow}, so nobody may propose it", cure
    elif len(holders) <= plan.approvals:
        those = "one person holds" if len(holders) == 1 else f"{len(holders)} people hold"
        others = "nobody else could approve" if len(holders) == 1 else "too few others could approve"
        yield f"{those} the role {plan.allow}, so {others}", cure


def _programs_missing(plan: Plan, settings: Settings, path: str) -> Iterator[Trouble]:
    home = settings.path.parent if settings.path else Path()
    for name, command in _commands(plan):
        program, folder = command.args[0], home / (command.folder or "")
        if not _is_there(folder.is_dir):
            yield f"{name} runs in {folder}, and there is no such folder", "Make it, or change `folder`."
        elif "/" not in program:
            if not shutil.which(program, path=path):
                yield f"{name} runs {program}, which is not on PATH", "Install it, or write its path."
        elif not _is_there((file := home / program).is_file):
            yield f"{name} runs {program}, which is not there", f"It is looked for at {file}."
        elif not os.access(file, os.X_OK):
            yield f"{name} runs {program}, which can't be executed", f"chmod +x {file}"


def _is_there(look: Callable[[], bool]) -> bool:
    """Look up a name that may be no valid name: too long for this disk, or with a NUL in it."""
    try:
        return look()
    except (OSError, ValueError):
        return False


def _variables_missing(plan: Plan, variables: Mapping[str, str]) -> Iterator[Trouble]:
    handed_on = (variable for _, command in _commands(plan) for variable in command.env)
    for name in dict.fromkeys((*filled_in(asdict(plan)), *handed_on)):
        if not variables.get(name):
            yield f"{name} is not set", f"Set the variable {name} where Spy runs."


def _token_missing(plan: Plan, settings: Settings) -> Iterator[Trouble]:
    names = [name for name, instruction in _actions(plan) if isinstance(instruction, Workflow)]
    if names and not settings.env.secret("GITHUB_TOKEN"):
        cure = "Set GITHUB_TOKEN to a token that may run it."
        yield f"{names[0]} runs a GitHub workflow, and GITHUB_TOKEN is missing", cure


def _commands(plan: Plan) -> Iterator[tuple[str, Program]]:
    for name, instruction in _actions(plan):
        if isinstance(instruction, Program):
            yield name, instruction


def _actions(plan: Plan) -> Iterator[tuple[str, Instruction]]:
    """Return all instructions of a plan, with their names for people."""
    for check in plan.before:
        yield f"check {check.name}", check.by
    for step in plan.steps:
        yield f"step {step.name}", step.run
        if step.verify:
            yield f"check of {step.name}", step.verify.by
        if step.undo:
            yield f"undo of {step.name}", step.undo
        if step.dry_run:
            yield f"dry run of {step.name}", step.dry_run
