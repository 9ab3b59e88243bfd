"""What people wrote, who they are, and secrets: in no line of the log, no traceback and no answer, whatever fails."""

import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import structlog
from sqlalchemy import text

from bot.app import logs
from bot.app.tracebacks import rendered
from bot.domain.effects import Respond
from bot.domain.message import Message
from bot.ports import OutboxItem, Profile, Rejected, Unavailable, Unreachable
from bot.services.people import People
from bot.services.transaction import Transaction
from bot.workers.attempt_result import AttemptResult, tried
from bot.workers.deliver.attempt import Attempt
from tests.adapters.test_slack_inbound import FORM, SLASH
from tests.support import samples
from tests.web.served import SECRET, ServedBot, opened
from tests.web.test_slack_odd import SlackRequests

WORDS = "PLANTED"
"""Stands in everything that a person types or is called, and in every secret. It may be nowhere else."""
TYPED = (
    f'incident me "{WORDS}-name" sev1 private',
    f'incident update "{WORDS}-update"',
    f'incident note "{WORDS}-note"',
    f'incident impact "{WORDS}-impact"',
    f'page :imoc "{WORDS}-page"',
    f'lock {WORDS}-service "{WORDS}-reason"',
    f'failover "{WORDS}-plan"',
    f'incident action "{WORDS}-action"',
    f'postmortem write summary "{WORDS}-summary"',
    f"{WORDS} is no command",
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as `spy run` writes it, from the finest level on; restored afterwards."""
    root, out = logging.getLogger(), io.StringIO()
    before = structlog.get_config(), root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    logs.configure(secrets=[f"{WORDS}-secret"], to=out, level=logging.DEBUG)
    logs.take_in_the_rest()
    root.setLevel(logging.DEBUG)
    yield out
    structlog.configure(**before[0])
    root.handlers[:], root.level = before[1:]
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks


# --- tracebacks


def fails(*, how: Callable[[], object]) -> BaseException:
    try:
        how()
    except BaseException as error:  # noqa: BLE001  whatever it is
        return error
    raise AssertionError("it did not fail")


def nested() -> None:
    try:
        int(f"{WORDS}")
    except ValueError as error:
        raise RuntimeError(f"because of {WORDS}") from error


def noted() -> None:
    error = KeyError(WORDS)
    error.add_note(f"a note about {WORDS}")
    raise error


def grouped() -> None:
    raise ExceptionGroup(WORDS, [ValueError(WORDS), TypeError(WORDS)])


def deceiving() -> None:
    raise AttributeError(f"no attribute {WORDS}")


FAULTS: tuple[Callable[[], object], ...] = (
    nested,
    noted,
    grouped,
    deceiving,
    lambda: {}[WORDS],
    lambda: [].index(WORDS),
    lambda: WORDS.encode("ascii").decode("utf-16", errors="strict"),
    lambda: Path(f"/nowhere/{WORDS}").read_text(encoding="utf-8"),
    lambda: structlog.get_logger().nothing[WORDS],
    lambda: httpx.URL(f"http://a:{WORDS}"),
    lambda: exec(f"{WORDS} +"),  # noqa: S102  a syntax error quotes its line
)


@pytest.mark.parametrize("how", FAULTS)
def test_a_traceback_shows_where_and_not_what_was_written(log: io.StringIO, how: Callable[[], object]):
    error = fails(how=how)

    structlog.get_logger().error("it failed", exc_info=error)
    logging.getLogger("library").error("it failed", exc_info=error)

    assert WORDS not in log.getvalue()
    assert log.getvalue().count("test_no_words_in_logs.py") >= 2
    assert log.getvalue().count(type(error).__name__) >= 2


def test_what_python_itself_says_of_code_is_kept():
    error = fails(how=lambda: object().missing)  # type: ignore[attr-defined]

    assert "'object' object has no attribute 'missing'" in rendered((type(error), error, error.__traceback__))


def test_what_nobody_caught_is_logged_so_too(log: io.StringIO):
    thread = threading.Thread(target=nested)
    thread.start()
    thread.join()
    warnings.showwarning(UserWarning(WORDS), UserWarning, "library.py", 7)

    assert "nobody caught an error" in log.getvalue()
    assert "a library warns" in log.getvalue()
    assert WORDS not in log.getvalue()


# --- the whole bot, while its parts fail


@pytest.fixture
def served(tmp_path: Path, sqlite_url: str, log: io.StringIO) -> Iterator[ServedBot]:
    del log
    with opened(tmp_path, sqlite_url) as served:
        with served.bot.database.begin() as session:
            tx = Transaction(session=session, now=served.bot.clock.now(), policy=served.bot.live.policy())
            People(tx).met("U0ANA", Profile(name=f"{WORDS}-ana", email=f"{WORDS}@example.com"))
        yield served


def post(served: ServedBot, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    return served.web.post(path, body, headers)


BREAKS = (
    "DROP TABLE incident",
    "DROP TABLE timeline",
    "DROP TABLE work_period",
    "DROP TABLE timer",
    "DROP TABLE outbox",
    "DROP TABLE inbound",
    "ALTER TABLE incident RENAME COLUMN number TO numero",
    "CREATE TRIGGER t BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END",
)


def said_all(served: ServedBot) -> str:
    """Say all the commands by Slack's way in. Return what is answered to whoever is not the author."""
    answers = [slash(served, words, number) for number, words in enumerate(TYPED)]
    return " ".join(str(it.headers) for it in answers)


def slash(served: ServedBot, words: str, number: int) -> httpx.Response:
    told = {"command": "/spy", "text": words, "trigger_id": f"t{number}", "user_name": f"{WORDS}-ana"}
    return SlackRequests(served).send(urlencode(SLASH | told), FORM)


@pytest.mark.parametrize("breaks", BREAKS)
def test_no_error_of_the_database_logs_words(served: ServedBot, log: io.StringIO, breaks: str):
    with served.bot.database.engine.begin() as connection:
        connection.execute(text(breaks))

    said_all(served)

    assert "an ask failed" in log.getvalue()
    assert WORDS not in log.getvalue()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/github", {"X-GitHub-Event": "push"}),
        ("/webhooks/pagerduty", {}),
        ("/webhooks/changes", {}),
        ("/slack/events", {"Content-Type": "application/json"}),
    ],
)
@pytest.mark.parametrize(
    "body", [f'{{"{WORDS}": ', f'{{"service": "{WORDS}", "title": {{"{WORDS}": 1}}}}', f"payload={WORDS}"]
)
def test_a_broken_webhook_is_answered_and_logged_without_words(
    served: ServedBot, log: io.StringIO, path: str, headers: Mapping[str, str], body: str
):
    raw, at = body.encode(), int(served.bot.clock.now().timestamp())
    signed = {
        "X-Hub-Signature-256": samples.signed(raw, SECRET),
        "X-PagerDuty-Signature": samples.signed(raw, SECRET).replace("sha256", "v1"),
        **samples.signed_by_tool(raw, at, SECRET),
    }
    for given in (signed, {}):
        answer = post(served, path, raw, {**headers, **given})

        assert WORDS not in answer.text + str(answer.headers)
    assert WORDS not in log.getvalue()


# --- what is sent outside


@dataclass(frozen=True)
class Failing:
    error: Exception

    def __call__(self) -> None:
        raise self.error


REFUSALS = (
    Rejected("refused", "GitHub answered 422", detail=f": the title is {WORDS}"),
    Unreachable("PagerDuty answered 502", detail=f" {WORDS}"),
    Unavailable("the database is away"),
    ValueError(f"the body was {WORDS}"),
    httpx.ReadTimeout(f"reading {WORDS}"),
)


@pytest.mark.parametrize("error", REFUSALS, ids=lambda it: type(it).__name__)
def test_an_effect_that_fails_logs_no_words(log: io.StringIO, error: Exception):
    effect = Respond(key="answer:1", url="https://hooks", message=Message(text=WORDS), person="U0ANA")
    item = OutboxItem(id=1, effect=effect, queued_at=datetime.now(UTC), attempts=1, uncertain=False)

    result: AttemptResult = tried(item, Attempt(call=Failing(error)), lambda: True)
    structlog.get_logger().warning("given up", why=result.logged)

    assert WORDS not in log.getvalue()
    assert result.why


def test_people_read_a_services_own_words_and_the_log_does_not():
    assert str(REFUSALS[0]) == f"GitHub answered 422: the title is {WORDS}"
    assert REFUSALS[0].logged == "GitHub answered 422"  # type: ignore[attr-defined]
