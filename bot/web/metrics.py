"""The metrics of /metrics, read from the bot on each request."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.domain.durations import Durations
from bot.ports import Unavailable


class OpenMetrics(Collector):
    """What everyone may see: whether the database answers, and requests that were not done, by reason."""

    def __init__(
        self,
        *,
        database_up: Callable[[], bool],
        answer_times: Durations,
        given_up: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._database_up = database_up
        self._answer_times = answer_times
        self._given_up = given_up

    def collect(self) -> Iterable[Metric]:
        yield _answers(self._answer_times)
        yield _requests(self._given_up())
        yield _database(is_up=self._database_up())

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: registering must not query the database."""
        return []


class Metrics(Collector):
    """`tally` counts effects by kind and outcome, `waiting` the outbox by state, `standing` blocked lanes by kind.

    `opened` counts the open incidents that are not private, `given_up` the requests that were not done in time, by
    reason. `answer_times` are those of requests, `delays` those of reminders. `lost` counts reminders that were
    given up, and `overdue` returns the seconds that the oldest due one has waited. `parts` returns what is wrong
    with each part, "" if nothing is; `notes` likewise what to know although all parts are ready. While the
    database is away, only metrics that do not need it are shown.
    """

    def __init__(
        self,
        *,
        tally: Callable[[], Mapping[tuple[str, str], int]],
        waiting: Callable[[], Mapping[str, int]],
        stuck: Callable[[], Mapping[str, int]],
        opened: Callable[[], int],
        overdue: Callable[[], float],
        answer_times: Durations,
        delays: Durations,
        lost: Callable[[], int],
        parts: Callable[[], Mapping[str, str]],
        notes: Callable[[], Mapping[str, str]] = dict,
        given_up: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._notes = notes
        self._tally = tally
        self._waiting = waiting
        self._stuck = stuck
        self._opened = opened
        self._overdue = overdue
        self._answer_times = answer_times
        self._delays = delays
        self._lost = lost
        self._parts = parts
        self._given_up = given_up

    def collect(self) -> Iterable[Metric]:
        effects = CounterMetricFamily(
            "spy_effects", "Effects that left by the outbox.", labels=("kind", "outcome")
        )
        for (kind, outcome), count in sorted(self._tally().items()):
            effects.add_metric((kind, outcome), count)
        yield effects
        yield _answers(self._answer_times)
        yield _requests(self._given_up())
        yield _histogram(
            "spy_reminder_delay_seconds", "Seconds from a reminder's due time to its delivery.", self._delays
        )
        yield CounterMetricFamily(
            "spy_reminders_lost", "Reminders that could not be delivered.", value=self._lost()
        )
        parts = GaugeMetricFamily(
            "spy_part_ready", "Whether a part is ready, as /readyz says.", labels=("part",)
        )
        for part, trouble in self._parts().items():
            parts.add_metric((part,), not trouble)
        yield parts
        notes = GaugeMetricFamily(
            "spy_note", "Whether /readyz has a note that somebody should read.", labels=("note",)
        )
        for note, words in self._notes().items():
            notes.add_metric((note,), bool(words))
        yield notes
        try:
            kept = list(self._kept())
        except Unavailable:
            kept = []
        yield _database(is_up=bool(kept))
        yield from kept

    def _kept(self) -> Iterable[Metric]:
        """Return the metrics that the database knows."""
        outbox = GaugeMetricFamily(
            "spy_outbox_waiting", "Effects in the outbox that are not done.", labels=("state",)
        )
        waiting = self._waiting()
        for state in ("held", "ready", "sending"):
            outbox.add_metric((state,), waiting.get(state, 0))
        yield outbox
        stuck = GaugeMetricFamily(
            "spy_outbox_lanes_standing", "Lanes that stand still for longer than the lease.", labels=("kind",)
        )
        for kind, count in sorted(self._stuck().items()):
            stuck.add_metric((kind,), count)
        yield stuck
        yield GaugeMetricFamily("spy_incidents_open", "Incidents that are open.", value=self._opened())
        yield GaugeMetricFamily(
            "spy_reminders_overdue_seconds",
            "How long the reminder waits that is due longest; 0 if none is due.",
            value=self._overdue(),
        )

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: registering must not query the database."""
        return []


def _answers(times: Durations) -> Metric:
    return _histogram("spy_request_seconds", "Seconds from a request's arrival to its answer.", times)


def _histogram(name: str, meaning: str, durations: Durations) -> Metric:
    counts, total = durations.read()
    limits = [*(f"{float(it)}" for it in durations.limits), "+Inf"]
    return HistogramMetricFamily(
        name, meaning, buckets=list(zip(limits, counts, strict=True)), sum_value=total
    )


def _requests(given_up: Mapping[str, int]) -> Metric:
    requests = CounterMetricFamily(
        "spy_requests_given_up", "Requests that were not done in time.", labels=("reason",)
    )
    for reason in ("late", "slow", "database"):
        requests.add_metric((reason,), given_up.get(reason, 0))
    return requests


def _database(*, is_up: bool) -> Metric:
    return GaugeMetricFamily("spy_database_up", "Whether the database answers.", value=is_up)


def registry(metrics: Collector) -> CollectorRegistry:
    """Return a registry for this bot with metrics of the process, so that two bots in one process share none."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    made.register(metrics)
    return made
