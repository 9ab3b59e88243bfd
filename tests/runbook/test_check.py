"""What `spy check` says of runbooks, and what a terminal shows of one."""

from pathlib import Path

import pytest

from bot.app.check import check
from bot.app.say import say
from bot.app.settings import load
from bot.config import Settings
from tests.runbook.library import Library


def configured(folder: Path) -> Settings:
    """Settings with runbooks of their own, and a database beside them."""
    (folder / "ours").mkdir()
    config = folder / "config.yaml"
    config.write_text("runbooks: [ours]\n", encoding="utf-8")
    return load(config, {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}"})


def test_check_names_the_file_and_line_of_what_is_left_out(tmp_path: Path):
    settings = configured(tmp_path)
    Library(tmp_path / "ours").put('```\necho "{{ text }}"\n```\n')

    results = {it.what: it.well for it in check(settings) if it.what.startswith("Runbook")}

    assert results.pop("Runbooks: 3")
    [(line, is_well)] = results.items()
    assert line.startswith(
        f"Runbook left out: {tmp_path / 'ours' / 'try.md.j2'}:10: {{{{ text }}}} may be any text"
    )
    assert not is_well


def test_check_names_an_expression_in_a_command_and_what_to_write(tmp_path: Path):
    settings = configured(tmp_path)
    Library(tmp_path / "ours").put("```\nlook {{ word | upper }}\n```\n")

    [found] = [it for it in check(settings) if it.what.startswith("Runbook:")]

    assert found.what.endswith("try.md.j2:10: a command holds an expression with word.")
    assert found.cure == "Put it before the command, in {% set x = … %}. It is read until 30 November 2027."


def test_a_terminal_shows_commands_as_they_are_typed_and_says_in_words_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = configured(tmp_path)
    Library(tmp_path / "ours").put("```\ntrue && cat {{ word }} '<'\n```\n")

    codes = [say(settings, "U0ANA", None, it) for it in ("runbook try word=db-1", "runbook try region=east")]

    said = capsys.readouterr().out
    assert codes == [0, 1]  # the second one is refused
    assert "true && cat db-1 '<'" in said
    assert "try needs word. Try: `runbook try word=… region=east`" in said
