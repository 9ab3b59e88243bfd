"""A request is answered in time or not done at all, and one that hangs holds up nobody else."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from threading import Event, Semaphore
from types import ModuleType

import pytest

from bot.adapters.database import Database, open_engine
from bot.commands.command import command, when
from bot.commands.plugin_loading import PluginOrigin
from bot.commands.plugins import CommandRegistry, Plugin, registry
from bot.commands.reply import Reply
from bot.commands.request import Joined, Request, Source
from bot.commands.router import Router
from bot.commands.timed import ANSWER_WITHIN, HANGING, SIDE_BY_SIDE, NotDone, TimedRouter
from bot.domain.limits import LimitSettings
from bot.ports import Person, Sessions, TimeLimit
from bot.services.transaction import Transaction
from bot.testing import NOON, POLICY, FrozenClock, PlainTemplates, confirm
from tests.support.postgres import driven

LONG = 60.0
"""Seconds for what comes at once, on however slow a machine."""


class Hanging:
    """A command and a listener that hang until they are let go, and commands that don't."""

    def __init__(self) -> None:
        self.began, self.let_go = Semaphore(0), Event()

        @command("hang <name>")
        def hang(name: str, *, tx: Transaction) -> Reply:
            """Hang."""
            tx.session.people.put(Person(id=name, name=name))
            self._hang()
            return Reply("hung", {})

        @command("session")
        def session(*, tx: Transaction) -> Reply:
            """Work."""
            tx.session.people.put(Person(id="U0WORK", name="session"))
            return Reply("worked", {})

        @command("leave")
        def leave() -> Reply:
            """End the program."""
            raise SystemExit(3)

        @when(Joined)
        def listen(notice: Joined, *, tx: Transaction) -> None:
            tx.session.people.put(Person(id=notice.person, name="x"))
            self._hang()

        self.module = ModuleType("hanging")
        vars(self.module).update(hang=hang, session=session, leave=leave, listen=listen)

    def _hang(self) -> None:
        self.began.release()
        self.let_go.wait(LONG)


class IncidentChannels:
    """The bot's answering side on a database. A hurried request's time is over as soon as it hangs."""

    def __init__(self, sessions: Sessions, *, longest: timedelta = timedelta(seconds=LONG)) -> None:
        confirm(sessions, "U0ANA", at=NOON)
        self.sessions, self.plugin, self.is_hurried = sessions, Hanging(), False
        self.woken = Semaphore(0)
        router = Router(
            _as_a_teams_own(self.plugin.module),
            sessions=sessions,
            clock=FrozenClock(),
            policy=replace(POLICY, limits=LimitSettings(plugin_command=longest)),
            templates=PlainTemplates(),
            wake=self.woken.release,
        )
        channels = self

        class UntilItHangs(TimeLimit):
            def left(self) -> float:
                return 0.0 if channels.is_hurried and channels.plugin.began.acquire(timeout=LONG) else LONG

        self.router = TimedRouter(router, limits=UntilItHangs, full_after=0)

    def given_up(self, request: Request | Joined) -> str:
        self.is_hurried = True
        with pytest.raises(NotDone) as refused:
            self.router.answer(request) if isinstance(request, Request) else self.router.notice(request)
        self.is_hurried = False
        return refused.value.sentence

    def say(self, text: str, **more: float) -> str:
        answer = self.router.answer(request(text, **more))
        assert answer.message
        return answer.message.text

    def knows(self, person: str) -> bool:
        with self.sessions.read() as session:
            return session.people.get(person) is not None


def _as_a_teams_own(module: ModuleType) -> CommandRegistry:
    known = registry(module)
    origin = PluginOrigin(name="ours/hanging", source="ours/hanging.py", version="1", load=lambda: module)
    plugin = Plugin(origin=origin, commands=known.commands, listeners=known.listeners, samples=())
    return replace(known, plugins=(plugin,))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    engine = open_engine(driven(database_url))
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def channels(database: Database) -> Iterator[IncidentChannels]:
    channels = IncidentChannels(database)
    yield channels
    channels.plugin.let_go.set()


def request(text: str, *, ago: float = -LONG) -> Request:
    now = time.monotonic()
    return Request(id=f"{text}-{now}", text=text, user="U0ANA", source=Source.SLASH, arrived_at=now - ago)


def joined(number: int) -> Joined:
    return Joined(id=f"Ev{number}", channel="C1", person="U0KIM", arrived_at=time.monotonic() + LONG)


def test_a_command_that_hangs_is_given_up_and_nothing_of_it_is_kept_when_it_ends(channels: IncidentChannels):
    said = channels.given_up(request("hang U0ONE"))
    channels.plugin.let_go.set()
    channels.say("session")

    assert said == "`hang` took longer than Slack waits, so Spy gave it up and nothing was done."
    assert channels.knows("U0WORK")
    assert not channels.knows("U0ONE")
    assert channels.router.tally == {"slow": 1}


def test_while_some_hang_all_others_are_answered(channels: IncidentChannels):
    for person in ("U0ONE", "U0TWO"):
        channels.given_up(request(f"hang {person}"))

    assert {channels.say("session") for _ in range(5)} == {"worked ()"}


def test_a_command_of_which_several_hang_is_refused_at_once_until_one_has_ended(channels: IncidentChannels):
    for number in range(HANGING):
        channels.given_up(request(f"hang U0N{number}"))

    assert channels.say("hang U0MORE").startswith("help/refusal (sentence, choices): ")
    assert channels.say("session") == "worked ()"
    channels.plugin.let_go.set()
    assert "hung ()" in (channels.say("hang U0MORE") for _ in range(10_000))


@pytest.mark.parametrize("asked", [lambda: request("hang U0ONE"), lambda: joined(1)])
def test_a_plugin_whose_code_runs_over_its_time_is_put_in_quarantine(
    database: Database, asked: Callable[[], Request | Joined]
):
    channels = IncidentChannels(database, longest=timedelta())
    channels.given_up(asked())
    assert channels.woken.acquire(timeout=LONG), "the quarantine is stored"

    said = channels.say("session")
    channels.plugin.let_go.set()

    assert "The plugin hanging is in quarantine since 12:00 UTC: " in said
    assert (
        "ran for more than 0 s. A call can't be ended from outside: 1 still runs. Nothing was done." in said
    )


def test_a_listener_that_hangs_is_given_up_too_and_at_last_passed_over(channels: IncidentChannels):
    for number in range(HANGING):
        channels.given_up(joined(number))

    channels.router.notice(joined(HANGING))

    assert not channels.knows("U0KIM")


def test_when_more_comes_than_can_be_done_the_last_are_refused_soon_and_the_others_done(
    channels: IncidentChannels,
):
    with ThreadPoolExecutor(6 * SIDE_BY_SIDE) as people:
        asked = [people.submit(channels.say, f"hang U0{at}") for at in range(6 * SIDE_BY_SIDE)]
        refused, _ = wait(asked, timeout=LONG, return_when=FIRST_EXCEPTION)
        channels.plugin.let_go.set()

    ends = [it.exception() for it in asked]
    assert "did not begin this" in str(refused.pop().exception())
    assert ends.count(None) >= 2 * SIDE_BY_SIDE
    assert channels.router.tally == {"late": len(asked) - ends.count(None)}


def test_a_command_that_would_end_the_program_is_a_fault(channels: IncidentChannels):
    with pytest.raises(RuntimeError, match="leave would end the program"):
        channels.say("leave")

    assert channels.say("session") == "worked ()"


@pytest.mark.parametrize("ago", [ANSWER_WITHIN, 60])
def test_what_has_waited_longer_than_slack_waits_is_not_begun(channels: IncidentChannels, ago: float):
    with pytest.raises(NotDone, match="did not begin this"):
        channels.say("hang U0LATE", ago=ago)

    assert not channels.plugin.began.acquire(blocking=False)
    assert channels.router.tally == {"late": 1}
