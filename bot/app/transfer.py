"""`spy export`, `spy import` and `spy backup`: the whole database in a file, and back."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from bot.adapters.database import Database, is_ready, make_ready, open_engine
from bot.adapters.database.private_files import is_missing, written_whole
from bot.adapters.database.transfer import (
    CannotBackUp,
    CannotExport,
    CannotImport,
    back_up,
    export,
    import_lines,
)
from bot.adapters.database.transfer.exporting import Exported
from bot.adapters.network.clock import SystemClock
from bot.config import Settings

STANDARD_INPUT, STANDARD_OUTPUT = Path("-"), Path("standard output")
PRIVATE = "It holds all that people wrote, private incidents too. Keep it where only you can read it."
DUMP = 'pg_dump --format=custom --no-owner --file={file} "$DATABASE_URL"'
"""How PostgreSQL is backed up, as docs/operations.md says it."""


class CannotTransfer(Exception):  # noqa: N818  named for what happened
    """Nothing was written. The message is a sentence for people."""


FAILURES = (CannotTransfer, CannotBackUp, CannotExport, CannotImport)
"""What ends a command, each with a sentence."""


def export_to(settings: Settings, file: Path | None, out: BinaryIO) -> Iterator[str]:
    """Write all rows to a new file for its owner only, or to `out`. Yield what to tell the operator."""
    with _opened(settings) as database:
        if not is_ready(database.engine):
            raise CannotTransfer("The database is of an earlier Spy, or empty. First run: spy migrate")
        yield PRIVATE
        if file is None:
            with _in_a_sentence(STANDARD_OUTPUT):
                made = _export(database, out)
        else:
            with _written(file) as unfinished, unfinished.open("wb") as opened:
                made = _export(database, opened)
        yield f"Exported {_in_words(made.rows)}."


def _export(database: Database, to: BinaryIO) -> Exported:
    made = export(database.engine, to.write, spy=metadata.version("spy"), now=SystemClock().now())
    to.flush()
    return made


def import_from(settings: Settings, file: Path, standard_input: BinaryIO) -> Iterator[str]:
    """Fill an empty database with the rows of an export. Yield what to tell the operator."""
    with _read(file, standard_input) as lines:
        engine = open_engine(settings.env.database_url.get_secret_value())
        try:
            made = import_lines(engine, lines)
            make_ready(engine)
        finally:
            engine.dispose()
    yield f"Imported {_in_words(made.rows)}."
    yield f"They were exported by Spy {made.header.spy} at {made.header.exported_at[:16].replace('T', ' ')} UTC."
    yield "Start Spy on this database only. What happened on the other one since then is not here."


def back_up_to(settings: Settings, file: Path) -> Iterator[str]:
    """Copy SQLite's file to a new one for its owner only. Yield what to tell the operator."""
    with _opened(settings) as database:
        if database.has_own_clock:
            raise CannotTransfer(f"PostgreSQL has its own backup. Run: {DUMP.format(file=file)}")
        with _in_a_sentence(file):
            incidents = back_up(database.engine, file)
    yield PRIVATE
    yield f"Backed up {incidents} incidents to {file} ({file.stat().st_size / 1e6:.1f} MB)."


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """Open the database, unless it is a file that is missing."""
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        if is_missing(engine):
            raise CannotTransfer(f"There is no database {engine.url.database}. Look at DATABASE_URL.")
        yield Database(engine)
    finally:
        engine.dispose()


@contextmanager
def _read(file: Path, standard_input: BinaryIO) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield standard_input
        return
    try:
        lines = file.open("rb")
    except OSError as error:
        raise CannotTransfer(f"{file} can't be read: {error.strerror}. Nothing was imported.") from error
    with lines:
        yield lines


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    with _in_a_sentence(file), written_whole(file) as unfinished:
        yield unfinished


@contextmanager
def _in_a_sentence(file: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise CannotTransfer(f"{file} is there already. Give another name. Nothing was written.") from None
    except OSError as error:
        raise CannotTransfer(f"{file} can't be written: {error.strerror}. Nothing was kept of it.") from error


def _in_words(rows: Counter[str]) -> str:
    tables = sum(1 for count in rows.values() if count)
    return f"{rows.total():,} rows of {tables} tables, with {rows['incident']:,} incidents"
