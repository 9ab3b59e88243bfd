"""`spy plugins new`: a plugin with its template, sample facts and test, which passes as it is."""

import os
import re
from contextlib import suppress
from keyword import iskeyword
from pathlib import Path

from bot.app.templates import RUNBOOKS
from bot.commands.candidate import ID
from bot.commands.plugin_loading import is_spys
from bot.commands.plugins import load
from bot.config import Settings
from bot.domain.text import shortened

NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
LONGEST = 40
FOLDERS = "plugins: [ours], templates: [ours/templates]"

PLUGIN = '''\
"""{title}: what it is for, in one sentence."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.commands.sample import Sample

ANSWER = Sample("{name}/answer", {{"by": "U0ANA", "what": "with milk"}})
"""Spy renders the template with these facts before it uses the plugin."""


@command('{name} ["what"]')
def {function}(request: Request, what: str | None) -> Reply:
    """Say here what the command does: this is its help."""
    return Reply("{name}/answer", {{"by": request.user, "what": what}}, shared=True)
'''
TEMPLATE = """\
{{{{ by | person }}}} says {name}{{% if what %}}: {{{{ what }}}}{{% endif %}}.
"""
TEST = '''\
"""The plugin {name}, with the plugins and templates that config.yaml names."""

from pathlib import Path

from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.settings import load
from bot.testing import SpyKit

CONFIG = Path(__file__).parent / "{config}"


def test_{function}_answers_with_what_was_said():
    ours = load(CONFIG, {{}})
    spy = SpyKit(*ours.plugin_folders, templates=JinjaTemplates(ours.template_folders))
    spy.meet(U0ANA="Ana Lima")

    answer = spy.say('{name} "with milk"', by="U0ANA")

    assert answer.shared
    assert answer.message.text == "Ana Lima says {name}: with milk."
'''


class CannotWrite(Exception):  # noqa: N818  named for what happened
    """Nothing was written. The text says why, and what to do."""


def write_new(settings: Settings, name: str) -> list[str]:
    """Write the files of a new plugin. Return lines for the terminal. Raises CannotWrite."""
    _require_name(name)
    folder, templates, config = _folders(settings)
    _require_unused(settings, name)
    function = name.replace("-", "_")
    tests = folder / "tests"
    words = {
        "name": name,
        "function": function,
        "title": name.replace("-", " ").replace("_", " ").capitalize(),
        "config": Path(os.path.relpath(config, tests)).as_posix(),
    }
    files = {
        folder / f"{function}.py": PLUGIN.format(**words),
        templates / name / "answer.j2": TEMPLATE.format(**words),
        tests / f"test_{function}.py": TEST.format(**words),
    }
    _write(files)
    plugin, template, test = (_shown(it) for it in files)
    return [
        f"Written: {plugin}, {template}, {test}.",
        f"Test it: pytest {test}",
        f"Try it: spy demo --config {_shown(config)}, and there: /spy {name}",
        "A Spy that runs with this configuration loads it within a few seconds.",
    ]


def _require_name(name: str) -> None:
    if len(name) > LONGEST or not NAME.fullmatch(name):
        raise CannotWrite(
            f"{shortened(name)!r} can't be the name of a plugin: use small letters, digits, - and _, up to {LONGEST} "
            "characters, and begin with a letter, such as coffee-run."
        )
    if ID.fullmatch(name):
        raise CannotWrite(f"{name!r} names an incident in chat. Take another name, such as coffee-run.")
    if iskeyword(name):
        raise CannotWrite(f"{name!r} is a word of Python's own. Take another name, such as {name}-it.")


def _folders(settings: Settings) -> tuple[Path, Path, Path]:
    """Return the team's own folders for plugins and for templates, and the file that names them."""
    plugins = [it for it in settings.plugins if not is_spys(it)]
    templates = settings.template_folders[:-1]
    if settings.path is None or not plugins or not templates:
        file = settings.path or "config.yaml"
        raise CannotWrite(f"{file} names no folders of your own yet. Make them, and add: {FOLDERS}")
    return plugins[0], templates[0], settings.path


def _require_unused(settings: Settings, name: str) -> None:
    """Refuse a name that is a command, or whose template would be one that Spy has."""
    for command in load(settings.plugin_folders).commands:
        if any(it[0] == name for it in command.spoken):
            raise CannotWrite(f"`{name}` begins a command already, in {command.place}. Take another name.")
    there = [folder / name / "answer.j2" for folder in settings.template_folders]
    if f"{name}/" == RUNBOOKS or any(it.is_file() for it in there):
        raise CannotWrite(f"Templates of {name} are there already. Take another name.")


def _write(files: dict[Path, str]) -> None:
    """Write all files, or none. A file that is there is never overwritten."""
    written = list[Path]()
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        is_there = isinstance(error, FileExistsError)
        why = "is there already" if is_there else f"can't be written: {error.strerror}"
        raise CannotWrite(f"{_shown(Path(error.filename or ''))} {why}. Nothing was written.") from error


def _shown(path: Path) -> str:
    """Return a path as short as it can be typed here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
