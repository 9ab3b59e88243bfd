"""`spy plugins`: a new plugin is written whole and overwrites nothing; each plugin is listed with its state."""

from pathlib import Path

import pytest

from bot.adapters.database import Database, make_ready, open_engine
from bot.app.new_plugin import CannotWrite, write_new
from bot.app.plugins import check_files, enable, listed
from bot.app.settings import load
from bot.commands.plugins import NotLoaded
from bot.commands.plugins import load as load_plugins
from bot.config import Settings
from bot.domain.plugin import MOST_FAILURES
from bot.domain.refusal import Refusal
from bot.services.quarantine import Quarantine
from bot.services.transaction import Transaction
from bot.testing import NOON


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return configured(tmp_path, "plugins: [ours]\ntemplates: [words]\n")


def configured(folder: Path, config: str) -> Settings:
    for name in ("ours", "words"):
        (folder / name).mkdir()
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return load(folder / "config.yaml", {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}"})


def files(settings: Settings) -> list[str]:
    assert settings.path
    folder = settings.path.parent
    return sorted(str(it.relative_to(folder)) for it in folder.rglob("*") if it.is_file())


def test_a_new_plugin_is_written_with_template_and_test(settings: Settings):
    write_new(settings, "coffee-run")

    assert files(settings) == [
        "config.yaml",
        "ours/coffee_run.py",
        "ours/tests/test_coffee_run.py",
        "words/coffee-run/answer.j2",
    ]
    assert check_files(settings).startswith("1 plugins and 1 templates of your own can be used.")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../etc/passwd", "can't be the name of a plugin"),
        ("/etc/x", "can't be the name of a plugin"),
        ("-rf", "can't be the name of a plugin"),
        ("_coffee", "can't be the name of a plugin"),
        ("coffee.py", "can't be the name of a plugin"),
        ("coffee\n", "can't be the name of a plugin"),
        ("", "can't be the name of a plugin"),
        ('x"; import os', "can't be the name of a plugin"),
        ("{{ 1 }}", "can't be the name of a plugin"),
        ("kaffee☕", "can't be the name of a plugin"),
        ("x" * 41, "can't be the name of a plugin"),
        ("class", "is a word of Python's own"),
        ("inc-1", "names an incident in chat"),
        ("inc-042", "names an incident in chat"),
        ("page", "begins a command already, in "),
        ("tldr", "begins a command already, in "),
        ("incident", "begins a command already, in "),
    ],
)  # fmt: skip
def test_a_name_that_can_not_be_is_refused_with_a_sentence(settings: Settings, name: str, why: str):
    with pytest.raises(CannotWrite, match=why):
        write_new(settings, name)

    assert files(settings) == ["config.yaml"]


@pytest.mark.parametrize("there", ["ours/coffee.py", "words/coffee/answer.j2", "ours/tests/test_coffee.py"])
def test_nothing_is_overwritten_and_nothing_is_written_half(settings: Settings, tmp_path: Path, there: str):
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine", encoding="utf-8")

    with pytest.raises(CannotWrite, match="there already"):
        write_new(settings, "coffee")

    assert files(settings) == sorted(["config.yaml", there])
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "config", ["{}", "plugins: [ours]", "templates: [words]", "plugins: [plugins]\ntemplates: [words]"]
)
def test_without_folders_of_its_own_a_team_is_told_what_to_add(tmp_path: Path, config: str):
    settings = configured(tmp_path, config)

    with pytest.raises(CannotWrite, match="names no folders of your own yet"):
        write_new(settings, "coffee")


def test_the_list_names_each_plugin_with_its_commands_file_and_state(settings: Settings, tmp_path: Path):
    write_new(settings, "coffee")
    (tmp_path / "ours/tea.py").write_text("def", encoding="utf-8")

    listing = listed(settings)

    assert listing.lines[:4] == (
        "ours/coffee: works",
        f"  {tmp_path}/ours/coffee.py",
        '  coffee ["what"]',
        f"left out: {tmp_path}/ours/tea.py:1: invalid syntax",
    )
    assert not listing.is_well
    with pytest.raises(NotLoaded, match=r"tea\.py:1: invalid syntax"):
        check_files(settings)


def test_a_quarantine_is_listed_and_ended_from_a_terminal(settings: Settings, tmp_path: Path):
    write_new(settings, "coffee")
    [plugin] = load_plugins(settings.plugin_folders).own_ids
    database = Database(open_engine(f"sqlite:///{tmp_path / 'spy.db'}"))
    make_ready(database.engine)
    for _ in range(MOST_FAILURES):
        with database.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=settings.policy())
            Quarantine(tx).failed(plugin, "coffee", why="ValueError at ours/coffee.py:12")
    before = listed(settings)
    enable(settings, "coffee")
    database.engine.dispose()

    assert before.lines[0].startswith("ours/coffee: in quarantine since ")
    assert before.lines[0].endswith(
        "12:00 UTC: it failed 10 times in a row, at last with ValueError at ours/coffee.py:12"
    )
    assert not before.is_well
    assert listed(settings).lines[0] == "ours/coffee: works"
    with pytest.raises(Refusal, match="is not in quarantine"):
        enable(settings, "coffee")
