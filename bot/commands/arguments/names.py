"""Teams, people and services."""

from dataclasses import replace
from typing import NewType

from bot.commands.arguments.reader import Reader
from bot.domain.markup import MENTION, as_seen, peeled
from bot.domain.moment import looks_timely
from bot.domain.policy import Team
from bot.domain.refusal import Choice, Refusal
from bot.domain.service import is_service_name
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened
from bot.services.changes.changes import named
from bot.services.people import People
from bot.services.transaction import Transaction

Someone = NewType("Someone", str)
"""A person's Slack id."""

ServiceName = NewType("ServiceName", str)
"""A service's name, `checkout` or `:checkout`. Any name is accepted where no `services:` are configured."""

LockedService = NewType("LockedService", str)
"""The name of a service that may be locked. A lock of a name that is not listed can be named too."""

_PARTICLES = frozenset(
    {"again", "call", "demand", "hold", "it", "off", "on", "purpose", "the", "there", "this", "time"}
)
"""Words that follow `on` and are not a service."""


def _team_looks(word: str, tx: Transaction) -> bool:
    return (word.startswith(":") and not word.endswith(":")) or word.strip(":").casefold() in tx.policy.teams


def _team(word: str, tx: Transaction, asker: str) -> Team:
    del asker
    bare = word.strip(":").casefold()
    if bare in tx.policy.teams:
        return tx.policy.teams[bare]
    if len(word) > 1 and word.startswith(":") and word.endswith(":"):
        raise Refusal(
            f"{shortened(word)} is an emoji, not a team. A team is written with one colon: {shortened(word[:-1])}."
        )
    if MENTION.fullmatch(word):
        raise Refusal(
            f'{word} is a person, but this needs a team, such as :imoc. To reach them: `page {word} "…"`.'
        )
    _must_not_be_marked(word, tx)
    if person := tx.session.people.named(bare):
        raise Refusal(f"There is no team :{bare}. {person.name} is a person: write @{bare}.", slot="team")
    return tx.policy.team(word)


def _must_not_be_marked(word: str, tx: Transaction) -> None:
    """Refuse what Slack marks as neither a team nor a person, and name what it is."""
    seen = shortened(as_seen(word))
    if word.startswith(("<#", "#")):
        meant = nearest(seen.removeprefix("#").casefold(), tx.policy.teams)
        raise Refusal(
            f"{seen} is a channel. A team is written with a colon, such as :imoc, and a person @raj."
            + did_you_mean(meant and f":{meant}"),
            slot="team",
            choices=(Choice(label=f":{meant}", say=f":{meant}"),) if meant else (),
        )
    if word.startswith("<!"):
        raise Refusal(f"{seen} is a group of people. Name a team such as :imoc, or one person such as @raj.")
    if "@" in seen[1:]:
        raise Refusal(f"{seen} is an e-mail address. Type @ and choose the person from Slack's list.")


def _person_looks(word: str, tx: Transaction) -> bool:
    del tx
    return word.startswith(("@", "<!subteam")) or bool(MENTION.fullmatch(word))


def _person_resembles(word: str, tx: Transaction) -> bool:
    """Return whether a person's name is attached to a word: `age@raj`."""
    before, at, name = word.rpartition("@")
    return bool(before and at and name and tx.session.people.named(name))


def _person(word: str, tx: Transaction, asker: str) -> Someone:
    if found := MENTION.fullmatch(word):
        return Someone(found["id"])
    if word.casefold() in {"me", "@me"}:
        return Someone(asker)
    if _person_resembles(word, tx):
        before, _, name = word.rpartition("@")
        raise Refusal(
            f"Is @{name} meant?", slot="person", choices=(Choice(label=f"{before} @{name}", say=name),)
        )
    _must_not_be_marked(word, tx)
    return Someone(People(tx).named(word))


def _service_looks(word: str, tx: Transaction) -> bool:
    del tx
    return is_service_name(word) and word.casefold() not in _PARTICLES and not looks_timely(word)


def _service(word: str, tx: Transaction, asker: str) -> ServiceName:
    del asker
    name = named(word)
    return ServiceName(tx.policy.service(word).key if tx.policy.services else name)


def _locked_service(word: str, tx: Transaction, asker: str) -> LockedService:
    try:
        return LockedService(_service(word, tx, asker))
    except Refusal:
        if lock := tx.session.locks.of(named(word)):
            return LockedService(lock.service)
        raise


def _team_or_word(word: str, tx: Transaction, asker: str) -> Team:
    bare = word.casefold()
    if bare.isalpha() and bare not in tx.policy.teams and not nearest(bare, tx.policy.teams):
        raise Refusal(
            f"{shortened(word)} is no team and no command. A team is written `oncall :imoc`; "
            "`help oncall` lists the commands.",
            choices=(Choice(label="Commands", say="help oncall"),),
        )
    return _team(word, tx, asker)


TEAM_OR_WORD = Reader(looks=_team_looks, read=_team_or_word, example=":imoc", sees=peeled)
"""A team where a word without a colon is more likely a command that does not exist: `oncall rest`."""
TEAM = Reader(looks=_team_looks, read=_team, example=":imoc", sees=peeled)
PERSON = Reader(looks=_person_looks, read=_person, example="@raj", resembles=_person_resembles, sees=peeled)
SERVICE = Reader(looks=_service_looks, read=_service, example="checkout")
LOCKED_SERVICE = replace(SERVICE, read=_locked_service)
