"""Two sites and a switch between them, so that a failover can move real traffic. Each is an HTTP server.

The switch distributes `/` over the sites. `GET /switch` reads it, `PUT /switch` turns it. It passes requests
on to a site's own endpoints: `GET /sites/west/health`, `POST /sites/west/open` and `/drain`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import urllib3

from bot.sandbox.server.server import AnyResponse, HttpRequest, HttpResponse, HttpServer, WebSocket
from bot.sandbox.sites.traffic import Traffic

Health = Literal["healthy", "failing", "no response"]
LAG = 0.4
"""Seconds that a site's data is normally behind."""
PATIENCE = 1.0
"""Seconds that the switch waits for a site."""
WORKERS = 64
"""Requests that the switch passes on at the same time."""
OK, BAD_GATEWAY = 200, 502
ALL = 100


class Site:
    """One site. A failing one answers 503, and can be opened and drained. One with no response never answers.

    `answered` counts the requests it served. `latency` is in seconds per request, `lag` in seconds.
    """

    def __init__(self, name: str, *, is_open: bool) -> None:
        self.name = name
        self.is_open = is_open
        self.health: Health = "healthy"
        self.lag = LAG
        self.latency = 0.0
        self.answered = 0
        self.server = HttpServer(self)

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]:
        if self.health == "no response":
            return _never()
        match request.verb, request.path:
            case "GET", "/":
                return self._serve()
            case "GET", "/health":
                return (
                    _json(self._health())
                    if self.health == "healthy"
                    else _error(503, f"{self.name} is failing.")
                )
            case "POST", "/open" | "/drain":
                self.is_open = request.path == "/open"
                return _json(self._health())
        return _error(404, "There is nothing here.")

    def greet(self, _path: str, _link: WebSocket) -> bool:
        return False

    def seen(self) -> str:
        """Return a line with the state of the site."""
        parts = [self._state(), "" if self.health == "healthy" else self.health]
        behind = f"{self.lag:g} s behind" if self.lag != LAG else ""
        return f"{self.name}: " + ", ".join(filter(None, [*parts, behind]))

    async def _serve(self) -> AnyResponse:
        if not self.is_open or self.health != "healthy":
            return _error(503, f"{self.name} takes no requests.")
        if self.latency:
            await asyncio.sleep(self.latency)
        self.answered += 1
        return _json({"site": self.name})

    def _health(self) -> dict[str, object]:
        return {"site": self.name, "state": self._state(), "lag_s": self.lag}

    def _state(self) -> str:
        return "open" if self.is_open else "drained"


@dataclass(kw_only=True)
class TrafficSplit:
    """Sends `percent` of the requests to the site `to`, evenly spread, until the next turn of the switch.

    `answered` and `errors` count the answers of that site.
    """

    to: str
    percent: int
    answered: int = 0
    errors: int = 0
    _owed: int = 0

    def goes_over(self) -> bool:
        """Whether the next request goes to `to`. Of twenty at 5 %, one does."""
        self._owed += self.percent
        if self._owed < ALL:
            return False
        self._owed -= ALL
        return True

    def count(self, status: int) -> None:
        if status == OK:
            self.answered += 1
        else:
            self.errors += 1

    def as_json(self) -> dict[str, object]:
        return {"to": self.to, "percent": self.percent, "answered": self.answered, "errors": self.errors}


class TrafficSwitch:
    """Sends each request to one site. A turn is answered after all earlier requests."""

    def __init__(self, sites: Mapping[str, Site], split: TrafficSplit) -> None:
        self.split = split
        self.on_look: Callable[[], object] = lambda: None
        """Called on each request for another path than `/`."""
        self.server = HttpServer(self)
        self._sites = sites
        self._under_way: set[asyncio.Task[HttpResponse]] = set()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-switch")
        self._pools = {
            site.name: urllib3.HTTPConnectionPool(
                "127.0.0.1", site.server.port, maxsize=WORKERS, timeout=PATIENCE, retries=False
            )
            for site in sites.values()
        }

    @property
    def under_way(self) -> int:
        """The number of requests that wait for a site."""
        return len(self._under_way)

    def shares(self) -> dict[str, int]:
        """Return the percentage of each site."""
        split = self.split
        return {name: split.percent if name == split.to else ALL - split.percent for name in self._sites}

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]:
        if request.path == "/":
            return self._pass_on(request)
        self.on_look()
        match request.verb, request.path.split("/")[1:]:
            case "GET", ["switch"]:
                return _json(self.split.as_json())
            case "PUT" | "POST", ["switch"]:
                return self._turn(request)
            case _, ["sites", name, endpoint] if name in self._sites:
                return self._ask(name, request, f"/{endpoint}")
        return _error(404, "There are /, /switch, /sites/east/health and /sites/west/health.")

    def greet(self, _path: str, _link: WebSocket) -> bool:
        return False

    def close(self) -> None:
        self.server.stop()
        self._workers.shutdown(cancel_futures=True)
        for pool in self._pools.values():
            pool.close()

    async def _pass_on(self, request: HttpRequest) -> AnyResponse:
        split = self.split
        goes_over = split.goes_over()
        name = split.to if goes_over else self._other(split.to)
        call = asyncio.ensure_future(self._ask(name, request, "/"))
        self._under_way.add(call)
        call.add_done_callback(self._under_way.discard)
        answer = await call
        if goes_over:
            split.count(answer.status)
        return answer

    async def _turn(self, request: HttpRequest) -> AnyResponse:
        try:
            order = json.loads(request.body)
            split = TrafficSplit(to=order["to"], percent=order["percent"])
        except (ValueError, KeyError, TypeError):
            return _error(400, 'A turn reads {"to": "west", "percent": 5}.')
        if split.to not in self._sites or type(split.percent) is not int or not 0 <= split.percent <= ALL:
            return _error(400, f"A turn goes to {' or '.join(self._sites)}, by 0 to 100 percent.")
        if not order.get("dry_run"):
            earlier, self.split = tuple(self._under_way), split
            if earlier:
                await asyncio.wait(earlier)
        return _json(split.as_json())

    async def _ask(self, name: str, request: HttpRequest, path: str) -> HttpResponse:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._call, name, request, path)

    def _call(self, name: str, request: HttpRequest, path: str) -> HttpResponse:
        try:
            answer = self._pools[name].urlopen(request.verb, path, body=request.body or None)
        except urllib3.exceptions.HTTPError:
            return _error(BAD_GATEWAY, f"{name} does not answer.")
        return HttpResponse(status=answer.status, body=answer.data)

    def _other(self, name: str) -> str:
        return next(other for other in self._sites if other != name)


class Sites:
    """Both sites and the switch. At first east has all traffic, and west is drained."""

    def __init__(self) -> None:
        self.east = Site("east", is_open=True)
        self.west = Site("west", is_open=False)
        self.named: Mapping[str, Site] = {site.name: site for site in (self.east, self.west)}
        self.switch = TrafficSwitch(self.named, TrafficSplit(to="east", percent=ALL))
        self.url = f"http://127.0.0.1:{self.switch.server.port}"
        self.traffic = Traffic(self.switch.server.port)
        self.switch.on_look = self.traffic.begin

    def start(self) -> None:
        for it in (self.east, self.west, self.switch):
            it.server.start()

    def close(self) -> None:
        self.traffic.close()
        self.east.server.stop()
        self.west.server.stop()
        self.switch.close()

    def send_all(self, name: str) -> None:
        """Open one site, send all traffic to it, and drain the other."""
        self.switch.split = TrafficSplit(to=name, percent=ALL)
        for site in self.named.values():
            site.is_open = site.name == name

    def seen(self) -> list[str]:
        """Return lines with the state of the switch, the traffic and the sites."""
        self.traffic.begin()
        shares = ", ".join(f"{name} {percent} %" for name, percent in self.switch.shares().items())
        return [f"switch: {shares}", self.traffic.seen(), *(site.seen() for site in self.named.values())]


async def _never() -> AnyResponse:
    """Wait until the server stops."""
    await asyncio.Event().wait()
    return None


def _json(body: object) -> HttpResponse:
    return HttpResponse(body=json.dumps(body).encode())


def _error(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"error": sentence}).encode())
