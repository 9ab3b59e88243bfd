"""Whatever is said, wherever: nothing of a private incident is read by people who are not in it."""

import pytest

from bot.commands.request import Left, Source
from bot.domain.effects import Notify, PostEvent, UpsertMessage
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.properties.private_world import (
    GENERAL,
    MEMBERS,
    OTHERS,
    OWN,
    PLANTED,
    PUBLIC,
    STRANGER,
    Audience,
    Place,
    ask,
    begin,
)
from tests.support.outbox import deliver

WORLD: list[SpyKit] = []
SOURCES = (Source.SLASH, Source.PLAIN, Source.BUTTON)
IN_CHANNELS = [Place(source, channel) for source in SOURCES for channel in (GENERAL, OTHERS, PUBLIC)]
IN_THREADS = [Place(it, GENERAL, thread="1.1") for it in (Source.MENTION, Source.PLAIN, Source.BUTTON)]
BY_MENTION = [Place(Source.MENTION, channel) for channel in (GENERAL, OWN)]
AMONG_MEMBERS = [Place(source, OWN) for source in SOURCES]
IN_DM = [Place(source, "D0ANA") for source in (Source.DM, Source.SLASH, Source.BUTTON)]
AFTER_LEAVING = [Place(Source.SLASH, GENERAL), Place(Source.BUTTON, GENERAL), Place(Source.FORM, OWN)]
NAMED = {
    "pager ack page": "pager ack 1",
    "pager resolve page": "pager resolve 1",
    "why page page": "why page 1",
    'failover "what"': "failover move {}-again",
    'failover rehearse "what"': "failover rehearse move {}-again",
    'runbook name "values"': "runbook restart-db service=checkout region=east",
    'failover answer 1 1 "answer"': "failover answer 1 1 leave",
    'failover trail 1 "step"': "failover trail 1",
    'failover output 1 "step"': "failover output 1",
    'incident why "reminder"': "incident why",
    'change "text" on checkout at 10:05': 'change "{}" on checkout',
    'lock checkout "why"': 'lock payments "{}"',
    "unlock checkout anyway": "unlock search anyway",
    "locks page 1": "locks",
    'ask everyone "words"': "ask admin incident 1 stop {}",
    'incident list open :imoc sev1 since yesterday yesterday "words" page 1': "incident list all",
}
"""Examples whose words name nothing here, with words that do. The planted word fills in what a person types."""


def world() -> SpyKit:
    if not WORLD:
        WORLD.append(begin())
    return WORLD[0].restarted()


def commands() -> list[str]:
    """Return every command as its declaration's example shows it: as it is, and about the private incident."""
    said: list[str] = []
    for command in world().registry.commands:
        example = NAMED.get(command.example, command.example)
        said.append(example.format("harmless"))
        if command.wants_incident:
            said.append(f"inc-1 {example.removeprefix('incident ').format(PLANTED)}")
    return list(dict.fromkeys(said))


COMMANDS = commands()


def said_at(place: Place) -> list[str]:
    """Return the commands that are tried at a place.

    In the channels each is tried once from every source and once in every channel, a third of them at each place.
    """
    if place not in IN_CHANNELS:
        return COMMANDS
    source, channel = divmod(IN_CHANNELS.index(place), len(SOURCES))
    return COMMANDS[(source + channel) % len(SOURCES) :: len(SOURCES)]


@pytest.mark.parametrize("place", [*IN_CHANNELS, *IN_THREADS, *BY_MENTION, *AMONG_MEMBERS, *IN_DM], ids=str)
def test_nothing_that_a_member_says_shows_a_private_incident_to_others(place: Place):
    heard_outside = {}
    for words in said_at(place):
        heard = ask(world(), words, by="U0ANA", place=place)
        if found := [it for it in heard if PLANTED in it]:
            heard_outside[words] = found

    assert not heard_outside


@pytest.mark.parametrize("place", IN_CHANNELS, ids=str)
def test_nothing_that_others_say_shows_them_a_private_incident_or_changes_it(place: Place):
    assert not learned_or_changed(world(), Audience(), by=STRANGER, place=place)


@pytest.mark.parametrize("person", sorted(MEMBERS))
@pytest.mark.parametrize("place", AFTER_LEAVING, ids=str)
def test_nothing_that_a_removed_person_says_shows_them_a_private_incident_or_changes_it(
    place: Place, person: str
):
    spy = world()
    spy.notice(Left(id="EvLeft", channel=OWN, person=person))

    assert not learned_or_changed(spy, Audience(members=MEMBERS - {person}), by=person, place=place)


@pytest.mark.parametrize("person", sorted(MEMBERS))
def test_nothing_of_it_reaches_a_removed_person_or_others_as_time_passes(person: str):
    spy, chat = world(), FakeChat()
    spy.notice(Left(id="EvLeft", channel=OWN, person=person))
    spy.pass_time(minutes=70)

    handlers = Handlers(Clients(templates=spy.templates, chat=chat))
    for effect in (it for it in spy.effects if isinstance(it, UpsertMessage | PostEvent | Notify)):
        deliver(spy, handlers, effect)

    inside = Audience(members=MEMBERS - {person}).inside
    assert [it for it in chat.posts if PLANTED in str(it.message) and it.to not in inside] == []
    assert [it for it in chat.posts if PLANTED in str(it.message)]


def test_its_members_read_it_in_its_own_channel():
    answer = world().say("incident tldr", by="U0RAJ", channel=OWN).message

    assert answer
    assert PLANTED in answer.text


def learned_or_changed(spy: SpyKit, audience: Audience, *, by: str, place: Place) -> dict[str, object]:
    """Return the commands by which a person outside a private incident learns of it or changes it."""
    spy.deliver()
    before, found = spy.incident(1).entries, dict[str, object]()
    for words in (it.replace(PLANTED, "harmless") for it in said_at(place)):
        asked = spy.restarted()
        heard = ask(asked, words, by=by, place=place, audience=audience)
        if heard_outside := [it for it in heard if PLANTED in it]:
            found[words] = heard_outside
        elif asked.incident(1).entries != before:
            found[words] = asked.timeline(1)[before:]
    return found
