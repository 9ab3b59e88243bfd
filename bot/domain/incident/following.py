"""Who follows incidents without their channels, and what of an incident they are told."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Self

from bot.domain.effects import Effect
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.merging import MergedInto
from bot.domain.incident.timeline import Entry, visible
from bot.domain.refusal import Refusal
from bot.domain.subject import Subject
from bot.domain.text import shortened

TOLD: Collection[str] = frozenset(
    it.kind()
    for it in (
        events.Declared,
        events.UpdatePosted,
        events.SeveritySet,
        events.PhaseChanged,
        events.Resolved,
        events.Cancelled,
        events.Reopened,
        MergedInto,
    )
)
"""The kinds of entries that followers are told of."""
EDITED = events.TimelineEdited.kind()
CORRECTED_WITHIN = timedelta(hours=1)
"""How long after the end a correction is told. Later ones are made for the postmortem."""
MOST_BY_MAIL = 100
"""The most addresses that follow one incident, service or severity."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._+'-]{0,62}[A-Za-z0-9_+-])?)"
    r"@(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})"
)
"""An address as people have it: no quotes, no list of several, and nothing by which a server passes it on."""


def mail_address(typed: str) -> str:
    """Return an e-mail address with its domain in small letters. Refuses what is none, or more than one."""
    found = _ADDRESS.fullmatch(typed) if len(typed) <= LONGEST_ADDRESS and ".." not in typed else None
    if found is None:
        raise Refusal(
            f"{shortened(typed)} is no e-mail address that Spy writes to. It looks like ceo@example.com.",
            slot="address",
        )
    return f"{found['name']}@{found['host'].lower()}"


def host_of(address: str) -> str:
    """Return the domain of an e-mail address."""
    return address[address.rfind("@") + 1 :]


def masked_address(address: str) -> str:
    """Return an address for logs and open pages: `c…@example.com`."""
    return f"{address[:1]}…@{host_of(address)}"


def incident_subject(number: int) -> Subject:
    return Subject("incident", str(number))


def service_subject(key: str) -> Subject:
    return Subject("service", key)


def severity_subject(key: str) -> Subject:
    return Subject("severity", key)


def subjects_of(incident: Incident) -> list[Subject]:
    """Return what somebody may follow to hear of this incident: itself, its services, its severity.

    A private incident and a drill are told only to those who follow the incident itself.
    """
    own = [incident.subject]
    if incident.private or incident.drill:
        return own
    severity = [severity_subject(incident.severity)] if incident.severity else []
    return [*own, *map(service_subject, incident.services), *severity]


@dataclass(frozen=True, kw_only=True)
class Following:
    """A person (Slack id) or an e-mail address that follows an incident, a service or a severity.

    Who follows a service or a severity follows each of its incidents. Each of these is a following of its own, so that
    one incident can be left alone.
    """

    number: int
    about: Subject
    person: str | None = None
    address: str | None = None
    by: str
    """Who asked for it (Slack id)."""
    since: datetime
    secret: str = ""
    """What the address of its *Unfollow* page ends with, in a mail."""
    through: int | None = None
    """The following of a service or a severity from which it came."""
    heard: int = 0
    """The timeline's last entry (`seq`) that was told; 0 before the first message."""
    first: int | None = None
    """The entry that the first mail ended with: the later ones refer to that mail."""
    stalled: bool = False
    """Whether the mail server refused its last mail for now. Others are told meanwhile."""
    doubtful: int | None = None
    """The last entry of a mail of which nobody knows whether it arrived."""
    came_from: int | None = None
    """The number of the incident that was merged into this one, until that is told."""
    moves: int = 0
    """How often it moved to another incident, by a merge or because one was taken out again."""
    besides: tuple[int, ...] = ()
    """For a service or a severity: incidents that are not followed."""

    @property
    def key(self) -> str:
        """Who follows what: nobody follows anything twice."""
        return key_of(self.about, self.reader)

    @property
    def reader(self) -> str:
        return self.person or self.address or ""

    @property
    def by_mail(self) -> bool:
        return self.address is not None

    @property
    def incident(self) -> int | None:
        return self.about.number if self.about.kind == "incident" else None

    @property
    def token(self) -> str:
        """The end of the address of its *Unfollow* page."""
        return f"{self.number}-{self.secret}"

    @property
    def mark(self) -> str:
        """What distinguishes its mails from those of others, of another incident, and of another Spy."""
        return f"{self.number}-{self.moves}.{sha256(self.secret.encode()).hexdigest()[:10]}"

    def told(self, upto: int) -> Self:
        """Return it after a message that told everything up to an entry."""
        return replace(
            self,
            heard=max(self.heard, upto),
            first=self.first or upto,
            stalled=False,
            doubtful=None,
            came_from=None,
        )

    def moved(self, to: Incident, *, heard: int, came_from: int | None = None) -> Self:
        """Return it as a following of another incident, which it hears of from an entry on."""
        return replace(
            self,
            about=to.subject,
            heard=heard,
            first=None,
            stalled=False,
            doubtful=None,
            came_from=came_from,
            moves=self.moves + 1,
        )

    def without(self, incident: int) -> Self:
        """Return it without an incident of its service or severity."""
        return replace(self, besides=(*self.besides, incident))


def key_of(about: Subject, reader: str) -> str:
    return f"{about}:{reader.casefold() if '@' in reader else reader}"


# --- what is told -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NewsLine:
    """An entry that a follower is told of. A corrected one was told before, with other words."""

    entry: Entry
    is_corrected: bool = False


def news(entries: Iterable[Entry], *, heard: int, upto: int, ended_at: datetime | None) -> list[NewsLine]:
    """Return what is new to who has heard everything up to an entry, oldest first.

    `entries` are those of the told kinds with the timeline's edits. `ended_at` is the end of the incident.
    """
    kept = list(entries)
    reworded = {it.data.get("into") for it in kept if it.kind == EDITED and it.data.get("what") == "edited"}
    return list(_news(kept, reworded, heard=heard, upto=upto, ended_at=ended_at))


def _news(
    entries: list[Entry],
    reworded: Collection[int | None],
    *,
    heard: int,
    upto: int,
    ended_at: datetime | None,
) -> Iterator[NewsLine]:
    for entry in visible(entries):
        if entry.kind not in TOLD or not heard < entry.seq <= upto:
            continue
        was_told = _first(entry, entries) <= heard
        is_late = ended_at is not None and entry.recorded_at > ended_at + CORRECTED_WITHIN
        if not was_told:
            yield NewsLine(entry=entry)
        elif entry.seq in reworded and not is_late:
            yield NewsLine(entry=entry, is_corrected=True)


def _first(entry: Entry, entries: list[Entry]) -> int:
    """Return the number of the line that an entry corrects, at last; its own if it corrects none."""
    by_number = {it.seq: it for it in entries}
    while entry.supersedes in by_number:
        entry = by_number[entry.supersedes]
    return entry.supersedes or entry.seq


# --- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TellFollowers(Effect):
    """Begin to tell all who follow an incident what is new. Each is told by an effect of their own, one after another.

    So two hundred of them never take the calls that pages and channels need.
    """

    incident: int
    label: ClassVar[str] = "The news for the followers of INC-{incident}"

    @property
    def lane(self) -> str:
        return f"followers:{self.incident}"

    @property
    def slot(self) -> str:
        return self.lane


@dataclass(frozen=True, kw_only=True)
class TellFollower(Effect):
    """Tell one follower by direct message what is new up to an entry of the timeline. Then the next one is told.

    While one waits, a second is not queued: after it the follower is told all that is new by then.
    """

    incident: int
    following: int
    upto: int
    label: ClassVar[str] = "The news of INC-{incident} for follower {following}"

    @property
    def lane(self) -> str:
        return f"follower:{self.following}"

    @property
    def slot(self) -> str:
        return self.lane


@dataclass(frozen=True, kw_only=True)
class MailFollower(TellFollower):
    """Tell one follower by e-mail."""

    label: ClassVar[str] = "The mail about INC-{incident} to follower {following}"


def tell(following: Following, incident: int, *, upto: int) -> TellFollower:
    """Return the effect that tells a follower everything up to an entry. It is the same while nothing is new."""
    kind = MailFollower if following.by_mail else TellFollower
    key = f"follow:{incident}:{following.number}.{following.moves}:{upto}"
    return kind(key=key, incident=incident, following=following.number, upto=upto)
