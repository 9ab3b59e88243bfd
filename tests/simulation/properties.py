"""What must hold. Safety is watched at each step; liveness is looked at in the end, when faults have stopped."""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from bot.commands.request import Request, Response
from bot.domain.incident.replay import replayed
from bot.ports import Session
from bot.services.transaction import Transaction
from tests.fakes.chat import Post
from tests.properties.owed import Speech, debts
from tests.properties.test_said_once import TOPICAL
from tests.simulation.organisation import POLICY

if TYPE_CHECKING:
    from tests.simulation.people import Said
    from tests.simulation.world import World

SECRET = re.compile(r"\bzz\d+q\b")
"""A word of a private incident."""
LATE = timedelta(minutes=2)
"""How late a reminder may be in the end, when nothing is wrong any more."""
TWICE = """
    SELECT incident, json_extract(data, '$.reminder'), json_extract(data, '$.occurrence'), count(*) FROM timeline
    WHERE kind = 'reminded' GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
LINES = """
    SELECT coalesce(substr(why, length('in ') + 1), key), needs_channel FROM outbox
    WHERE kind IN ('PostEvent', 'PostLateEvents') AND state = 'done'
"""
"""The lines that were posted, each with the key of its message: late ones are together in one."""
TOLD = "SELECT incident, kind, text, visibility IS 'hidden' FROM timeline"
"""The lines, and whether people do not see one: those that came with a merge are hidden when it is undone."""
QUEUED = """
    SELECT key, id, lane FROM outbox
    WHERE kind IN ('PostEvent', 'PostLateEvents', 'Post', 'Notify') AND lane LIKE 'posts:%'
"""


class Watch:
    """Sees all that is committed and all that people can read."""

    def __init__(self, world: "World", raw: sqlite3.Connection) -> None:
        self.violations: list[str] = []
        self._world, self._raw = world, raw
        self._keys: Counter[tuple[str, str]] = Counter()
        self._pages: Counter[str] = Counter()
        self._of: dict[str, int] = {}
        """By secret word, the number of its incident; 0 while it is unknown."""
        self._inside: dict[str, list[str]] = {}
        self._people: defaultdict[int, list[str]] = defaultdict(list)
        self._spoken: defaultdict[int, list[Speech]] = defaultdict(list)
        self._seen = 0
        """The last row of the timeline that was looked at."""

    def broken(self, law: str, what: str) -> None:
        """Note a violation."""
        line = f"{law}: {what}"
        self._world.say("violation", line)
        self.violations.append(line)
        self._world.has_broken()

    # --- private words ---

    def plant(self, word: str, by: str, number: int = 0) -> None:
        """Remember a word of a private incident, and who knows it."""
        self._of[word] = number
        self._inside[word] = [by]

    def planted(self, word: str, number: int) -> None:
        if word in self._of:
            self._of[word] = number
            self.let_in(number, *self._inside[word])

    def let_in(self, number: int, *people: str) -> None:
        """Note who may know of a private incident: those who are named in it, and those in its channel."""
        known = self._people[number]
        known.extend(it for it in people if it not in known)

    def insiders(self, word: str) -> Sequence[str]:
        return self._people[self._of[word]] or self._inside[word]

    def heard(self, post: Post, how: str) -> None:
        """Check a message when it becomes visible."""
        self._world.say("slack", f"{how} in {post.to}: {crc32(post.message.text.encode()):08x} {post.key}")
        if how == "post" and post.key:
            self._keys[post.to, post.key] += 1
            if self._keys[post.to, post.key] > 1:
                self.broken("said twice", f"{post.key} in {post.to}")
        reader = post.person if how == "ephemeral" else post.to
        self._check_secrets(str(post.message), reader or post.to, f"{how} {post.key}")

    def paged(self, key: str, words: str) -> None:
        """Check a page when it begins to ring."""
        self._pages[key] += 1
        if self._pages[key] > 1:
            self.broken("paged twice", key)
        if SECRET.search(words):
            self.broken("a private word on a phone", key)

    def answered(self, request: Request, answer: Response) -> None:
        """Check an answer, which the asker sees, or the channel."""
        reader = request.channel if answer.shared else request.user
        self._check_secrets(f"{answer.message} {answer.complaints}", reader or "", request.id)

    def _check_secrets(self, words: str, reader: str, what: str) -> None:
        for word in set(SECRET.findall(words)):
            number = self._of.get(word) or self._world.number_of(word) or 0
            people = self._people.get(number) or self._inside.get(word, [])
            is_own = number and reader == self._world.channel_of(number)
            person = f"U{reader[1:]}" if reader[:1] == "D" else reader
            if person not in people and not is_own:
                self.broken("a private word outside", f"{word} of INC-{number} reaches {reader} by {what}")

    # --- reminders ---

    def committed(self) -> None:
        """Hold new reminders against what was owed at that moment."""
        found = self._raw.execute(
            "SELECT id, incident, kind, data FROM timeline WHERE id > ? ORDER BY id", (self._seen,)
        ).fetchall()
        if not found:
            return
        self._seen = found[-1][0]
        new: dict[int, list[dict[str, Any]]] = {}
        for _, incident, kind, data in found:
            facts = json.loads(data) if kind == "reminded" else {}
            if kind == "reminded" and facts["reminder"].startswith(TOPICAL):
                new.setdefault(incident, []).append(facts)
        if new:
            self._world.look(lambda session: self._check_reminders(session, new))

    def _check_reminders(self, session: Session, new: dict[int, list[dict[str, Any]]]) -> None:
        for number, entries in new.items():
            incident, before = session.incidents.get(number), self._spoken[number]
            assert incident
            for facts in entries:
                at = max(
                    entry.occurred_at for entry in session.timeline.of(number) if entry.kind == "reminded"
                )
                owed = {debt.reminder: debt for debt in debts(incident, before, at)}
                debt = owed.get(facts["reminder"])
                if debt is None:
                    self.broken(
                        "a reminder of nothing", f"{facts['reminder']} of INC-{number} at {at:%d %H:%M:%S}"
                    )
                    continue
                before.append(Speech(reminder=debt.reminder, period=debt.period, at=at))

    # --- in the end ---

    def look_back(self) -> None:
        """Check what must be so once faults have stopped and everything had time to settle."""
        self._nothing_waits()
        self._all_is_told()
        self._in_order()
        self._world.look(self._nothing_is_owed)
        self._world.look(self._pages_rang)
        self._world.look(self._past_leads_here)

    def _nothing_waits(self) -> None:
        for key, state, why in self._raw.execute("SELECT key, state, why FROM outbox WHERE done_at IS NULL"):
            self.broken("left in the outbox", f"{key} is {state}: {why}")
        now = (self._world.machine.now() - LATE).replace(tzinfo=None)
        late = "SELECT key, due_at FROM timer WHERE state = 'waiting' AND due_at < ?"
        for key, due in self._raw.execute(late, (str(now),)):
            self.broken("a duty not spoken", f"{key}, due at {due}")
        for number, reminder, occurrence, times in self._raw.execute(TWICE):
            self.broken("reminded twice", f"{reminder} {occurrence} of INC-{number}, {times} times")

    def _all_is_told(self) -> None:
        """Each thing that was done is on the timeline once, and in the channel once."""
        lines = self._raw.execute(TOLD).fetchall()
        posted = {(post.to, post.key) for post in self._world.chat.posts}
        on_timeline: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        hidden: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        for number, kind, text, is_hidden in lines:
            for word in set(re.findall(r"\b(?:w|zz)\d+q\b", text)):
                if is_hidden:
                    hidden[word].add((number, kind))
                else:
                    on_timeline[word].append((number, kind))
        for said in self._world.crowd.said:
            if said.text.startswith(("incident update", "incident note")):
                found = Counter(on_timeline[said.word]) | Counter(hidden[said.word])
                if max(found.values(), default=0) > 1 or (found and not said.is_done and not said.is_unsure):
                    self.broken("done twice", f"{said.text!r} by {said.by}: {dict(found)}")
                elif said.is_done and not (found and self._is_posted(said)):
                    self.broken("lost", f"{said.text!r} by {said.by}")
        for key, number in self._raw.execute(LINES):
            channel = self._world.channel_of(number) if number else None
            if channel and (channel, key) not in posted:
                self.broken("lost", f"{key} is not in {channel}")

    def _is_posted(self, said: "Said") -> bool:
        channel = self._world.channel_of(said.incident or 0)
        return any(
            post.to == channel and post.key.startswith("line:") and said.word in post.message.text
            for post in self._world.chat.posts
        )

    def _in_order(self) -> None:
        """The posts of a lane stand in the order in which they were queued."""
        queued = {key: (at, lane) for key, at, lane in self._raw.execute(QUEUED)}
        last: dict[tuple[str, str], tuple[int, str]] = {}
        for post in self._world.chat.posts:
            if post.key not in queued:
                continue
            at, lane = queued[post.key]
            before, key = last.get((post.to, lane), (0, ""))
            if at < before:
                self.broken("out of order", f"{post.key} after {key} in {post.to}")
            last[post.to, lane] = at, post.key

    def _nothing_is_owed(self, session: Session) -> None:
        now = self._world.machine.now()
        for number in self._world.numbers():
            incident = session.incidents.get(number)
            assert incident
            for debt in debts(incident, self._spoken[number], now - LATE):
                self.broken(
                    "a duty not spoken", f"{debt.reminder} of INC-{number}, due at {debt.due_at:%d %H:%M:%S}"
                )
            if incident.is_open and incident.channel is None:
                self.broken("lost", f"INC-{number} has no channel")
            named = [
                it.id for it in self._world.chat.channels.values() if it.name.startswith(f"inc-{number}-")
            ]
            if len(named) > 1:
                self.broken("done twice", f"INC-{number} has channels {named}")

    def _pages_rang(self, session: Session) -> None:
        tx = Transaction(session=session, now=self._world.machine.now(), policy=POLICY)
        for (number,) in self._raw.execute("SELECT number FROM page"):
            page = tx.session.pages.get(number)
            assert page
            if page.state == "requested":
                self.broken("lost", f"page {number} never left")
            elif page.pager_id and page.key not in self._pages:
                self.broken("lost", f"page {number} is unknown to the pager")

    def _past_leads_here(self, session: Session) -> None:
        """The fold of a timeline is the stored incident."""
        for number in self._world.numbers():
            stored = session.incidents.get(number)
            *_, last = replayed(number, session.timeline.events(number))
            if stored is None or replace(last.incident, entries=stored.entries) != stored:
                self.broken("another past", f"INC-{number} is not what its timeline leads to")
