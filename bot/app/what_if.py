"""`spy what-if`: replay past incidents under another configuration, and print how what is said differs."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.database import Database, is_ready, open_engine
from bot.adapters.network.clock import SystemClock
from bot.app.audit import NotUnderstood
from bot.app.build import open_clock
from bot.app.live.config_trial import unsafe
from bot.app.live.configuration import FIRST
from bot.app.settings import load
from bot.commands.interpreter import incident_number
from bot.config import ConfigError, Settings, read_file
from bot.config.differences import differences, shown
from bot.config.values import duration
from bot.config.yaml_lines import Place, dotted, read
from bot.domain.config_version import LISTED as VERSIONS
from bot.domain.config_version import ConfigVersion, takings
from bot.domain.incident.incident import Incident
from bot.domain.refusal import Refusal
from bot.domain.reminder import REMINDERS
from bot.domain.subject import is_channel, is_person
from bot.domain.what_if import Comparison, Difference, ReplayedPage, ReplayedReminder, Tally, tallies
from bot.services.directory import Directory
from bot.services.features import load_features
from bot.services.transaction import Transaction
from bot.services.what_if.compare import compare
from bot.services.what_if.past import read_past

LISTED = 20
"""How many incidents are listed, the newest ones."""
TIMERS = frozenset(
    {
        "asked_at_most",
        "channel_rest",
        "day_urge",
        "day_warn",
        "duty_urge",
        "duty_warn",
        "page_unanswered_after",
        "relief_ask",
        "relief_every",
        "relief_fine",
        "relief_manager",
        "relief_page",
        "relief_warn",
        "switched_off",
    }
)
"""The keys of `timers:` that are replayed, besides those of reminders about incidents."""
OF_SEVERITIES, OF_TEAMS = frozenset({"update_every", "page"}), frozenset({"channel", "manager"})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that could move the cursor, or reorder a line, on a terminal."""
ROW = "{:<46} {:>9} {:>9} {:>6} {:>6}"
T = TypeVar("T")

NOT_READY = "There is no database of this Spy's version, and what-if only reads. Start Spy once, or run `spy migrate`."


@dataclass(frozen=True, kw_only=True)
class Options:
    """How far to look back, such as `30d`, and perhaps for which incident (7 or INC-7)."""

    last: str = "30d"
    incident: str | None = None
    as_json: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangedKey:
    """A key that differs between the two files. Its line is that of the new file."""

    place: Place
    line: int
    words: str

    @property
    def is_replayed(self) -> bool:
        match self.place:
            case ("timers", str(key), *_):
                return key in TIMERS or any(key in it.settings for it in REMINDERS.values())
            case ("severities", str(), str(key), *_):
                return key in OF_SEVERITIES
            case ("teams", str(), str(key), *_):
                return key in OF_TEAMS
        return self.place[:1] in {("milestones",), ("command_team",)}


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What was found, and what is needed to show it."""

    file: Path
    config: Path
    changes: Sequence[ChangedKey]
    found: Comparison
    incident: int | None
    earlier: Sequence[ConfigVersion]
    """The versions of the configuration that were taken in this time in place of another."""
    names: Mapping[str, str]
    """Of people and channels, by Slack id."""

    def listed(self) -> Sequence[Incident]:
        """Return the incidents with differences that everyone may see, newest first; or the one that is asked for."""
        if self.incident is not None:
            return [it for it in self.found.incidents.values() if it.number == self.incident]
        found = self.found
        differ = {it.incident for kind, it in found.said if kind is not Difference.SAME}
        differ |= {it.incident for kind, it in found.rang if kind is not Difference.SAME}
        seen = (it for it in self.found.incidents.values() if it.number in differ and not it.private)
        return sorted(seen, key=lambda it: it.number, reverse=True)

    @property
    def private(self) -> int:
        """How many private incidents are in the sums, and are not listed."""
        if self.incident is not None:
            return 0
        about = {it.incident for _, it in self.found.said} | {it.incident for _, it in self.found.rang}
        return sum(it.private for it in self.found.incidents.values() if it.number in about)


def what_if(settings: Settings, new: Path, wanted: Options) -> Iterator[str]:
    """Yield the lines of the answer. Raises ConfigError if Spy would refuse the new file."""
    load_features()
    other = _settings(new, settings)
    engine = open_engine(settings.env.database_url.get_secret_value())
    try:
        if not is_ready(engine):
            raise Refusal(NOT_READY)
        now = open_clock(settings, SystemClock()).now()
        answer = _answer(Database(engine), now, settings, other, wanted)
    finally:
        engine.dispose()
    yield from [as_json(answer)] if wanted.as_json else map(_printable, in_words(answer))


def _answer(
    database: Database, now: datetime, settings: Settings, other: Settings, wanted: Options
) -> Answered:
    policy, before = other.policy(), settings.policy()
    since, number = now - _span(wanted.last), _number(wanted)
    with database.read() as session:
        tx = Transaction(session=session, now=now, policy=before, source="terminal")
        since = min(since, _found(tx, number).declared_at) if number is not None else since
        past = read_past(tx, since=since, policies=[policy])
        taken = takings(session.config_versions.taken(limit=VERSIONS))
    found = compare(past, policy, before=before, incident=number)  # takes seconds: no transaction is open
    with database.read() as session:
        names = _names(Transaction(session=session, now=now, policy=before, source="terminal"), found)
    return Answered(
        file=other.path or Path(),
        config=settings.path or Path(),
        changes=_changes(settings, other),
        found=found,
        incident=number,
        earlier=[it for it in taken if it.taken_at and since < it.taken_at and it.change != FIRST],
        names=names,
    )


def _number(wanted: Options) -> int | None:
    return incident_number(wanted.incident) if wanted.incident else None


def _settings(new: Path, before: Settings) -> Settings:
    file = read_file(new)
    if file.mistake:
        raise ConfigError([file.mistake])
    found = load(new, text=file.text)
    if flaws := unsafe(found, before):
        raise ConfigError(flaws)
    return found


def _span(words: str) -> timedelta:
    try:
        return duration(words)
    except ValueError:
        raise NotUnderstood(f"--last {words!r} is no length of time. Write 30d, or 12h.") from None


def _found(tx: Transaction, number: int) -> Incident:
    found = tx.session.incidents.look(number)
    if found is None:
        raise NotUnderstood(f"There is no INC-{number} in the database.")
    return found


def _changes(before: Settings, after: Settings) -> Sequence[ChangedKey]:
    lines = read(after.text)
    return [
        ChangedKey(
            place=place, line=lines.line(place) or 1, words=f"{dotted(place)} {shown(old)} → {shown(new)}"
        )
        for place, (old, new) in differences(before.text, after.text).items()
    ]


def _names(tx: Transaction, found: Comparison) -> Mapping[str, str]:
    directory = Directory(tx)
    ids = {it.to for _, it in found.said} | {it.person for _, it in found.rang if it.person}
    return {it: name for it in ids if (is_person(it) or is_channel(it)) and (name := directory.name(it))}


# --- words ------------------------------------------------------------------------------------------------


def in_words(answer: Answered) -> Iterator[str]:
    """Yield the answer, one line each."""
    found = answer.found
    yield (
        f"What if {answer.file} had been in force, from {_when(found.since)} to {_when(found.until)} "
        f"({_zone(found.until)})?"
    )
    yield from _settings_in_words(answer)
    yield ""
    yield ROW.format("Reminders", "said then", "would be", "new", "gone")
    posted = [(kind, it) for kind, it in found.said if it.is_posted]
    yield from _rows(tallies(posted, lambda it: it.row), Tally.of(kind for kind, _ in posted))
    yield ""
    yield ROW.format("Pages that ring a phone, and why", "rang then", "would", "new", "gone")
    yield from _rows(tallies(found.rang, lambda it: it.why), Tally.of(kind for kind, _ in found.rang))
    yield from _woken(answer)
    for incident in answer.listed()[:LISTED]:
        yield from _of_incident(incident, answer)
    yield from _notes(answer)


def _settings_in_words(answer: Answered) -> Iterator[str]:
    replayed = [it for it in answer.changes if it.is_replayed]
    others = [it for it in answer.changes if not it.is_replayed]
    if not answer.changes:
        yield f"It says the same as {answer.config}."
    for title, changes in (("Changed:", replayed), ("These changes are not replayed:", others)):
        yield from [title] if changes else ()
        yield from (f"  {answer.file}:{it.line}: {it.words}" for it in changes)


def _rows(found: Mapping[str, Tally], total: Tally) -> Iterator[str]:
    for name, it in (*found.items(), ("all", total)):
        yield ROW.format(f"  {name}", it.then, it.now, it.new or "", it.gone or "").rstrip()


def _woken(answer: Answered) -> Iterator[str]:
    """Yield how often whom pages wake at night, by the clock of each person."""
    rang = answer.found.rang
    woken = tallies(rang, lambda it: _name(it.person, answer) if it.person and it.is_night else None)
    unknown = [kind for kind, it in rang if it.person is None]
    yield ""
    yield ROW.format("Woken at night, on their own clock", "then", "would be", "new", "gone")
    yield from _rows(woken, Tally.of(kind for kind, it in rang if it.is_night))
    if unknown:
        tally = Tally.of(unknown)
        yield (
            f"  Not in these rows: pages of which Spy does not know whom they reach, by day or at night: "
            f"{tally.then} then, {tally.now} would be."
        )


def _of_incident(incident: Incident, answer: Answered) -> Iterator[str]:
    yield ""
    drill = "DRILL " if incident.drill else ""
    yield f"{incident.id} {drill}{incident.name}"
    every = [
        *(
            (kind, it.due_at, _said(it, answer))
            for kind, it in answer.found.said
            if it.incident == incident.number
        ),
        *(
            (kind, it.at, _rang(it, answer))
            for kind, it in answer.found.rang
            if it.incident == incident.number
        ),
    ]
    for kind, at, words in sorted(every, key=lambda it: it[1]):
        if kind is not Difference.SAME or answer.incident is not None:
            yield f"  {_when(at)}  {kind.value:<4}  {words}"


def _said(it: ReplayedReminder, answer: Answered) -> str:
    return f"{it.row}, to {_address(it, answer)}" if it.is_posted else f"{it.row}, on the card only"


def _address(it: ReplayedReminder, answer: Answered) -> str:
    return _name(it.to, answer) if is_person(it.to) or is_channel(it.to) else "its channel"


def _rang(it: ReplayedPage, answer: Answered) -> str:
    whom = _name(it.person, answer) if it.person else f":{it.team}" if it.team else "somebody"
    level = f"the next level of :{it.team}" if it.is_next else whom
    return f"page to {level}, for: {it.why}{', at night' if it.is_night else ''}"


def _name(ident: str | None, answer: Answered) -> str:
    return answer.names.get(ident or "", ident or "")


def _notes(answer: Answered) -> Iterator[str]:
    found, more = answer.found, len(answer.listed()) - LISTED
    yield ""
    if more > 0:
        yield f"{more} more incidents differ: --incident 42 shows one, --json all."
    if answer.private:
        yield f"Private incidents are in the sums, and are not listed: {answer.private}."
    for it in found.silent:
        yield f"Spy sent no reminders from {_when(it.start)} to {_when(it.end)}. The replay sends none then, either."
    for version in answer.earlier:
        taken_at = version.taken_at or found.since
        yield f"{answer.config} was another one before {_when(taken_at)}. What changed then: {version.change}."
    if found.unread:
        yield f"Lines of timelines that this Spy can't read, and leaves out: {found.unread}."
    yield from _proof(answer)


def _proof(answer: Answered) -> Iterator[str]:
    """Yield how well the replay under the settings of today says what was said."""
    found = answer.found
    named = sorted({number for number, _ in found.unlike if not _is_private(number, answer)})
    hidden = len({number for number, _ in found.unlike} - set(named))
    if not found.unlike:
        yield f"Replayed under {answer.config}, all {found.known} reminders and pages come as they came."
        return
    yield (
        f"Replayed under {answer.config}, {len(found.unlike)} reminders and pages of {found.known} do not come as they "
        "came. What is not known may explain it: other settings, an outage, a message that Slack or the pager did not "
        "take. They count as the same."
    )
    for number in named:
        yield f"  INC-{number}: {', '.join(sorted({row for of, row in found.unlike if of == number}))}"
    if hidden:
        yield f"  private incidents: {hidden}"


def _is_private(number: int, answer: Answered) -> bool:
    incident = answer.found.incidents.get(number)
    return incident is not None and incident.private and answer.incident is None


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%a %d %b %H:%M}"


def _zone(moment: datetime) -> str:
    return f"times in {moment.astimezone():%Z}"


def _printable(line: str) -> str:
    return CONTROL.sub(" ", line)


# --- JSON -------------------------------------------------------------------------------------------------


def as_json(answer: Answered) -> str:
    """Return the answer as one JSON object. Its times are UTC."""
    found = answer.found
    posted = [(kind, it) for kind, it in found.said if it.is_posted]
    facts = {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "changed": [_change(it) for it in answer.changes if it.is_replayed],
        "not_replayed": [_change(it) for it in answer.changes if not it.is_replayed],
        "reminders": _tallied(posted, lambda it: it.row),
        "pages": _tallied(found.rang, lambda it: it.why),
        "woken": _tallied(found.rang, lambda it: it.person if it.is_night else None),
        "incidents": [_facts(it, answer) for it in answer.listed()],
        "private_incidents": answer.private,
        "silent": [{"start": it.start.isoformat(), "end": it.end.isoformat()} for it in found.silent],
        "unread": found.unread,
        "known": found.known,
        "unexplained": [
            {"incident": None if _is_private(number, answer) else number, "what": what}
            for number, what in found.unlike
        ],
    }
    return json.dumps(facts, ensure_ascii=False, indent=2)


def _change(it: ChangedKey) -> Mapping[str, Any]:
    return {"line": it.line, "key": dotted(it.place), "change": it.words}


def _tallied(found: Iterable[tuple[Difference, T]], name: Callable[[T], str | None]) -> Mapping[str, Any]:
    return {named: asdict(tally) for named, tally in tallies(found, name).items()}


def _facts(incident: Incident, answer: Answered) -> Mapping[str, Any]:
    said = [(kind, it) for kind, it in answer.found.said if it.incident == incident.number]
    rang = [(kind, it) for kind, it in answer.found.rang if it.incident == incident.number]
    return {
        "incident": incident.number,
        "name": incident.name,
        "reminders": [
            {
                "difference": kind.value,
                "due_at": it.due_at.isoformat(),
                "what": it.row,
                "to": it.to,
                "on_card_only": not it.is_posted,
            }
            for kind, it in said
        ],
        "pages": [
            {
                "difference": kind.value,
                "at": it.at.isoformat(),
                "why": it.why,
                "team": it.team,
                "person": it.person,
                "next_level": it.is_next,
                "at_night": it.is_night,
            }
            for kind, it in rang
        ],
    }
