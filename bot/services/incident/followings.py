"""Who follows incidents without their channels: who may, and who is told what.

One effect begins it; then each follower is told by an effect of their own, and the end of one queues the next.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from bot.domain.effects import Effect, Notify
from bot.domain.incident.events import UpdatePosted
from bot.domain.incident.following import (
    EDITED,
    MOST_BY_MAIL,
    TOLD,
    Following,
    MailFollower,
    NewsLine,
    TellFollower,
    TellFollowers,
    host_of,
    key_of,
    news,
    subjects_of,
    tell,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry, line
from bot.domain.refusal import Refusal
from bot.domain.subject import Subject, is_forgotten
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction, follower

Facts = Mapping[str, Any]
SECRET = 12
"""Bytes of the secret in the address of an *Unfollow* page."""
TOKEN = re.compile(r"(?P<number>[0-9]{1,9})-(?P<secret>[\w-]{1,99})", re.ASCII)
OPEN = 100
"""How many open incidents are looked at for those that a person follows."""
LINES = 10
"""The most news in one message. Earlier ones are counted."""
NO_MAIL = "Spy sends no mail here: config.yaml has no `mail`. Who has Slack can say `incident follow`."


class Followings:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.followings

    # --- following ----------------------------------------------------------------------------------------

    def follow(self, incident: Incident, *, by: str, address: str | None = None) -> bool:
        """Let a person, or an address for them, follow an incident. Return False if it does already."""
        if not incident.is_open:
            raise Refusal(
                f"{incident.id} is {incident.state}: nothing more will come. "
                f"`incident {incident.number} tldr` shows it."
            )
        if address and incident.private:
            raise Refusal(f"{incident.id} is private, and nothing about a private incident leaves by mail.")
        following = self._begun(incident.subject, by=by, address=address)
        if following is None:
            return False
        if address is None:
            self._records.put(replace(following, heard=incident.entries))  # the answer shows its state
        else:
            self._records.put(following)
            self._tx.send(tell(following, incident.number, upto=self._last_told(incident.number)))
        return True

    def follow_each(self, subject: Subject, *, by: str, address: str | None = None) -> bool:
        """Let a person or an address follow each incident of a service or a severity. False if it does already."""
        following = self._begun(subject, by=by, address=address)
        if following:
            self._records.put(following)
        return following is not None

    def _begun(self, about: Subject, *, by: str, address: str | None) -> Following | None:
        """Return a new following; None if there is one."""
        if address:
            self._must_be_mailable(about, address)
        self._tx.session.lock(f"following:{about}")
        if self._records.by_key(key_of(about, address or by)):
            return None
        return Following(
            number=self._records.reserve(),
            about=about,
            person=None if address else by,
            address=address,
            by=by,
            since=self._tx.now,
            secret=token_urlsafe(SECRET),
        )

    def _must_be_mailable(self, about: Subject, address: str) -> None:
        mail = self._tx.policy.mail
        if mail is None:
            raise Refusal(NO_MAIL)
        if host_of(address) not in mail.domains:
            raise Refusal(
                f"Spy writes only to addresses at {', '.join(mail.domains)} (`mail.domains` in config.yaml).",
                slot="address",
            )
        if sum(it.by_mail for it in self._records.about(about)) >= MOST_BY_MAIL:
            raise Refusal(f"{MOST_BY_MAIL} addresses follow it already. Use a mailing list of your own.")

    # --- unfollowing --------------------------------------------------------------------------------------

    def unfollow(self, incident: Incident, reader: str) -> bool:
        """End what a person (Slack id) or an address follows of one incident. Return False if there was nothing."""
        found = self._records.by_key(key_of(incident.subject, reader))
        theirs = [it for it in self._wider(incident) if it.key == key_of(it.about, reader)]
        wider = [it for it in map(self._records.get, (it.number for it in theirs)) if it]
        for it in wider:
            self._records.put(it.without(incident.number))
        if found:
            self._records.remove([found.number])
        return bool(found or wider)

    def unfollow_each(self, subject: Subject, reader: str) -> bool:
        """End what a person or an address follows of a service or a severity, with the incidents that came of it."""
        found = self._records.by_key(key_of(subject, reader))
        if found is None:
            return False
        came = self._records.come_through(found.number)
        self._records.remove([found.number, *(it.number for it in came)])
        return True

    def of_token(self, token: str) -> Following | None:
        """Return the following whose *Unfollow* page has this address."""
        said = TOKEN.fullmatch(token)
        found = self._records.look(int(said["number"])) if said else None
        is_theirs = said and found and compare_digest(found.secret.encode(), said["secret"].encode())
        return found if is_theirs else None

    def end(self, following: Following, *, wholly: bool) -> None:
        """End a following, as its reader asks on the *Unfollow* page; with `wholly`, also what it came through."""
        wider = self._records.look(following.through) if following.through else None
        incident = self._tx.session.incidents.get(following.incident) if following.incident else None
        if wider and wholly:
            self.unfollow_each(wider.about, following.reader)
        if incident:
            self.unfollow(incident, following.reader)
        else:
            self.unfollow_each(following.about, following.reader)

    # --- who follows --------------------------------------------------------------------------------------

    def of(self, incident: Incident) -> Sequence[Following]:
        """Return who hears of an incident, people first. Who may not see it any more hears nothing."""
        found = [it for it in self._records.about(incident.subject) if self._may_hear(it, incident)]
        return sorted(found, key=lambda it: (it.by_mail, it.number))

    def of_person(self, person: str) -> Sequence[tuple[Following, Incident | None]]:
        """Return what a person follows: open incidents that they can see, services and severities (without one)."""
        newest = self._tx.session.incidents.open(limit=OPEN)
        seen = {key_of(it.subject, person): it for it in newest if ReadAccess(self._tx).sees(person, it)}
        theirs = self._records.with_keys(seen) if seen else ()
        return [*((it, seen[it.key]) for it in theirs), *((it, None) for it in self._records.of_each(person))]

    def _may_hear(self, following: Following, incident: Incident) -> bool:
        """Whether a follower may hear of an incident now. A private one never leaves by mail."""
        if following.person:
            return ReadAccess(self._tx).sees(following.person, incident)
        mail = self._tx.policy.mail
        is_mailable = mail is not None and host_of(following.reader) in mail.domains
        return is_mailable and not incident.private

    # --- telling ------------------------------------------------------------------------------------------

    def begin(self, number: int) -> None:
        """Add who follows the incident's services and severity, and tell the first of all followers."""
        incident = self._tx.incident(number)
        if incident.is_open:
            for it in self._new(incident):
                self._records.put(it)
        for by_mail in (False, True):
            self._go_on(number, by_mail=by_mail, after=0)

    def _new(self, incident: Incident) -> Iterator[Following]:
        """Yield a following of this incident for each of its services and its severity that has none yet."""
        known = {it.key for it in self._records.about(incident.subject)}
        for it in self._wider(incident):
            key = key_of(incident.subject, it.reader)
            if key not in known and incident.number not in it.besides:
                known.add(key)
                number, secret = self._records.reserve(), token_urlsafe(SECRET)
                yield replace(
                    it,
                    number=number,
                    about=incident.subject,
                    secret=secret,
                    through=it.number,
                    since=self._tx.now,
                    besides=(),
                )

    def _wider(self, incident: Incident) -> Sequence[Following]:
        """Return who follows the incident's services or severity."""
        subjects = subjects_of(incident)[1:]
        return self._records.about(*subjects) if subjects else ()

    def _go_on(self, number: int, *, by_mail: bool, after: int) -> None:
        """Queue the news for the next follower. If it is queued already, somebody else goes on from there."""
        upto = self._last_told(number)
        following = self._records.next_to_tell(number, by_mail=by_mail, after=after, upto=upto)
        if following:
            self._tx.send(tell(following, number, upto=upto))

    def _last_told(self, number: int) -> int:
        """Return the last entry of an incident's timeline of which followers are told."""
        return max((it.seq for it in self._tx.session.timeline.among([number], TOLD)), default=0)

    def news(self, effect: TellFollower) -> Facts | None:
        """Return what a follower is told now; None if that is nothing, or they may not hear it."""
        following = self._records.look(effect.following)
        incident = self._tx.session.incidents.look(effect.incident)
        if following is None or incident is None or following.incident != incident.number:
            return None
        if following.heard >= effect.upto or not self._may_hear(following, incident):
            return None
        entries = self._tx.session.timeline.among([incident.number], [*TOLD, EDITED])
        ended_at = None if incident.is_open else incident.resolved_at
        new = news(entries, heard=following.heard, upto=effect.upto, ended_at=ended_at)
        is_first = following.heard == 0
        if not (new or is_first or following.came_from):
            return None
        return {
            **self.state(incident, entries),
            "following": following,
            "news": () if is_first or following.came_from else [_facts(it) for it in new[-LINES:]],
            "left_out": max(len(new) - LINES, 0),
            "is_first": is_first,
            "came_from": following.came_from,
        }

    def state(self, incident: Incident, entries: Iterable[Entry] | None = None) -> Facts:
        """Return the facts of an incident for who does not read its channel, with the last update as it reads now."""
        if entries is None:
            entries = self._tx.session.timeline.among([incident.number], [*TOLD, EDITED])
        shown = news(entries, heard=0, upto=incident.entries, ended_at=None)
        updates = [it for it in shown if it.entry.kind == UpdatePosted.kind()]
        return {
            "incident": incident,
            "update": _facts(updates[-1]) if updates else None,
            "severities": list(self._tx.policy.severities),
            "now": self._tx.now,
        }

    def told(self, effect: TellFollower) -> None:
        """Record that a follower was told, and go on: with what is new to them by now, else with the next one."""
        following = self._of(effect)
        if following:
            self._records.put(following.told(effect.upto))
        self._next(effect, after=effect.following - 1)

    def put_off(self, effect: TellFollower) -> None:
        """Go on with the next follower while the mail server refuses this one's mail for now."""
        following = self._of(effect)
        if following:
            self._records.put(replace(following, stalled=True))
        self._next(effect, after=effect.following)

    def doubt(self, effect: TellFollower) -> None:
        """Record that nobody knows whether a mail arrived."""
        following = self._of(effect)
        if following:
            self._records.put(replace(following, doubtful=effect.upto))

    def lost(self, effect: TellFollower, why: str, *, is_unknown: bool = False) -> None:
        """Give up a message. Who asked for a mail is told why, once. An unknown address follows no longer."""
        following = self._of(effect)
        if following and following.by_mail:
            self._tell_asker(following, effect.incident, why, is_unknown=is_unknown)
        if following and is_unknown:
            self._records.remove([following.number])
        self.told(effect)

    def _tell_asker(self, following: Following, number: int, why: str, *, is_unknown: bool) -> None:
        """Tell who asked for a mail that it is not sent: of an unknown address, else once for the incident."""
        incident = self._tx.session.incidents.look(number)
        if incident is None or is_forgotten(following.by):
            return
        if not ReadAccess(self._tx).sees(following.by, incident):
            return
        self._tx.send(
            Notify(
                key=f"unmailed:{number}:{following.number if is_unknown else following.by}",
                to=following.by,
                template="incident/unmailed",
                facts={"address": following.reader, "why": why, "is_unknown": is_unknown},
                incident=number,
            )
        )

    def _of(self, effect: TellFollower) -> Following | None:
        """Return the following of an effect, if it still is about the same incident."""
        found = self._records.get(effect.following)
        return found if found and found.incident == effect.incident else None

    def _next(self, effect: TellFollower, *, after: int) -> None:
        self._go_on(effect.incident, by_mail=isinstance(effect, MailFollower), after=after)

    # --- merging ------------------------------------------------------------------------------------------

    def numbers_to_move(self, incident: Incident, to: Incident) -> tuple[int, ...]:
        """Return the followings of an incident whose readers do not follow another one yet."""
        there = {it.key for it in self._records.about(to.subject)}
        theirs = self._records.about(incident.subject)
        return tuple(it.number for it in theirs if key_of(to.subject, it.reader) not in there)

    def move(self, numbers: Iterable[int], to: Incident, *, came_from: int | None = None) -> None:
        """Let these follow another incident. They are told its state, and as what it goes on (`came_from`)."""
        heard = self._last_told(to.number) - 1
        moved = [it for it in map(self._records.get, numbers) if it]
        for it in moved:
            self._records.put(it.moved(to, heard=heard, came_from=came_from))
        if moved:
            self._tx.send(begin(to))


def begin(incident: Incident) -> TellFollowers:
    key = f"followers:{incident.number}:{incident.entries}"
    return TellFollowers(key=key, incident=incident.number)


def _facts(told: NewsLine) -> Facts:
    """Return a line as its template needs it."""
    return {**line(told.entry), "is_corrected": told.is_corrected}


@follower
class NewsForFollowers:
    """Begins to tell the followers of an incident when something has happened that they are told of."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def follow(self, before: Incident | None, incident: Incident) -> Sequence[Effect]:
        if not self._has_news(before, incident):
            return ()
        subjects = subjects_of(incident)
        if before is None:
            subjects = subjects[1:]  # nobody follows it yet
        if not subjects or not self._tx.session.followings.has_any(*subjects):
            return ()
        return [begin(incident)]

    def _has_news(self, before: Incident | None, incident: Incident) -> bool:
        since = before.entries if before else 0
        if before and before.services != incident.services:
            return True
        return any(
            f"{incident.number}.{seq} {kind}" in self._tx.recorded
            for seq in range(since + 1, incident.entries + 1)
            for kind in (*TOLD, EDITED)
        )
