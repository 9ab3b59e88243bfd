"""What was told *not done*: it is refused when it comes again, here and elsewhere, and forgotten in time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.commands.request import Notice, Request, Response, Source
from bot.commands.timed import UNKNOWN, NotDone, TimedRouter
from bot.commands.told import MOST, STORED_AT_ONCE, ToldNotDone
from bot.domain.message import Message
from bot.ports import Conflict, Session, TimeLimit, Unavailable
from bot.testing import NOON, FrozenClock, MemoryDatabase

DONE = Response(message=Message(text="done"))


class Failing:
    """A router that fails with `fault`, and counts what it runs."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.ran: list[str] = []

    def answer(self, request: Request, _limit: TimeLimit) -> Response:
        self.ran.append(request.id)
        if self.fault:
            raise self.fault
        return DONE

    def notice(self, _notice: Notice, _limit: TimeLimit) -> None:
        raise self.fault or AssertionError("no notice is expected")


def request(number: str = "Ev1", *, is_unasked: bool = False) -> Request:
    return Request(id=number, text="tldr", user="U0ANA", source=Source.MENTION, is_unasked=is_unasked)


def refused(router: TimedRouter, asked: Request) -> str:
    with pytest.raises(NotDone) as told:
        router.answer(asked)
    return told.value.sentence


@pytest.mark.parametrize("fault", [Unavailable("away"), Conflict("again and again")], ids=repr)
def test_a_request_that_failed_is_not_run_again_and_reads_the_same(fault: Exception):
    plain = Failing(fault)
    router = TimedRouter(plain)

    first = refused(router, request())
    plain.fault = None
    again = refused(router, request())

    assert plain.ran == ["Ev1"]
    assert first == again
    assert "nothing was done" in first


def test_others_are_run():
    plain = Failing(Unavailable("away"))
    router = TimedRouter(plain)
    refused(router, request())
    plain.fault = None

    assert router.answer(request("Ev2")) == DONE


def test_what_may_be_committed_is_not_told_as_not_done():
    router = TimedRouter(Failing(Unavailable("the connection broke", may_be_done=True)))

    assert refused(router, request()) == UNKNOWN


def test_what_spy_itself_asked_for_is_tried_again():
    plain = Failing(Unavailable("away"))
    router = TimedRouter(plain)
    refused(router, request(is_unasked=True))
    plain.fault = None

    assert router.answer(request(is_unasked=True)) == DONE


class Away(MemoryDatabase):
    is_away = True

    @contextmanager
    def begin_background(self) -> Iterator[Session]:
        if self.is_away:
            raise Unavailable("away")
        with super().begin_background() as session:
            yield session


def test_it_is_stored_once_the_database_is_back_and_keeps_an_answer_that_was_committed():
    database, told = Away(), ToldNotDone()
    with database.begin() as session:
        session.inbound.remember("Ev0", at=NOON)
        session.inbound.answered("Ev0", "the answer")
    for number in range(STORED_AT_ONCE + 1):
        told.add(f"Ev{number}", "Nothing was done.")

    told.store(database, FrozenClock())
    database.is_away = False
    told.store(database, FrozenClock())

    with database.begin() as session:
        known = [session.inbound.remember(f"Ev{it}", at=NOON) for it in (0, 1, STORED_AT_ONCE)]
        assert known == ["the answer", "", ""]
        assert session.inbound.remember("another", at=NOON) is None


def test_the_oldest_are_forgotten():
    told = ToldNotDone()
    for number in range(MOST + 1):
        told.add(str(number), "Nothing was done.")

    assert told.sentence("0") is None
    assert told.sentence("1") == "Nothing was done."
