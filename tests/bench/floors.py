"""The floors: what Spy is held against, each an app of its own with nothing to spare.

`bare` commits five rows and acknowledges; `least` opens an incident in two rounds of calls to Slack, and forgets it.
Both stand on Spy's own parts: bolt, Starlette under uvicorn, SQLModel, and SQLite that waits for the disk.
"""

import argparse
import asyncio
import json
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import uvicorn
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import Engine, create_engine, event
from sqlmodel import Field, Session, SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from urllib3 import PoolManager

ROWS = 5
CONNECTIONS = 5
ANNOUNCE = "C0INCIDENTS"


class Row(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    text: str


def open_engine(url: str) -> Engine:
    """Open the database, as durable as Spy's; who writes takes turns, since SQLite would make them wait anyway."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=10, max_overflow=10)
        SQLModel.metadata.create_all(engine)
        return engine
    engine = create_engine(url, connect_args={"timeout": 15, "check_same_thread": False})

    def durable(connection: Any, _record: Any) -> None:
        for setting in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {setting}")

    event.listen(engine, "connect", durable)
    SQLModel.metadata.create_all(engine)
    return engine


class Store:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else threading.Semaphore(20)

    def commit(self, text: str, rows: int) -> None:
        with self._turn, Session(self._engine) as session:
            session.add_all(Row(text=text) for _ in range(rows))
            session.commit()


# --- the two apps -----------------------------------------------------------------------------------------


def bare(app: App, store: Store, _slack: "Slack") -> None:
    @app.command("/incident")
    def incident(body: dict[str, Any]) -> BoltResponse:
        store.commit(body["text"], ROWS)
        return BoltResponse(status=200, body={"response_type": "in_channel", "text": "It is open."})


def least(app: App, store: Store, slack: "Slack") -> None:
    pool = ThreadPoolExecutor(64)

    @app.command("/incident")
    def incident(body: dict[str, Any]) -> BoltResponse:
        store.commit(body["text"], 1)
        pool.submit(declare, body["user_id"], body["text"])
        return BoltResponse(status=200, body={"response_type": "in_channel", "text": "It is open."})

    def declare(person: str, text: str) -> None:
        name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        first = [
            pool.submit(slack.call, "conversations.create", name=f"inc-{name}"),
            pool.submit(slack.call, "chat.postMessage", channel=ANNOUNCE, text=text),
        ]
        first[0].add_done_callback(lambda _: pool.submit(furnish, person, text, *first))

    def furnish(
        person: str, text: str, created: Future[dict[str, Any]], announced: Future[dict[str, Any]]
    ) -> None:
        channel = created.result()["channel"]["id"]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("conversations.invite", {"channel": channel, "users": person}),
            ("chat.postMessage", {"channel": channel, "text": text}),
            ("conversations.setTopic", {"channel": channel, "topic": text}),
            (
                "bookmarks.add",
                {"channel_id": channel, "title": text, "type": "link", "link": "https://a.test/"},
            ),
        ]
        wait([pool.submit(slack.call, method, **params) for method, params in calls])
        announcement = announced.result()["ts"]
        slack.call("chat.update", channel=ANNOUNCE, ts=announcement, text=f"{text} <#{channel}>")


APPS: dict[str, Callable[[App, Store, "Slack"], None]] = {"bare": bare, "least": least}


class Slack:
    """Calls over connections that are kept; what fails is a fault of the bench."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._pool = PoolManager(maxsize=64)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json; charset=utf-8",
        }

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        body = json.dumps(params).encode()
        answer = self._pool.request("POST", f"{self._url}{method}", body=body, headers=self._headers)
        said: dict[str, Any] = json.loads(answer.data)
        if not said["ok"]:
            raise RuntimeError(f"{method}: {said['error']}")
        return said

    def warm(self) -> None:
        with ThreadPoolExecutor(CONNECTIONS) as opening:
            wait([opening.submit(self.call, "auth.test") for _ in range(CONNECTIONS)])


# --- serving ----------------------------------------------------------------------------------------------


def serve(app: App, port: int) -> None:
    pool = ThreadPoolExecutor(64)

    def dispatch(body: bytes, headers: dict[str, str]) -> BoltResponse:
        return app.dispatch(BoltRequest(body=body.decode(), headers=dict(headers)))

    async def events(request: Request) -> Response:
        body = await request.body()
        answer = await asyncio.get_running_loop().run_in_executor(pool, dispatch, body, dict(request.headers))
        return Response(answer.body, answer.status, {n: ", ".join(v) for n, v in answer.headers.items()})

    async def readyz(_: Request) -> Response:
        return PlainTextResponse("ready\n")

    routes = [Route("/slack/events", events, methods=["POST"]), Route("/readyz", readyz)]
    uvicorn.run(
        Starlette(routes=routes), port=port, log_level="warning", access_log=False, timeout_keep_alive=75
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("floor", choices=sorted(APPS))
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    slack = Slack(os.environ["SLACK_API_URL"], os.environ["SLACK_BOT_TOKEN"])
    app = App(
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=True,
        authorize=lambda: AuthorizeResult(
            enterprise_id=None, team_id="T0SPY", bot_user_id="U0SPY", bot_token="none"
        ),
    )
    app.event(re.compile(".*"))(lambda: None)
    APPS[args.floor](app, Store(open_engine(os.environ["DATABASE_URL"])), slack)
    if args.floor == "least":
        slack.warm()
    serve(app, args.port)


if __name__ == "__main__":
    main()
