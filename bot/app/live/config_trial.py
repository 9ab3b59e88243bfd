"""Try a changed config.yaml on what happened in the last day, and name the line of each mistake."""

from collections.abc import Iterable, Iterator

from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.live.trial import Flaw, Setup, of_safety, try_out
from bot.app.settings import load
from bot.app.templates import undrawn
from bot.commands.plugins import CommandRegistry
from bot.commands.plugins import load as load_plugins
from bot.config import ConfigError, Settings
from bot.config.differences import cause, differences
from bot.config.own import named
from bot.config.yaml_lines import read
from bot.domain.config_version import LISTED, newest_of
from bot.ports import CheckResult, Clock, Sessions
from bot.services.features import load_features


def failings(
    settings: Settings,
    before: Settings,
    *,
    registry: CommandRegistry,
    templates: JinjaTemplates,
    sessions: Sessions,
    clock: Clock,
) -> list[str]:
    """Return why a configuration can't take the place of the one before, one line each; nothing if it can.

    The templates are those in use.
    """
    new = Setup(policy=settings.policy(), templates=undrawn(settings, clock), registry=registry)
    used = Setup(policy=before.policy(), templates=templates, registry=registry)
    flaws = [*_unpaged(settings, before), *try_out(new, instead_of=used, sessions=sessions, now=clock.now())]
    return list(_lines(flaws, settings, before))


def unsafe(settings: Settings, before: Settings) -> list[str]:
    """Return which safety reminders and pages would vanish without being named, one line each."""
    flaws = [*_unpaged(settings, before), *of_safety(settings.policy(), before.policy())]
    return list(_lines(flaws, settings, before))


def trial_checks(settings: Settings, sessions: Sessions, clock: Clock) -> Iterator[CheckResult]:
    """Return what `spy check` says of a file that no process has taken yet: whether one will."""
    with sessions.read() as session:
        taken = session.config_versions.taken(limit=LISTED)
    last = (settings.path and newest_of(taken, named(settings.path))) or next(iter(taken), None)
    if last is None or last.text is None or settings.version in {it.hash for it in taken}:
        return
    try:
        before = load(settings.path, text=last.text)
    except ConfigError:
        return
    load_features()
    registry, templates = load_plugins(settings.plugin_folders), undrawn(before, clock)
    lines = failings(settings, before, registry=registry, templates=templates, sessions=sessions, clock=clock)
    for line in lines:
        yield CheckResult(what=f"Configuration: a running Spy refuses this file: {line}", well=False)
    if not lines:
        yield CheckResult(what="Configuration: changed, and a running Spy takes it", well=True)


def _unpaged(settings: Settings, before: Settings) -> Iterator[Flaw]:
    """Yield the severities that would page nobody any more without saying so."""
    said = (read(settings.text).data or {}).get("severities") or {}
    for key, severity in settings.severities.items():
        earlier = before.severities.get(key)
        if earlier and earlier.page and not severity.page and (said.get(key) or {}).get("page") is None:
            switch = f"severities: {{{key}: {{page: []}}}}"
            sentence = f"{key} would page nobody any more. If you mean that, write `{switch}`"
            yield Flaw(sentence=sentence, keys=(f"severities.{key}.page", f"severities.{key}", "severities"))


def _lines(flaws: Iterable[Flaw], settings: Settings, before: Settings) -> Iterator[str]:
    changed, lines = differences(before.text, settings.text), read(settings.text)
    for flaw in flaws:
        line, key = cause(flaw.keys, changed, lines)
        yield f"{settings.path}:{line}: {key}: {flaw.sentence}."
