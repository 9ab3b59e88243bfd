"""Who may do what, for `spy check` and `spy who-may`: what the commands declare, and what `permissions:` changes."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from bot.commands.command import Command
from bot.commands.plugins import load
from bot.config import Settings
from bot.domain.permission import INCLUDED, MEANING, begins
from bot.domain.policy import Policy
from bot.ports import CheckResult

WIDTH = 110


def permission_checks(settings: Settings) -> Iterator[CheckResult]:
    """Return the table of roles, one line each, and what is wrong with `permissions:`."""
    policy, commands = settings.policy(), load(settings.plugin_folders).commands
    for role in MEANING:
        theirs = [it for it in commands if _least(it, policy) == role]
        if theirs:
            named = f" ({_named(policy, role)})" if role in INCLUDED else ""
            table = wrap(", ".join(dict.fromkeys(map(_short, theirs))), WIDTH, break_on_hyphens=False)
            yield CheckResult(what=f"Who may: {role}{named}", well=True, notes=tuple(table))
    for key in policy.command_roles:
        if not any(begins(it.spoken, key) for it in commands):
            cure = "Write the first words of a command: `spy who-may incident` lists them."
            what = f"Who may: no command begins with `{key}` (permissions.commands)"
            yield CheckResult(what=what, well=False, cure=cure)


def _short(command: Command) -> str:
    """Return its words, and its text if it takes nothing else: `failover "what"` is not `failover`."""
    takes_only_text = bool(command.texts) and set(command.slots) == set(command.texts)
    return command.usage if takes_only_text else command.words


def who_may(settings: Settings, words: Sequence[str]) -> list[str]:
    """Return a line for each command that begins with these words: its role, and who has it."""
    policy, wanted = settings.policy(), " ".join(words)
    return [
        f"{it.usage}: {_least(it, policy)}, {_who(it, policy)}"
        for it in load(settings.plugin_folders).commands
        if begins(it.spoken, wanted)
    ]


def _least(command: Command, policy: Policy) -> str:
    """Return the role that a command needs. What decides in its place is named beside it."""
    return command.configured(policy) or command.allow


def _who(command: Command, policy: Policy) -> str:
    role = _least(command, policy)
    names = f" ({_named(policy, role)})" if role in INCLUDED and not policy.is_for_members(role) else ""
    unless = f", unless {command.unless}" if command.unless and not command.configured(policy) else ""
    return f"{MEANING[role]}{names}{unless}"


def _named(policy: Policy, role: str) -> str:
    if policy.is_for_members(role):
        return "every member of the workspace"
    return ", ".join(sorted(policy.granted(role))) or f"nobody yet: name people in permissions.{role}"
