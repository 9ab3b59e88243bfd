"""Threads for requests: side by side up to a number, and one that hangs costs nobody else its place."""

from functools import partial
from threading import Barrier, Event, Semaphore, get_ident

import pytest

from bot.commands.threads import RequestThreads


def test_requests_are_worked_on_side_by_side_up_to_a_number():
    threads, two, more = RequestThreads(2), Barrier(3, timeout=10), Event()

    together = [threads.submit(two.wait) for _ in range(2)]
    third = threads.submit(more.set)
    waited = more.is_set()
    two.wait()

    assert not waited
    assert third.result(10) is None
    assert all(it.result(10) in range(3) for it in together)


def test_a_thread_takes_one_request_after_the_other():
    threads = RequestThreads(1)

    assert [threads.submit(lambda n=n: n).result(10) for n in range(20)] == list(range(20))


def test_another_takes_the_place_of_one_that_hangs():
    threads, hung = RequestThreads(1), Event()
    hanging = threads.submit(lambda: hung.wait(10))
    waiting = threads.submit(lambda: "here")

    threads.leave(hanging)

    assert waiting.result(10) == "here"
    hung.set()
    assert hanging.result(10)
    assert threads.submit(lambda: "still here").result(10) == "still here"


def test_one_that_was_left_when_it_had_ended_keeps_its_place():
    threads = RequestThreads(1)
    ended = threads.submit(lambda: 1)
    ended.result(10)

    threads.leave(ended)

    assert threads.submit(lambda: 2).result(10) == 2


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_what_would_end_the_program_is_a_fault(error: BaseException):
    def task() -> None:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__):
        RequestThreads(1).submit(task).result(10)


def test_a_request_that_nobody_waits_for_any_more_is_not_begun():
    threads, hung, begun = RequestThreads(1), Event(), Event()
    hanging = threads.submit(lambda: hung.wait(10))
    waiting = threads.submit(begun.set)

    assert waiting.cancel()
    hung.set()
    hanging.result(10)
    threads.submit(int).result(10)
    assert not begun.is_set()


def test_threads_are_used_again_and_there_are_never_many_more_than_tasks_at_once():
    threads, used = RequestThreads(64), set[int]()

    for _ in range(1_000):
        asked = [threads.submit(lambda: used.add(get_ident())) for _ in range(3)]
        for future in asked:
            future.result(10)

    assert len(used) < 10


def test_they_are_full_once_as_many_as_they_are_have_waited_for_a_while():
    threads, hung = RequestThreads(1), Event()
    fullness = [threads.is_full(after=0)]
    tasks = [threads.submit(lambda: hung.wait(10)) for _ in range(3)]

    fullness += [threads.is_full(after=60), threads.is_full(after=0)]
    hung.set()
    [it.result(10) for it in tasks]

    assert [*fullness, threads.is_full(after=0)] == [False, False, True, False]


def test_in_a_rush_half_of_them_work():
    threads, first, then = RequestThreads(4), Event(), Event()
    begun = Semaphore(0)

    def task(until: Event) -> bool:
        begun.release()
        return until.wait(10)

    working = [threads.submit(partial(task, first)) for _ in range(4)]
    waiting = [threads.submit(partial(task, then)) for _ in range(4)]
    assert all(begun.acquire(timeout=10) for _ in range(4))

    assert threads.is_full(after=0)
    first.set()
    assert all(it.result(10) for it in working)

    assert all(begun.acquire(timeout=10) for _ in range(2))
    assert sum(it.running() for it in waiting) == 2
    assert threads.is_full(after=60)
    then.set()
    assert all(it.result(10) for it in waiting)
