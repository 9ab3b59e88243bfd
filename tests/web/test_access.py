"""What everyone may see on the web port, and what only those see who have the token or reach the internal port."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bot.app.build import Bot, build
from bot.app.check import check
from bot.app.settings import load
from bot.app.web import WebPorts
from bot.services.changes.locks import Locks
from bot.services.incident.incidents import Incidents
from bot.services.transaction import Transaction
from bot.web import WebAnswer, everyone, listen, serve, with_token
from bot.workers.lanes import Lanes

TOKEN = "t0ken-" + "x" * 32
WORDS = ("checkout", "WORDS-OF-NAME", "WORDS-OF-LOCK", "U0ANA", "SendPage", "incidents_open", "outbox")
"""What tells of incidents: their words, people, and figures."""
PATHS = (
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/locks/api",
    "/runbooks",
    "/runbooks/restart-db",
    "/outbox",
    "/x",
)


def bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}


def password(token: str, name: str = "ana") -> Mapping[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    folder = tmp_path_factory.mktemp("access")
    config = folder / "config.yaml"
    config.write_text("slack: {mode: http}\n", encoding="utf-8")
    environment = {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}", "SLACK_BOT_TOKEN": "xoxb-1"}
    with ExitStack() as stack:
        bot = build(load(config, {**environment, "WEB_TOKEN": TOKEN}), stack)
        with bot.database.begin() as session:
            tx = Transaction(session=session, now=bot.clock.now(), policy=bot.live.policy())
            for name, private in (("WORDS-OF-NAME", False), ("WORDS-OF-NAME too", True)):
                Incidents(tx).declare(name, by="U0ANA", private=private)
            Locks(tx).lock("api", "WORDS-OF-LOCK", by="U0ANA")
        yield bot


@pytest.fixture(scope="module")
def ports(bot: Bot) -> Iterator[Mapping[str, str]]:
    """The addresses of the two ports of this bot, as `spy run` opens them."""
    lanes = Lanes(
        sessions=bot.database,
        clock=bot.clock,
        policy=bot.live.policy,
        lease=bot.settings.delivery.lease,
        wake=bot.delivery.wake,
    )
    readiness = {"database": bot.database.ping, "lanes": lambda: "page:WORDS-OF-NAME stands still"}
    ports = WebPorts(bot=bot, lanes=lanes, readiness=readiness)
    public, internal = (
        serve(app, listen("127.0.0.1", 0))
        for app in (ports.public({"/slack/events": _taken}), ports.internal())
    )
    yield {"public": f"http://127.0.0.1:{public.port}", "internal": f"http://127.0.0.1:{internal.port}"}
    public.stop()
    internal.stop()


def _taken(_body: bytes, _headers: Mapping[str, str]) -> WebAnswer:
    raise AssertionError


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers", [{}, bearer("other"), password("other"), bearer("x"), {"authorization": TOKEN}]
)
def test_without_the_token_nothing_tells_of_incidents(
    ports: Mapping[str, str], path: str, headers: Mapping[str, str]
):
    answer = httpx.get(ports["public"] + path, headers=headers)

    assert not [word for word in WORDS if word in answer.text]


@pytest.mark.parametrize("headers", [bearer(TOKEN), password(TOKEN), password(TOKEN, ""), None])
def test_with_the_token_or_on_the_internal_port_all_is_there(
    ports: Mapping[str, str], headers: Mapping[str, str] | None
):
    base = ports["public" if headers else "internal"]
    ready, metrics, lock, runbooks = (
        httpx.get(base + path, headers=headers) for path in ("/readyz", "/metrics", "/locks/api", "/runbooks")
    )

    assert ready.json()["checks"]["database"] == "ok"
    assert "spy_outbox_waiting" in metrics.text
    assert lock.json()["why"] == "WORDS-OF-LOCK"
    assert (runbooks.status_code, "restart-db" in runbooks.text) == (200, True)


def test_everyone_learns_whether_it_is_ready_locked_and_alive(ports: Mapping[str, str]):
    ready, lock, free, metrics = (
        httpx.get(ports["public"] + path) for path in ("/readyz", "/locks/api", "/locks/web", "/metrics")
    )

    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    assert (lock.status_code, lock.json()) == (423, {"service": "api", "locked": True})
    assert (free.status_code, free.json()) == (200, {"service": "web", "locked": False})
    assert "process_resident_memory_bytes" in metrics.text
    assert "spy_database_up 1.0" in metrics.text


def test_a_browser_asks_for_the_password_of_runbooks(ports: Mapping[str, str]):
    answer = httpx.get(ports["public"] + "/runbooks")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "WEB_TOKEN" in answer.text
    assert "web.internal_port" in answer.text


def test_private_incidents_are_never_counted(ports: Mapping[str, str]):
    assert "spy_incidents_open 1.0" in httpx.get(ports["internal"] + "/metrics").text


def test_the_internal_port_takes_no_webhooks(ports: Mapping[str, str]):
    assert httpx.post(ports["internal"] + "/slack/events").status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer  ",
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Digest x",
        "bearer é",
        "Basic " + "A" * 100_000,
    ],
)
def test_a_strange_header_sees_nothing(authorization: str):
    assert not with_token(TOKEN)({"authorization": authorization})
    assert not with_token("")({"authorization": authorization})


def test_everyone_sees_all_where_everyone_may():
    assert everyone({})


@pytest.mark.parametrize(
    ("web", "token", "said"),
    [
        ("{}", "", "by nobody: set WEB_TOKEN or web.internal_port"),
        ("{}", TOKEN, "with WEB_TOKEN on 127.0.0.1:3000."),
        ("{internal_port: 3001}", "", "by everyone who reaches 127.0.0.1:3001."),
        (
            "{host: 0.0.0.0, internal_port: 9, internal_host: 10.0.0.1}",
            TOKEN,
            "by everyone who reaches 10.0.0.1:9.",
        ),
    ],
)
def test_spy_check_says_what_is_open(tmp_path: Path, web: str, token: str, said: str):
    result = checked(tmp_path, web, token)

    assert result["well"]
    assert json.dumps(result["notes"]).count(said) == 1


def test_spy_check_finds_a_token_that_can_be_guessed(tmp_path: Path):
    assert not checked(tmp_path, "{}", "secret")["well"]


def checked(folder: Path, web: str, token: str) -> Mapping[str, object]:
    config = folder / "config.yaml"
    config.write_text(f"web: {web}\n", encoding="utf-8")
    settings = load(config, {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}", "WEB_TOKEN": token})
    return next(vars(it) for it in check(settings) if it.what.startswith("Web: "))
