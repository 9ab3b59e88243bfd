"""A dead man's switch on this machine: it counts the calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Monitor:
    url: str
    status: int = 200
    calls: list[str] = field(default_factory=list)
    is_called: Event = field(default_factory=Event)


@contextmanager
def monitor() -> Iterator[Monitor]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.calls.append(self.path)
            found.is_called.set()
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    found = Monitor(f"http://127.0.0.1:{server.server_port}/spy")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
