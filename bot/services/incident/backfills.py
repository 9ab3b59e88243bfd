"""Turn what was said in a channel into lines of an incident's timeline, because Spy was not there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.effects import Notify
from bot.domain.incident.effects import Backfill
from bot.domain.incident.events import NoteTaken
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.markup import plain_prose
from bot.domain.refusal import Refusal
from bot.domain.subject import is_channel
from bot.domain.text import shortened
from bot.ports import HistoryPage, PastMessage
from bot.services.directory import Directory
from bot.services.transaction import Transaction

MOST = 3000
"""How many messages one request reads at most."""
MOST_THREADS = 200
"""How many threads one request reads at most: each is a request to Slack, which allows about 50 a minute."""
LONGEST_LINE = 3000
TICK, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)


class Backfills:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def ask(
        self,
        incident: Incident,
        *,
        by: str,
        is_private: bool,
        asked: str,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[str, datetime, datetime]:
        """Queue the reading of the channel in which `by` asks; in a DM, of the incident's own channel.

        Return the channel, and from when to when (UTC). Without times it is the incident's own time.
        `is_private` tells whether the channel is private, or may be.
        """
        channel = self._channel(incident, is_private=is_private)
        began = since or min(incident.declared_at, incident.impact_since or incident.declared_at)
        ended = min(_whole(until or incident.resolved_at or self._tx.now), self._tx.now)
        if ended <= began:
            raise Refusal(
                f"It can't end at {ended:%H:%M} UTC, before it begins ({began:%H:%M} UTC). "
                f"Try `incident backfill {incident.number} from 10:05 to 11:40`.",
                slot="until",
            )
        effect = Backfill(
            key=f"backfill:{incident.number}:{asked}",
            incident=incident.number,
            channel=channel,
            by=by,
            asked=asked,
            after=_ts(began - TICK),
            before=_ts(ended + TICK),
            until=_ts(ended + TICK),
        )
        self._tx.send(effect)
        return channel, began, ended

    def take(self, effect: Backfill, page: HistoryPage) -> None:
        """Add a page of messages to the timeline. Then read on, or tell what became of it."""
        incident = self._tx.incident(effect.incident)
        new = self._new(incident, effect, page.messages)
        first = incident.entries + 1
        lines = [_line(incident, effect, it, seq=seq, at=self._tx.now) for seq, it in enumerate(new, first)]
        self._tx.extend(incident, lines)
        for person in dict.fromkeys(it.person for it in new if it.person):
            Directory(self._tx).seen(person, None)
        self._read_on(incident, _after_page(_counted(effect, page, new), page))

    def refused(self, effect: Backfill, why: str) -> None:
        """Leave out a thread that can't be read. Otherwise tell the person who asked why no more is read."""
        incident = self._tx.incident(effect.incident)
        if effect.thread:
            self._read_on(incident, _without_thread(effect))
        else:
            self._tell(incident, effect, why=why)

    def _read_on(self, incident: Incident, after: Backfill) -> None:
        """Read on: the thread, else the next one, else the next page of the channel, unless it is too much."""
        if after.read >= MOST:
            unread = len(after.roots) + bool(after.thread)
            left_before = None if after.is_last else after.before
            return self._tell(
                incident, replace(after, threads=after.threads + unread), left_before=left_before
            )
        if after.thread is None and after.roots:
            after = replace(after, thread=after.roots[0], roots=after.roots[1:])
        if after.thread is None and after.is_last:
            return self._tell(incident, after)
        place = ":".join(filter(None, (after.before, after.thread, after.cursor)))
        return self._tx.send(replace(after, key=f"backfill:{after.incident}:{after.asked}:{place}"))

    def _channel(self, incident: Incident, *, is_private: bool) -> str:
        here = self._tx.here
        channel = here if here and is_channel(here) else incident.channel
        if channel is None:
            raise Refusal(
                "Spy reads the channel in which you ask. "
                f"Say `/incident backfill {incident.number}` in the channel where it was handled."
            )
        if incident.merged:
            into = incident.merged.into
            raise Refusal(f"{incident.id} goes on as INC-{into}. Try `incident backfill {into}`.")
        if is_private and not incident.private and incident.channel != channel:
            raise Refusal(
                f"This channel is private, and everyone can read {incident.id}. Its messages stay here. "
                f"`incident note` in {incident.id} adds what others may know."
            )
        return channel

    def _new(
        self, incident: Incident, effect: Backfill, messages: Sequence[PastMessage]
    ) -> list[PastMessage]:
        """Return the messages that have words, and were never a line of this timeline."""
        marks = {_mark(incident, effect, it.ts): it for it in messages if plain_prose(it.text).strip()}
        known = self._tx.session.timeline.known_messages(incident.number, NoteTaken.kind(), marks)
        return [it for mark, it in marks.items() if mark not in known]

    def _tell(
        self, incident: Incident, effect: Backfill, *, left_before: str | None = None, why: str | None = None
    ) -> None:
        """Tell the channel what was added. What it must not know, and what failed, goes to the person who asked."""
        is_for_all = why is None and (not incident.private or incident.channel == effect.channel)
        facts = {
            "by": effect.by,
            "channel": effect.channel,
            "added": effect.added,
            "known": effect.known,
            "threads": effect.threads,
            "first": _moment(effect.first),
            "last": _moment(effect.last),
            "left_before": _moment(left_before),
            "why": why,
        }
        notice = Notify(
            key=f"backfilled:{effect.incident}:{effect.asked}",
            to=effect.channel if is_for_all else effect.by,
            template="incident/backfilled",
            facts=facts,
            incident=incident.number,
        )
        self._tx.send(notice)


def _counted(effect: Backfill, page: HistoryPage, new: Sequence[PastMessage]) -> Backfill:
    added = [*(it.ts for it in new), *filter(None, (effect.first, effect.last))]
    return replace(
        effect,
        added=effect.added + len(new),
        known=effect.known + len(page.messages) - len(new),
        read=effect.read + page.read,
        first=min(added, key=float, default=None),
        last=max(added, key=float, default=None),
    )


def _after_page(effect: Backfill, page: HistoryPage) -> Backfill:
    """Return what is still to be read after a page of the channel or of a thread."""
    if effect.thread:
        return replace(effect, thread=effect.thread if page.cursor else None, cursor=page.cursor)
    roots = tuple(page.threads[: MOST_THREADS - effect.asked_threads])
    return replace(
        effect,
        until=effect.until or effect.before,
        before=page.before or effect.before,
        is_last=page.before is None,
        roots=roots,
        asked_threads=effect.asked_threads + len(roots),
        threads=effect.threads + len(page.threads) - len(roots),
    )


def _without_thread(effect: Backfill) -> Backfill:
    return replace(effect, thread=None, cursor=None, threads=effect.threads + 1)


def _line(incident: Incident, effect: Backfill, message: PastMessage, *, seq: int, at: datetime) -> Entry:
    words = shortened(plain_prose(message.text).strip(), LONGEST_LINE)
    mark = _mark(incident, effect, message.ts)
    said = datetime.fromtimestamp(float(message.ts), UTC)
    note = NoteTaken(at=said, by=message.person, note=words, message=mark, noted_by=effect.by)
    facts = note.facts()
    return Entry(
        incident=incident.number,
        seq=seq,
        kind=note.kind(),
        occurred_at=said,
        recorded_at=at,
        actor=message.person,
        source="backfill",
        permalink=message.permalink,
        text=words,
        data={name: value for name, value in facts.items() if name not in {"at", "by", "supersedes"}},
    )


def _mark(incident: Incident, effect: Backfill, ts: str) -> str:
    """Return what identifies a message in a timeline: as for a 📝, its `ts` alone in the incident's own channel."""
    return ts if effect.channel == incident.channel else f"{effect.channel}:{ts}"


def _whole(until: datetime) -> datetime:
    """Return the end of the minute, if a time was given in minutes."""
    return until if until.second or until.microsecond else until + MINUTE - TICK


def _ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _moment(ts: str | None) -> str | None:
    return datetime.fromtimestamp(float(ts), UTC).isoformat() if ts else None
