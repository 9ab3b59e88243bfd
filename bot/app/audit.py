"""`spy audit`: who asked what, what became of it, and whether anybody changed the log since."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from bot.adapters.database import Database, make_ready, open_engine
from bot.adapters.network.clock import SystemClock
from bot.app.build import open_clock
from bot.commands.interpreter import incident_number
from bot.config import Settings
from bot.config.values import duration
from bot.domain.audit import PRUNE, AuditCheck, AuditLine, named, ranges
from bot.domain.markup import PERSON_ID
from bot.domain.refusal import Refusal
from bot.services.audit import AuditLog
from bot.services.people import People
from bot.services.transaction import Transaction

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that could move the cursor, or reorder a line, on a terminal."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines to show. `person` is a Slack id or a name, `incident` a number, such as `7` or `INC-7`."""

    since: str | None = None
    person: str | None = None
    incident: str | None = None
    as_json: bool = False


class NotUnderstood(Exception):  # noqa: N818  named for what happened
    """An option can't be read. The message is a sentence for people."""


def audit(settings: Settings, wanted: Wanted) -> Iterator[str]:
    """Yield the lines of the audit log, oldest first."""
    with _reading(settings) as tx:
        since = since_when(wanted.since, now=tx.now) if wanted.since else None
        people = [_person(wanted.person, tx)] if wanted.person else []
        number = _incident(wanted.incident) if wanted.incident else None
        names, show = People(tx).name, _as_json if wanted.as_json else _as_text
        for seq, line in AuditLog(tx).find(since=since, people=people, incident=number):
            yield show(seq, line, names)


def verify(settings: Settings) -> AuditCheck:
    """Check the chain of the audit log."""
    with _reading(settings) as tx:
        return AuditLog(tx).check()


def in_words(check: AuditCheck) -> Iterator[str]:
    """Yield what a check found, one sentence a line."""
    if check.fault:
        yield f"{check.fault} Every row before it is as it was written."
        return
    yield f"As written, in order, and none missing: {_rows(check.sealed)}."
    if check.checkpoint.seq:
        yield f"Pruned: up to row {check.checkpoint.seq:,}. The checkpoint fits the row after it."
    if check.forgotten:
        yield f"Names removed by `spy forget`: in {_rows(check.forgotten)}. Their other facts are checked."
    yield from map(_upkeep, check.upkeep)
    if check.claims:
        yield (
            f"Not written by Spy: {_rows(check.claims)} that say Spy pruned or forgot something. They excuse nothing. "
            "Find out who added them."
        )
    if check.unsealed:
        yield f"Not sealed yet: {_rows(check.unsealed)}. A running bot seals them every few seconds."
    if check.head.seq:
        yield f"Last row: {check.head.seq} {check.head.hash}"


def _upkeep(line: AuditLine) -> str:
    """Return what a prune or a forget says of itself, and when."""
    when = f"{line.at:%Y-%m-%d %H:%M:%S} UTC"
    if line.command == PRUNE:
        return f"{when}: pruned {' '.join(line.result.split()[:4])}."
    seqs = [seq for seq, _ in named(line.result)]
    return (
        f"{when}: `spy forget` changed words of rows {ranges(seqs)}."
        if seqs
        else f"{when}: `spy forget` ended."
    )


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def since_when(text: str, *, now: datetime) -> datetime:
    """Read `2h`, `3d`, a day such as 2026-11-23, or a time in UTC such as 2026-11-23T10:00."""
    try:
        return now - duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(
            f"--since {text!r} is no time. Write 2h, 3d, 2026-11-23, or 2026-11-23T10:00 (UTC)."
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextmanager
def _reading(settings: Settings) -> Iterator[Transaction]:
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        make_ready(engine)
        now = open_clock(settings, SystemClock()).now()
        with Database(engine).read() as session:
            yield Transaction(session=session, now=now, policy=settings.policy(), source="terminal")
    finally:
        engine.dispose()


def _person(text: str, tx: Transaction) -> str:
    name = text.lstrip("@")
    return name if PERSON_ID.fullmatch(name) else People(tx).named(name)


def _incident(text: str) -> int:
    try:
        return incident_number(text)
    except Refusal:
        raise NotUnderstood(f"{text} is no incident. Write its number, such as 7 or INC-7.") from None


def _as_json(seq: int | None, line: AuditLine, _names: Callable[[str], str | None]) -> str:
    facts = {"row": seq, **asdict(line), "at": line.at.isoformat()}
    return json.dumps(facts, ensure_ascii=False)


def _as_text(_seq: int | None, line: AuditLine, names: Callable[[str], str | None]) -> str:
    who = (names(line.person) or line.person) if line.person else "-"
    about = f"INC-{line.incident}" if line.incident is not None else "-"
    outcome = f"{line.outcome}: {line.why}" if line.why else line.outcome
    made = "; ".join((*filter(None, [line.result]), *line.events))
    columns = (
        f"{line.at:%Y-%m-%d %H:%M:%S}",
        who,
        line.source,
        line.place or "-",
        about,
        line.command,
        outcome,
        made,
    )
    return CONTROL.sub(" ", "  ".join(filter(None, columns)))
