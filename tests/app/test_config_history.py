"""`spy config history` and `spy config back`: what was used, and the way back to it, while the file is broken."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.adapters.database import Database, open_engine
from bot.app.live.config_history import CannotGoBack, versions, way_back
from bot.config.file import version_of
from bot.domain.config_version import ConfigVersion
from bot.testing import NOON

OLD, NEW = "web: {port: 3001}\n", "web: {port: 3002}\n"
HOUR = timedelta(hours=1)
Kept = Callable[..., None]


def spy(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["config", *words], input=given)


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPY_CONFIG", raising=False)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(NEW, encoding="utf-8")
    return path


@pytest.fixture
def kept(sqlite_url: str) -> Kept:
    """Keep versions in the database, as processes would have taken them: the oldest first, an hour apart."""

    def keep(*texts: str, with_texts: bool = True) -> None:
        engine = open_engine(sqlite_url)
        with Database(engine).begin() as session:
            for nth, text in enumerate(texts):
                session.config_versions.put(
                    ConfigVersion(
                        hash=version_of(text),
                        text=text if with_texts else None,
                        taken_at=NOON + nth * HOUR,
                        taken_by="spy-1:7",
                        change=f"change {nth}",
                    )
                )
        engine.dispose()

    return keep


def test_the_history_says_when_which_by_whom_and_what(file: Path, kept: Kept):
    kept(OLD, NEW)

    assert spy("history").output.splitlines() == [
        f"2026-11-23 13:00:00 UTC  {version_of(NEW)[:8]}  spy-1:7  change 1  (last taken, in the file)",
        f"2026-11-23 12:00:00 UTC  {version_of(OLD)[:8]}  spy-1:7  change 0",
    ]


def test_an_age_goes_back_to_what_was_in_force_then_also_if_it_was_taken_again_since(file: Path):
    newest = ConfigVersion(hash=version_of(NEW), text=NEW, taken_at=NOON + HOUR)
    again = ConfigVersion(hash=version_of(OLD), text=OLD, taken_at=NOON).taken(
        at=NOON + 2 * HOUR, by="spy-1:7", change="back", text=OLD
    )

    way = way_back([again, newest], file, "1h", now=NOON + 1.5 * HOUR)

    assert way.text == OLD


def test_a_file_that_is_in_no_history_is_said_to_be(file: Path, kept: Kept):
    kept(OLD)

    assert spy("history").output.splitlines()[-1] == "config.yaml holds none of these."


def test_an_empty_history_says_so(file: Path):
    assert spy("history").output == "No configuration was taken yet. `spy run` takes the first one.\n"


def test_a_database_that_is_not_there_is_not_made(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")

    assert spy("history").output.startswith("No configuration was taken yet.")
    assert not (tmp_path / "none.db").exists()


def test_the_way_back_shows_the_change_and_asks(file: Path, kept: Kept):
    kept(OLD, NEW)

    result = spy("back", given="n\n")

    assert result.exit_code == 1
    assert "-web: {port: 3002}\n+web: {port: 3001}\n" in result.output
    assert "Nothing was written." in result.output
    assert file.read_text(encoding="utf-8") == NEW


@pytest.mark.parametrize("answer", [((), "y\n"), (("--yes",), "")], ids=["asked", "unasked"])
def test_the_way_back_writes_the_version_before(file: Path, kept: Kept, answer: tuple[tuple[str, ...], str]):
    kept(OLD, NEW)
    file.chmod(0o640)

    result = spy("back", *answer[0], given=answer[1])

    assert result.exit_code == 0
    assert file.read_text(encoding="utf-8") == OLD
    assert file.stat().st_mode & 0o777 == 0o640
    assert [it.name for it in file.parent.glob("*config.yaml*")] == ["config.yaml"]


def test_what_nobody_else_keeps_stays_beside_the_file(file: Path, kept: Kept):
    kept(OLD)
    file.write_text("edited: at night\n", encoding="utf-8")

    spy("back", "--yes")

    assert file.read_text(encoding="utf-8") == OLD
    assert file.with_name("config.yaml.before").read_text(encoding="utf-8") == "edited: at night\n"


def test_a_missing_file_is_written_for_its_owner_alone(file: Path, kept: Kept):
    kept(OLD)
    file.unlink()

    spy("back", "--yes")

    assert file.read_text(encoding="utf-8") == OLD
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wanted", [version_of(OLD)[:6], version_of(OLD).upper(), "24h"])
def test_a_version_is_named_by_its_hash_or_its_age(file: Path, kept: Kept, wanted: str):
    kept(OLD)

    assert spy("back", wanted, "--yes").exit_code == 0
    assert file.read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ((), "There is no earlier configuration to go back to."),
        (("abc",), "No configuration begins with 'abc'. Give a hash from `spy config history`"),
        ((version_of(NEW)[:8],), "config.yaml holds"),
    ],
)
def test_what_can_not_be_gone_back_to_is_said_in_a_sentence(
    file: Path, kept: Kept, wanted: tuple[str, ...], why: str
):
    kept(NEW)

    result = spy("back", *wanted, "--yes")

    assert (result.exit_code, result.output.startswith(why)) == (1, True)
    assert file.read_text(encoding="utf-8") == NEW


def test_a_version_whose_text_is_not_kept_is_no_way_back(file: Path, kept: Kept):
    kept(OLD, with_texts=False)

    assert spy("back", version_of(OLD)[:8], "--yes").output.startswith(
        f"The text of {version_of(OLD)[:8]} is not kept."
    )


def test_a_file_that_can_not_be_written_is_said_to_be(kept: Kept):
    kept(OLD)

    result = spy("back", "--yes", "--config", "nowhere/config.yaml")

    assert (result.exit_code, result.stderr) == (
        1,
        "nowhere/config.yaml can't be written: No such file or directory. Write the file where it comes from.\n",
    )


def test_a_link_stays_a_link(file: Path, kept: Kept, tmp_path: Path):
    kept(OLD)
    real = tmp_path / "real.yaml"
    file.rename(real)
    file.symlink_to(real)

    spy("back", "--yes")

    assert file.is_symlink()
    assert real.read_text(encoding="utf-8") == OLD


def test_a_version_that_has_mistakes_by_now_is_shown_with_them(file: Path, kept: Kept):
    kept("plugins: [gone]\n")

    result = spy("back", given="n\n")

    assert "This version has mistakes too, because something around it has changed:" in result.output
    assert "config.yaml:1: plugins: there is no folder" in result.output


def test_a_file_that_was_edited_while_the_question_stood_is_left_alone(file: Path, kept: Kept):
    kept(OLD)
    way = way_back(versions(), file, None, now=NOON)
    file.write_text("edited: meanwhile\n", encoding="utf-8")

    with pytest.raises(CannotGoBack, match="has changed meanwhile"):
        list(way.go())

    assert file.read_text(encoding="utf-8") == "edited: meanwhile\n"


def test_the_change_is_shown_without_secrets_and_moves_no_cursor(file: Path, kept: Kept):
    kept(OLD)
    file.write_text("token: xoxb-1234567890-abcdef\n# \x1b[2Jgone\n", encoding="utf-8")

    shown = spy("back", given="n\n").output

    assert "xoxb-1234567890" not in shown
    assert "-# ?[2Jgone" in shown


def test_spy_say_goes_by_the_last_good_version_while_the_file_is_broken(file: Path, kept: Kept):
    kept(OLD)
    file.write_text("webb: {}\n", encoding="utf-8")

    said = CliRunner().invoke(app, ["say", "--as", "U0ANA", 'incident me "Slack is down" sev1'])

    assert (said.exit_code, "INC-1" in said.output) == (0, True)
    assert said.stderr == "config.yaml has mistakes. Spy goes by the last good version of it.\n"


def test_without_one_spy_say_stops_at_the_mistakes(file: Path):
    file.write_text("webb: {}\n", encoding="utf-8")

    said = CliRunner().invoke(app, ["say", "--as", "U0ANA", "help"])

    assert said.exit_code == 2
    assert said.stderr.startswith("config.yaml:1: webb: unknown key.")
