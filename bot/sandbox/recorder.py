"""A record of every request of the bot and every payload to it, each with its answer."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["from_bot", "to_bot"]


@dataclass(kw_only=True, slots=True)
class Exchange:
    """One request and its answer; `status` stays None if the connection ended without an answer.

    `method` is a Web API method, or a verb and a path with its ids replaced, or the kind of payload to the
    bot. Times are seconds since the epoch. `fault` names the fault it met.
    """

    service: str
    direction: Direction
    method: str
    path: str
    headers: dict[str, str]
    content_type: str
    body: bytes
    started: float
    finished: float | None = None
    status: int | None = None
    answer: bytes | None = None
    connection: str = ""
    fault: str = ""

    def summary(self) -> dict[str, object]:
        """Return everything except headers and bodies."""
        return {
            "service": self.service,
            "direction": self.direction,
            "method": self.method,
            "started": self.started,
            "finished": self.finished,
            "status": self.status,
            "connection": self.connection,
            "fault": self.fault,
        }


class Recorder:
    """A list of exchanges. Appending is atomic, so threads need no lock."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def of(self, service: str, direction: Direction = "from_bot") -> list[Exchange]:
        return [e for e in list(self.exchanges) if e.service == service and e.direction == direction]

    def calls(self, service: str) -> list[str]:
        return [exchange.method for exchange in self.of(service)]

    def connections(self, service: str) -> int:
        return len({exchange.connection for exchange in self.of(service)})
