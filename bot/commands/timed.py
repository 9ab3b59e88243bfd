"""Answer before Slack stops waiting, or do nothing: a request that is too late is never done later."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, Protocol, TypeVar

import structlog

from bot.commands.request import Notice, Request, Response
from bot.commands.threads import RequestThreads
from bot.commands.told import ToldNotDone
from bot.domain.durations import Durations
from bot.domain.plugin import PluginVersion
from bot.domain.refusal import Refusal
from bot.ports import Conflict, Late, OutOfTime, TimeLimit, Unavailable

ANSWER_WITHIN = 2.5
"""Seconds from a request's arrival to its answer. Slack waits 3."""
BEGIN_WITHIN = 2.0
"""Seconds after which a request is no longer started: its answer would be late."""
FULL_AFTER = 0.5
"""If many requests have waited without a pause for so many seconds, more come than can be done. Then a new one is
refused at once: else all would be answered late. A crowd that comes at once is not refused."""
SAVE_WITHIN = 0.4
"""Seconds to wait beyond the limit for a commit under way."""
SIDE_BY_SIDE = 8
"""Requests that run at once, not counting those that hang.

Of fifty at once on two cores and PostgreSQL, the median answer came after 130 ms with 8, after 260 ms with 32: threads
that wait for the interpreter take turns after each statement. More than a few only help where the database is slow.
"""
ANSWER_TIMES = (0.05, 0.1, 0.25, 0.5, 1, 2, 3)
"""Seconds by which answers are counted. The last is what Slack waits."""
HANGING = 3
"""How many requests of one command may hang. Then the command is refused until one of them ends."""

REPORTED_AGAIN = 1.0
"""Seconds until a plugin that hangs is reported again, if the database could not take it."""

LATE = "Spy has too much to do just now and did not begin this, so nothing was done. Please say it again."
DATABASE = "The database did not answer in time, so nothing was done. Please say it again in a minute."
NO_DATABASE = "The database can't be reached, so nothing was done. Please say it again in a minute."
SLOW = "`{doing}` took longer than Slack waits, so Spy gave it up and nothing was done."
UNKNOWN = "The database is slow: this may be done in a moment, or not. Please look before you say it again."

log = structlog.get_logger()
T = TypeVar("T")


class NotDone(Refusal):
    """Nothing was saved, unless the sentence says that it may be, and nothing will be: whoever asked reads so."""


class Limited(Protocol):
    """A router that keeps to a time limit."""

    def answer(self, request: Request, limit: TimeLimit) -> Response: ...
    def notice(self, notice: Notice, limit: TimeLimit) -> None: ...
    def overran(self, plugin: PluginVersion, doing: str, *, running: int) -> None: ...
    @property
    def longest_plugin_command(self) -> float: ...


class TimedRouter:
    """A router with a time limit, for Slack's adapter. Raises NotDone if the time or the database fails a request.

    A request that ended so is never done later: not if Slack delivers it again, and by no other process.
    """

    def __init__(
        self, router: Limited, *, limits: type[TimeLimit] = TimeLimit, full_after: float = FULL_AFTER
    ) -> None:
        self.told = ToldNotDone()
        self.tally: Counter[str] = Counter()
        """How many requests were given up, by reason: late, slow, database."""
        self.answer_times = Durations(*ANSWER_TIMES)
        """Seconds from the arrival of a request to its answer."""
        self._router = router
        self._limits = limits
        self._full_after = full_after
        self._threads = RequestThreads(SIDE_BY_SIDE)
        self.hanging: Counter[str] = Counter()
        """How many of each command were given up and have not ended yet."""
        self._counting = Lock()

    def answer(self, request: Request) -> Response:
        if told := self.told.sentence(request.id):
            raise NotDone(told)
        try:
            response = self._in_time(request, lambda limit: self._router.answer(request, limit))
        except NotDone as error:
            self._remember(request, error.sentence)
            raise
        except (Unavailable, Conflict) as error:
            may_be_done = isinstance(error, Unavailable) and error.may_be_done
            log.warning("not done", source=str(request.source), request=request.id, why=str(error))
            self.tally["database"] += 1
            self._remember(request, sentence := UNKNOWN if may_be_done else NO_DATABASE)
            raise NotDone(sentence) from error
        self.answer_times.add(time.monotonic() - request.arrived_at)
        return response

    def _remember(self, request: Request, sentence: str) -> None:
        """Remember what a person read. What Spy itself asked for is tried again by the outbox."""
        if not request.is_unasked:
            self.told.add(request.id, sentence)

    def notice(self, notice: Notice) -> None:
        self._in_time(notice, lambda limit: self._router.notice(notice, limit))

    def _in_time(self, request: Request | Notice, task: Callable[[TimeLimit], T]) -> T:
        limit = self._limits(
            request.arrived_at + ANSWER_WITHIN,
            begin_by=request.arrived_at + BEGIN_WITHIN,
            admit=lambda doing: self.hanging[doing] < HANGING,
        )
        if self._is_full(request):
            raise self._given_up(request, limit, is_late=True)
        future = self._threads.submit(lambda: task(limit) if time.monotonic() < limit.begin_by else _late())
        try:
            return self._awaited(future, limit)
        except OutOfTime as error:
            raise self._given_up(request, limit, is_late=isinstance(error, Late)) from None

    def _is_full(self, request: Request | Notice) -> bool:
        """Return whether more comes than can be done. A notice waits all the same: Slack brings it again but thrice."""
        return isinstance(request, Request) and self._threads.is_full(after=self._full_after)

    def _awaited(self, future: Future[T], limit: TimeLimit) -> T:
        try:
            return future.result(limit.left())
        except TimeoutError:
            if future.done():
                return future.result()
        if future.cancel():
            raise Late
        if limit.give_up():
            self._let_hang(future, limit)
            raise OutOfTime
        try:
            return future.result(SAVE_WITHIN)
        except TimeoutError:
            log.warning("the database takes long to commit", doing=limit.doing or None)
            raise NotDone(UNKNOWN) from None

    def _let_hang(self, future: Future[T], limit: TimeLimit) -> None:
        doing, plugin = limit.doing, limit.plugin
        self._count(doing, 1)
        future.add_done_callback(lambda _: self._count(doing, -1))
        self._threads.leave(future)
        Thread(
            target=self._watch, args=(future, limit, plugin, doing), name="letting-go", daemon=True
        ).start()

    def _watch(self, future: Future[Any], limit: TimeLimit, plugin: PluginVersion | None, doing: str) -> None:
        """Release what a request holds. If the code of a team's plugin runs over its time, report the plugin."""
        limit.let_go()
        if plugin is None:
            return
        left = max(self._router.longest_plugin_command - ANSWER_WITHIN, 0.0)
        while not _ends_within(future, left) and not self._reported(plugin, doing):
            left = REPORTED_AGAIN

    def _reported(self, plugin: PluginVersion, doing: str) -> bool:
        """Report a plugin that runs over its time. Return whether that is stored."""
        log.warning("a plugin's command runs over its time", doing=doing, plugin=plugin.name)
        try:
            self._router.overran(plugin, doing, running=self.hanging[doing])
        except (Conflict, Unavailable):
            return False
        return True

    def _count(self, doing: str, by: int) -> None:
        with self._counting:
            self.hanging[doing] += by if doing else 0

    def _given_up(self, request: Request | Notice, limit: TimeLimit, *, is_late: bool) -> NotDone:
        reason = "late" if is_late else "slow" if limit.doing else "database"
        sentence = {"late": LATE, "slow": SLOW.format(doing=limit.doing), "database": DATABASE}[reason]
        self.tally[reason] += 1
        log.warning("not done in time", reason=reason, doing=limit.doing or None, request=request.id)
        return NotDone(sentence)


def _late() -> T:  # type: ignore[type-var]  # it never returns
    raise Late


def _ends_within(future: Future[Any], seconds: float) -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    return True
