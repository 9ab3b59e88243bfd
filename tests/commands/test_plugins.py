"""Plugins: found in folders, reported when broken, and the test kit that their authors get."""

import doctest
from pathlib import Path

import pytest

from bot.commands.plugins import load
from bot.testing import SpyKit, kit

GOOD = '''"""Colours."""
from bot.commands.command import command
from bot.commands.reply import Reply

@command("paint <colour>")
def paint(colour: str) -> Reply:
    """Paint it."""
    return Reply("painted", {"colour": colour})
'''


def test_a_plugin_is_found_and_named_after_its_file(tmp_path: Path):
    (tmp_path / "colours.py").write_text(GOOD)
    (tmp_path / "_draft.py").write_text("this is no Python")

    found = load([tmp_path])

    assert [(it.words, it.family, it.help) for it in found.commands] == [("paint", "colours", "Paint it.")]
    assert found.failures == ()


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (GOOD.replace("<colour>", "<shade>"), "no parameter for shade"),
        (GOOD.replace('"""Paint it."""', ""), "the docstring is the help"),
        (GOOD.replace("colour: str", "colour: bytes"), "no reader for the type of colour"),
        (GOOD.replace('"paint <colour>"', '"paint"'), "nothing fills the parameter colour"),
        (GOOD.replace('"paint <colour>"', '"<colour>"'), "must begin with a bare word"),
        ("import nothing_of_this_name", "nothing_of_this_name"),
        ("import sys; sys.exit(3)", "it ends the program when it is loaded"),
        ("raise SystemExit", "it ends the program when it is loaded"),
        ("quit()", "it ends the program when it is loaded"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise BaseException", "BaseException"),
        ("raise GeneratorExit('gone')", "GeneratorExit (message left out)"),
        ("assert False", "AssertionError"),
        ("def", "invalid syntax"),
    ],
)
def test_a_broken_plugin_is_reported_and_left_out(tmp_path: Path, spoiled: str, why: str):
    (tmp_path / "broken.py").write_text(spoiled)
    (tmp_path / "colours.py").write_text(GOOD)

    found = load([tmp_path])

    assert [it.words for it in found.commands] == ["paint"]
    assert why in found.failures[0]
    assert "broken.py" in found.failures[0]


@pytest.mark.parametrize(
    "spoiled",
    [
        "raise ValueError('no login with hunter2')",
        "int('hunter2')",
        "{}['hunter2']",
        "raise ImportError('hunter2')",
        "open('/nowhere/hunter2')",
    ],
)
def test_a_message_that_may_hold_a_secret_is_left_out(tmp_path: Path, spoiled: str):
    (tmp_path / "broken.py").write_text(spoiled)

    [why] = load([tmp_path]).failures

    assert "broken.py:1: " in why
    assert "hunter2" not in why


def test_a_plugin_that_hangs_when_it_is_loaded_is_left_out(tmp_path: Path):
    (tmp_path / "broken.py").write_text("import threading; threading.Event().wait()")
    (tmp_path / "colours.py").write_text(GOOD)

    found = load([tmp_path], within=1)

    assert [it.words for it in found.commands] == ["paint"]
    assert "it was not loaded within 1 s" in found.failures[0]


def test_a_declaration_that_is_wrong_names_its_line(tmp_path: Path):
    (tmp_path / "broken.py").write_text(GOOD.replace("<colour>", "<shade>"))

    assert "broken.py:5: " in load([tmp_path]).failures[0]


def test_the_kit_refuses_a_plugin_that_does_not_load(tmp_path: Path):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name")

    with pytest.raises(ImportError, match="nothing_of_this_name"):
        SpyKit(tmp_path)


def test_the_kits_example_runs():
    assert doctest.testmod(kit).attempted > 5
    assert doctest.testmod(kit).failed == 0


def test_the_kit_presses_buttons(spy: SpyKit):
    with pytest.raises(LookupError, match="No button 'Take'"):
        spy.press("Take", spy.message_type("card", _declared(spy)))


def _declared(spy: SpyKit) -> int:
    spy.say("incident me cart")
    return 1
