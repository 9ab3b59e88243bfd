"""`spy export`, `spy import` and `spy backup`, and a database that is put back as docs/operations.md says."""

import os
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.adapters.database import open_engine
from bot.adapters.database.schema import migrate_back, version
from bot.app.audit import verify
from bot.app.settings import load
from tests.app.test_cli import spy
from tests.growth.story import BEGINNING
from tests.growth.world import World
from tests.support.docs import blocks, section
from tests.support.folders import ROOT
from tests.support.postgres import EMPTY, Postgres, driven
from tests.support.rows import rows_of

OPERATIONS = "docs/operations.md"
PRIVATE = "It holds all that people wrote, private incidents too."


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.delenv("SPY_CONFIG", raising=False)


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    """A Spy at work: an incident was declared, and everything is delivered."""
    world = World(engine)
    world.declare()
    world.say("incident note 'the words of a note'", channel="C00001")
    world.deliver()
    world.jobs()["audit"]()
    return world


def opened(url: str) -> Engine:
    return open_engine(driven(url))


def rights(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


# --- export and import ----------------------------------------------------------------------------------------


def test_everything_moves_to_postgresql_and_spy_goes_on_there(
    world: World, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
):
    exported = spy("export", "spy.jsonl")
    monkeypatch.setenv("DATABASE_URL", postgresql_url)

    imported = spy("import", "spy.jsonl")

    assert (exported.exit_code, imported.exit_code) == (0, 0), exported.output + imported.output
    assert "with 1 incidents" in imported.stdout
    assert not verify(load(None)).fault
    engine = opened(postgresql_url)
    there = World(engine, beside=world)
    there.say('incident me "search is slow" sev3', channel="C0GENERAL")
    assert [row["number"] for row in rows_of(engine)["incident"]] == [1, 2]
    engine.dispose()


def test_an_export_is_for_its_owner_alone_and_says_so_once(world: World, tmp_path: Path):
    result = spy("export", "spy.jsonl")

    assert rights(tmp_path / "spy.jsonl") == 0o600
    assert result.stderr.count(PRIVATE) == 1
    assert result.stdout == ""


def test_without_a_file_the_rows_go_to_standard_output_and_nothing_else(world: World):
    result = spy("export")

    assert result.stdout.splitlines()[0].startswith('{"spy":')
    assert result.stdout.splitlines()[-1].startswith('{"rows":')
    assert PRIVATE in result.stderr


def test_an_import_reads_standard_input(world: World, postgresql_url: str, monkeypatch: pytest.MonkeyPatch):
    lines = spy("export").stdout
    monkeypatch.setenv("DATABASE_URL", postgresql_url)

    assert spy("import", "-", given=lines).exit_code == 0


@pytest.mark.parametrize("command", ["export", "backup"])
def test_a_file_that_is_there_is_not_written_over(world: World, tmp_path: Path, command: str):
    (tmp_path / "kept").write_text("precious", encoding="utf-8")

    result = spy(command, "kept")

    assert result.exit_code == 1
    assert "kept is there already. Give another name." in result.stderr
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("command", ["export", "backup"])
def test_a_folder_that_is_missing_is_said_in_a_sentence(world: World, command: str):
    result = spy(command, "nowhere/spy")

    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        1,
        "nowhere/spy can't be written: No such file or directory. Nothing was kept of it.",
    )


@pytest.mark.parametrize("command", ["export", "backup"])
def test_a_database_that_is_missing_is_named_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///typo.db")

    result = spy(command, "spy.out")

    assert result.exit_code == 1
    assert "There is no database typo.db. Look at DATABASE_URL." in result.stderr
    assert not (tmp_path / "typo.db").exists()


def test_what_can_not_be_imported_is_said_in_a_sentence(world: World, tmp_path: Path):
    (tmp_path / "other.json").write_text("{}\n", encoding="utf-8")

    for file, why in (("other.json", "first line"), ("nosuch", "can't be read: No such file")):
        result = spy("import", file)

        assert result.exit_code == 1
        assert why in result.stderr
        assert "Nothing was imported." in result.stderr


# --- backup and restore ---------------------------------------------------------------------------------------


def of_the_docs(heading: str) -> list[str]:
    return blocks(section(OPERATIONS, heading), "sh")


def run(command: str, **environment: str) -> None:
    ran = subprocess.run(
        ["bash", "-euc", command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_a_backup_of_sqlite_is_restored_as_the_docs_say(world: World, engine: Engine, tmp_path: Path):
    before, folder = rows_of(engine), tmp_path / "data"
    assert spy("backup", "spy-backup.db").exit_code == 0
    world.say("incident note 'after the backup'", channel="C00001")
    engine.dispose()
    folder.mkdir()
    (tmp_path / "spy.db").rename(folder / "spy.db")
    (folder / "spy.db-wal").write_bytes(b"a log that would damage the backup")

    [restore] = [it for it in of_the_docs("Restore") if "install -m 600" in it]
    ours = {
        "/var/lib/spy": str(folder),
        "/backups/spy.db": str(tmp_path / "spy-backup.db"),
        "-o spy -g spy ": "",  # the tests run as one user
    }
    for theirs, here in ours.items():
        restore = restore.replace(theirs, here)
    run(restore)

    restored = open_engine(f"sqlite:///{folder / 'spy.db'}")
    assert rows_of(restored) == before
    assert rights(folder / "spy.db") == rights(tmp_path / "spy-backup.db") == 0o600
    restored.dispose()


def test_a_backup_of_postgresql_is_restored_as_the_docs_say(
    world: World, postgres: Postgres, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lines = spy("export").stdout
    monkeypatch.setenv("DATABASE_URL", postgresql_url)
    assert spy("import", "-", given=lines).exit_code == 0
    [save] = [it for it in of_the_docs("Backup") if it.startswith("pg_dump")]
    [restore] = [it for it in of_the_docs("Restore") if it.startswith("pg_restore")]
    path, place = f"{postgres.programs}:{os.environ['PATH']}", str(tmp_path / "spy.dump")

    run(save.replace("/backups/spy.dump", place), PATH=path, DATABASE_URL=postgresql_url)
    with postgres.fresh(EMPTY) as other:
        run(restore.replace("/backups/spy.dump", place), PATH=path, DATABASE_URL=other)
        restored, original = opened(other), opened(postgresql_url)

        assert rows_of(restored) == rows_of(original)
        restored.dispose()
        original.dispose()


def test_for_postgresql_spy_backup_names_the_command_of_the_docs(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", postgresql_url)

    result = spy("backup", "/backups/spy.dump")

    [command] = [it.strip() for it in of_the_docs("Backup") if it.startswith("pg_dump")]
    assert result.exit_code == 1
    assert result.stderr.strip() == f"PostgreSQL has its own backup. Run: {command}"


def test_a_backup_is_made_while_another_connection_writes(world: World, engine: Engine, tmp_path: Path):
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM timeline")

        assert spy("backup", "copy.db").exit_code == 0

        copy = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
        assert rows_of(copy)["timeline"], "what is not committed is not in it"
        copy.dispose()


def test_a_damaged_database_gives_no_backup(world: World, engine: Engine, tmp_path: Path):
    engine.dispose()
    spoil(tmp_path / "spy.db")

    result = spy("backup", "copy.db")

    assert result.exit_code != 0
    assert "its file is damaged" in result.stderr
    assert [it.name for it in tmp_path.glob("copy*")] == []


@pytest.mark.parametrize("command", ["export", "backup"])
def test_a_disk_that_fills_up_meanwhile_keeps_nothing_of_the_file(world: World, tmp_path: Path, command: str):
    """No file may grow beyond some kilobytes, as on a disk that has no more space."""
    ran = subprocess.run(
        ["bash", "-c", f"ulimit -f 4; exec {sys.executable} -m bot {command} copy"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] in {
        "copy can't be written: File too large. Nothing was kept of it.",
        "There is no backup: its disk fails.",
    }
    assert list(tmp_path.glob("copy*")) == []


def spoil(file: Path) -> None:
    """Write over the second half of the pages."""
    with closing(file.open("r+b")) as pages:
        pages.seek(file.stat().st_size // 2 // 4096 * 4096)
        pages.write(b"\xa5" * (file.stat().st_size // 2))


# --- after a restore ------------------------------------------------------------------------------------------


def test_what_left_after_the_backup_does_not_leave_twice(engine: Engine, tmp_path: Path):
    """The backup is made while a channel, a page, the announcement and the card are on their way."""
    world = World(engine)
    world.say(BEGINNING, channel="C0GENERAL")
    spy("backup", "old.db")
    world.deliver()
    world.say("incident note 'after the backup'", channel="C00001")
    world.deliver()
    channels, pages = dict(world.chat.channels), dict(world.pager.pages)

    restored = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    after = World(restored, beside=world)
    after.clock.tick(hours=2)
    after.start()
    after.deliver()

    assert world.chat.channels.keys() == channels.keys()
    assert world.pager.pages.keys() == pages.keys()
    doubled = {key: many for key, many in Counter(it.key for it in world.chat.posts).items() if many > 1}
    assert not doubled
    restored.dispose()


def test_three_days_after_the_backup_each_open_matter_is_spoken_of_once(
    world: World, engine: Engine, tmp_path: Path
):
    spy("backup", "old.db")
    restored = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    after = World(restored, beside=world)
    before = len(world.chat.posts)
    after.clock.tick(days=3)

    after.start()
    for name in ("ticks", "delivery", "ticks", "delivery"):
        after.jobs()[name]()

    said = [it.message.text for it in world.chat.posts[before:]]
    assert len(said) <= 15, "\n\n".join(said)
    restored.dispose()


def test_what_ended_before_the_backup_is_not_spoken_of(world: World, engine: Engine, tmp_path: Path):
    world.say("incident resolve 'it works again'", channel="C00001")
    world.deliver()
    spy("backup", "old.db")
    restored = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    after = World(restored, beside=world)
    before = len(world.chat.posts)
    after.clock.tick(hours=1)

    after.start()
    after.jobs()["ticks"]()
    after.deliver()

    said = [it.message.text for it in world.chat.posts[before:]]
    assert not [it for it in said if "update" in it.lower()], said
    restored.dispose()


# --- before an update -----------------------------------------------------------------------------------------


def test_a_newer_spy_backs_up_the_database_of_an_earlier_one_and_exports_it_only_once_it_is_migrated(
    engine: Engine, tmp_path: Path
):
    migrate_back(engine, "0028")

    backup, export = spy("backup", "before.db"), spy("export", "before.jsonl")

    assert backup.exit_code == 0
    copy = open_engine(f"sqlite:///{tmp_path / 'before.db'}")
    assert version(copy) == "0028"
    copy.dispose()
    assert export.exit_code == 1
    assert export.stderr.splitlines()[-1].endswith("First run: spy migrate")
