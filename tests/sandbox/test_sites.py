"""The two sites, the switch between them, and the traffic."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
import yaml

from bot.sandbox import Box

THREADS = 8


class SwitchClient:
    """Turns the switch, and sends requests through it."""

    def __init__(self, box: Box) -> None:
        self._url = box.sites.url
        self._http = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=5)

    def call(self, verb: str, path: str, **body: Any) -> tuple[int, Any]:
        answer = self._http.request(verb, self._url + path, json=body or None)
        return answer.status, json.loads(answer.data)

    def turn(self, to: str, percent: int) -> None:
        assert self.call("PUT", "/switch", to=to, percent=percent)[0] == 200

    def sent(self, number: int = 1) -> Counter[str | int]:
        """Count the answers by site, and the failures by HTTP status."""
        answers = [self.call("GET", "/") for _ in range(number)]
        return Counter(body["site"] if status == 200 else status for status, body in answers)

    def close(self) -> None:
        self._http.clear()


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(sites=True) as box:
        yield box


@pytest.fixture
def busy(box: Box) -> Iterator[SwitchClient]:
    """A client beside the box's own traffic."""
    client = SwitchClient(box)
    yield client
    client.close()


@pytest.fixture
def client(box: Box, busy: SwitchClient) -> SwitchClient:
    """A client without other traffic."""
    box.sites.traffic.close()
    return busy


def test_east_has_all_traffic_at_first(client: SwitchClient):
    assert client.sent(20) == {"east": 20}
    assert client.call("GET", "/switch")[1] == {"to": "east", "percent": 100, "answered": 20, "errors": 0}


@pytest.mark.parametrize(("percent", "over"), [(0, 0), (5, 2), (30, 12), (50, 20), (100, 40)])
def test_a_share_is_exactly_what_was_asked(client: SwitchClient, percent: int, over: int):
    client.call("POST", "/sites/west/open")

    client.turn("west", percent)

    assert client.sent(40) == Counter(east=40 - over, west=over)
    assert client.call("GET", "/switch")[1]["answered"] == over


def test_moves_under_the_load_of_eight_threads_lose_nothing(client: SwitchClient):
    moved = threading.Event()

    def load() -> Counter[str | int]:
        answers = client.sent()
        while not moved.is_set():
            answers += client.sent(5)
        return answers

    with ThreadPoolExecutor(THREADS) as threads:
        loads = [threads.submit(load) for _ in range(THREADS)]
        for here, there in [("east", "west"), ("west", "east")] * 3:
            client.call("POST", f"/sites/{there}/open")
            for percent in (5, 50, 100):
                client.turn(there, percent)
            client.call("POST", f"/sites/{here}/drain")
        moved.set()

    answers = sum((load.result() for load in loads), Counter())
    assert answers.keys() == {"east", "west"}


def test_a_turn_is_answered_after_all_earlier_requests(box: Box, client: SwitchClient):
    box.sites.east.latency = 0.2
    with ThreadPoolExecutor(1) as thread:
        under_way = thread.submit(client.sent)
        box.wait_for(lambda: box.sites.switch.under_way)

        client.turn("west", 100)

        assert box.sites.east.answered == 1
        assert under_way.result() == {"east": 1}


def test_a_drained_site_turns_requests_away(client: SwitchClient):
    client.turn("west", 100)

    assert client.sent() == {503: 1}
    assert client.call("GET", "/sites/west/health") == (
        200,
        {"site": "west", "state": "drained", "lag_s": 0.4},
    )
    client.call("POST", "/sites/west/open")
    assert client.sent() == {"west": 1}


def test_errors_of_a_failing_site_are_counted_until_the_next_turn(box: Box, client: SwitchClient):
    client.call("POST", "/sites/west/open")
    client.turn("west", 50)
    box.sites.west.health = "failing"

    assert client.sent(4) == Counter({"east": 2, 503: 2})

    assert client.call("GET", "/sites/west/health")[0] == 503
    assert client.call("GET", "/switch")[1]["errors"] == 2
    client.turn("east", 100)
    assert client.sent(4) == {"east": 4}


def test_a_failing_site_can_be_drained_and_one_with_no_response_cannot(box: Box, client: SwitchClient):
    box.sites.east.health = "failing"
    assert client.call("POST", "/sites/east/drain")[0] == 200

    box.sites.east.health = "no response"

    assert client.call("POST", "/sites/east/open")[0] == 502
    assert not box.sites.east.is_open


@pytest.mark.parametrize(
    "order",
    [{}, {"to": "north", "percent": 5}, {"to": "west", "percent": 101}, {"to": "west", "percent": "5"}],
)
def test_an_invalid_turn_is_refused_and_changes_nothing(client: SwitchClient, order: dict[str, Any]):
    status, answer = client.call("PUT", "/switch", **order)

    assert status == 400
    assert answer["error"].startswith("A turn")
    assert client.sent() == {"east": 1}


def test_a_dry_run_answers_as_a_turn_does_and_changes_nothing(client: SwitchClient):
    _, answer = client.call("PUT", "/switch", to="west", percent=100, dry_run=True)

    assert (answer["to"], answer["percent"]) == ("west", 100)
    assert client.sent() == {"east": 1}


def test_traffic_begins_with_the_first_look_and_follows_the_switch(box: Box, busy: SwitchClient):
    assert box.sites.traffic.tally().answered == {"east": 0, "west": 0}
    busy.call("POST", "/sites/west/open")
    box.wait_for(lambda: box.sites.traffic.tally().last == "east")

    busy.turn("west", 100)

    box.wait_for(lambda: box.sites.traffic.tally().last == "west")
    assert box.sites.traffic.tally().lost == 0


def test_traffic_counts_lost_requests_and_goes_on(box: Box, busy: SwitchClient):
    box.sites.east.health = "failing"
    busy.call("GET", "/switch")
    box.wait_for(lambda: box.sites.traffic.tally().lost)
    assert box.sites.traffic.tally().last == ""

    box.sites.east.health = "healthy"

    box.wait_for(lambda: box.sites.traffic.tally().last == "east")


def test_the_plan_in_the_configuration_is_for_this_switch(box: Box):
    plan = yaml.safe_load(box.config_yaml())["failover"]["demo"]

    assert [step["name"] for step in plan["steps"]] == ["open {{ to }}", "move", "drain {{ from }}"]
    assert all("undo" in step for step in plan["steps"])
    assert plan["steps"][1]["run"]["http"]["url"] == f"{box.sites.url}/switch"


def test_a_box_has_no_sites_unless_it_is_asked_for_them():
    with Box() as box:
        assert "failover" not in yaml.safe_load(box.config_yaml())
        with pytest.raises(LookupError, match="This box has no sites"):
            _ = box.sites
