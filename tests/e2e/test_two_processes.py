"""Two bots on one PostgreSQL, a hundred commands, some of them delivered to both: each effect once."""

import itertools
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from bot.sandbox import Box
from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import signed
from tests.conftest import RunningBot
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

PEOPLE = itertools.cycle(("ana", "raj", "kim"))
FORM = {"content-type": "application/x-www-form-urlencoded"}
INCIDENTS = 10
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a person says; `marker` is in it once, and must be found once where it is heard."""

    person: str
    name: str = "/incident"
    words: str
    marker: str = ""
    sources: Sequence[BotProcess]


def test_a_hundred_commands_to_two_processes_each_happen_once(
    box: Box, postgresql_url: str, running_bot: RunningBot
):
    bots = (running_bot(box, postgresql_url), running_bot(box, postgresql_url))
    world = World(box=box, bot=bots[0])

    opening = [
        Command(person=next(PEOPLE), words=f'me "trouble {n}x" sev1', sources=sources(bots, n))
        for n in range(10)
    ]
    answers = said(box, opening)
    world.settle(30)
    commands = [command(bots, at, number=at % INCIDENTS + 1) for at in range(90)]
    answers += said(box, commands)
    world.settle(60)

    assert [answer for answer in answers if "fault" in answer] == []
    incidents_are_there_once(world)
    everything_is_heard_once(world, commands)


def sources(bots: Sequence[BotProcess], at: int) -> Sequence[BotProcess]:
    """Every third comes twice, to both processes; the others to one or the other."""
    return bots if at % 3 == 0 else bots[at % 2 :][:1]


def command(bots: Sequence[BotProcess], at: int, *, number: int) -> Command:
    """One of the ninety: each kind to each incident in turn."""
    marker, kind = f"word{at}x", at // INCIDENTS % 5
    words = (
        f'{number} note "{marker}"',
        f'{number} tell :payments "{marker}"',
        f'{number} update "{marker}"',
        f'{number} cause "{marker}"',
        f':payments "{marker}"',
    )[kind]
    name = "/page" if words.startswith(":") else "/incident"
    return Command(person=next(PEOPLE), name=name, words=words, marker=marker, sources=sources(bots, at))


def said(box: Box, commands: Sequence[Command]) -> list[str]:
    """Say them eight at a time; every answer."""
    with ThreadPoolExecutor(8) as people, httpx.Client(timeout=10) as client:
        heard = people.map(lambda it: say(box, it, client), commands)
        return [answer for answers in heard for answer in answers]


def say(box: Box, command: Command, client: httpx.Client) -> list[str]:
    """Say a command; said again, as the answer asks, where the machine was too slow and nothing was done."""
    for _ in range(TRIES - 1):
        answers = deliver(box, command, client)
        if not all("nothing was done" in it for it in answers):
            return answers
    return deliver(box, command, client)


def deliver(box: Box, command: Command, client: httpx.Client) -> list[str]:
    """Deliver one command, the same bytes to each of its ways, at the same moment."""
    slack = box.slack
    person, channel = slack.person(command.person), slack.channel("general")
    payload = payloads.slash_command(
        person,
        channel,
        command.name,
        command.words,
        response_url=f"{box.url}/response/nowhere",
        trigger_id=slack.triggers.trigger(person.id),
    )
    body = urlencode(payload).encode()
    with ThreadPoolExecutor(2) as both:
        return list(both.map(lambda bot: post(bot, body, client), command.sources))


def post(bot: BotProcess, body: bytes, client: httpx.Client) -> str:
    answer = client.post(f"{bot.url}/slack/events", content=body, headers=FORM | signed(body))
    assert answer.status_code == 200, answer
    return answer.text


# --- what must be there -----------------------------------------------------------------------------------


def incidents_are_there_once(world: World) -> None:
    """Each incident has its channel, its announcement, its bookmark and its page; and there is no other."""
    channels = [channel for channel in world.box.slack.channels if channel.name.startswith("inc-")]
    topics = Counter(channel.name.partition("-trouble-")[2] for channel in channels)
    assert topics == {f"{n}x": 1 for n in range(INCIDENTS)}
    assert all(len(channel.bookmarks) == 1 for channel in channels)
    assert all(world.pages(f"trouble {n}x") == 1 for n in range(INCIDENTS))
    marks = world.marks("incidents")
    assert [marks[f"announcement:{number}"] for number in range(1, INCIDENTS + 1)] == [1] * INCIDENTS


def everything_is_heard_once(world: World, commands: Sequence[Command]) -> None:
    """Nothing stands twice anywhere, and every word is where it belongs."""
    slack = world.box.slack
    marks = [world.marks(channel.id) for channel in slack.channels]
    assert [mark for counted in marks for mark, times in counted.items() if times > 1] == []
    lines = [message.text for channel in slack.channels for message in channel.messages.values()]
    for it in commands:
        if it.name == "/page":
            assert world.pages(it.marker) == 1
        elif "tell" in it.words:
            assert sum(it.marker in text for text in world.texts("payments")) == 1
        elif "note" in it.words:
            assert sum(it.marker in line for line in lines) == 1
        else:
            assert any(it.marker in line for line in lines)
