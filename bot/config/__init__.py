"""Reads config.yaml and the environment into frozen settings. A mistake is one line naming file, line and key."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from bot.config.environment import Environment, environment_mistakes
from bot.config.file import ConfigText, read_file
from bot.config.mistakes import ConfigError, mistakes_of
from bot.config.own import OwnSettings, with_own
from bot.config.plans import faults
from bot.config.references import dangling
from bot.config.reloader import News, Reloader
from bot.config.secrets_in_file import secrets_in_file
from bot.config.sections import Sections, sections_with
from bot.config.settings import Settings
from bot.config.vendors import Vendors
from bot.config.yaml_lines import ConfigMistake, Place, YamlLines, read

__all__ = ["ConfigError", "ConfigText", "Environment", "News", "Reloader", "Settings", "load", "read_file"]


def load(
    path: Path | None,
    variables: Mapping[str, str],
    vendors: Vendors,
    *,
    text: str | None = None,
    own: OwnSettings | None = None,
) -> Settings:
    """Read a configuration (None: nothing is configured). Raises ConfigError with every mistake found.

    `text` is read in place of what the file holds, and `own` in place of a process's own settings there.
    """
    if text is None:
        text = "" if path is None else _text(path)
    with_lines = read(text)
    if own is not None:
        with_lines = replace(with_lines, data=with_own(with_lines.data, own))
    sections, found = _validated(with_lines, path, vendors)
    malformed = {(it.line, it.key) for it in with_lines.mistakes}
    rest = [(place, it) for place, it in found if (it.line, it.key) not in malformed]
    mistakes = [
        *with_lines.mistakes,
        *_without_secrets(rest, list(secrets_in_file(text, with_lines, vendors))),
    ]
    lines = [_line(path, mistake) for mistake in sorted(mistakes, key=lambda mistake: mistake.line or 0)]
    try:
        env = Environment.of(variables, vendors)
    except ValidationError as error:
        lines.extend(environment_mistakes(error))
    if lines:
        raise ConfigError(lines)
    return Settings.joining(sections, env, vendors, path=path, text=text)


def _text(path: Path) -> str:
    found = read_file(path)
    if found.mistake:
        raise ConfigError([found.mistake])
    return found.text


def _validated(
    with_lines: YamlLines, path: Path | None, vendors: Vendors
) -> tuple[Sections, list[tuple[Place, ConfigMistake]]]:
    """Check types, then references. Returns the defaults if there is a mistake."""
    mistakes = [*dangling(with_lines, vendors), *faults(with_lines)]
    try:
        folder = path.parent if path else Path()
        return sections_with(vendors).model_validate(
            {} if with_lines.data is None else with_lines.data, context=folder
        ), mistakes
    except ValidationError as error:
        return Sections(), [*mistakes_of(error, with_lines, vendors), *mistakes]


def _without_secrets(
    found: list[tuple[Place, ConfigMistake]], secrets: list[tuple[Place, ConfigMistake]]
) -> Iterator[ConfigMistake]:
    """Drop other mistakes about a place with a secret, so that none of them quotes it."""
    hidden = {place for place, _ in secrets}
    yield from (mistake for _, mistake in secrets)
    yield from (mistake for place, mistake in found if place not in hidden)


def _line(path: Path | None, mistake: ConfigMistake) -> str:
    where = f"{path}:{mistake.line}" if mistake.line else f"{path}"
    return ": ".join(filter(None, (where, mistake.key, mistake.sentence)))
