"""Whatever is sent to the served, signed or not: never a 500, and nothing is kept of what nobody signed."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.test_pagerduty_webhook import webhook
from tests.support import samples
from tests.web.served import SECRET, ServedBot, opened

PATHS = ("/slack/events", "/webhooks/pagerduty", "/webhooks/github", "/webhooks/changes")
TOLD = {
    "service": "checkout",
    "title": "deploy",
    "kind": "deploy",
    "url": "https://x",
    "author": "ana",
    "at": "2026-11-23T11:30:00Z",
    "ref": "4f2a1c",
    "outcome": "success",
    "id": "7",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBot]:
    """Both kinds of database: each refuses other things."""
    folder = tmp_path_factory.mktemp("fuzz")
    if request.param == "sqlite":
        with opened(folder, f"sqlite:///{folder / 'spy.db'}") as served:
            yield served
    else:
        with request.getfixturevalue("postgres").fresh() as url, opened(folder, url) as served:
            yield served


# --- what is sent -----------------------------------------------------------------------------------------

ODD = (
    "a\x00b",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-11-23T12:00:00",
    "x" * 5_000,
    "<!here>",
    10**400,
    None,
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(ODD)
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
DEEP = st.sampled_from(
    [b"[" * 100_000, b'{"event":' * 100_000, b'"\\ud800"', b"\xff\xfe", b"{}", b"", b"NaN"]
)
BODIES = st.binary() | ANYTHING.map(lambda it: json.dumps(it).encode()) | DEEP
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "X-GitHub-Event",
            "X-GitHub-Delivery",
            "X-Hub-Signature-256",
            "X-PagerDuty-Signature",
            "X-Slack-Signature",
            "X-Slack-Request-Timestamp",
            "X-Spy-Signature",
            "X-Spy-Timestamp",
            "Content-Length",
            "Content-Type",
        ]
    ),
    st.binary(max_size=80).map(lambda it: bytes(b for b in it if b not in b"\x00\r\n").strip())
    | st.sampled_from([b"push", b"deployment", b"v1=00", b"sha256=00", b"-1", b"1e3", b"\xb2", b"9" * 400]),
)


@st.composite
def bent(draw: st.DrawFn, told: Any) -> Any:
    """What somebody really sends, with one thing in it changed, added or left out."""
    told = place = deepcopy(told)
    while isinstance(place, dict) and place:
        key = draw(st.sampled_from(sorted(place)))
        inner = place[key]
        if isinstance(inner, dict) and inner and draw(st.integers(0, 3)):
            place = inner
            continue
        if draw(st.booleans()):
            place[key] = draw(ANYTHING)
        else:
            del place[key]
        break
    return told


def with_all(told: Any, key: str, odd: Any) -> Any:
    """The same, but that everything of this name in it is something odd."""
    if isinstance(told, dict):
        return {name: odd if name == key else with_all(each, key, odd) for name, each in told.items()}
    return [with_all(each, key, odd) for each in told] if isinstance(told, list) else told


def seen(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.text.strip(), "a refusal says why"


EAGER = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# --- what nobody signed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_of_what_nobody_signed_nothing_is_kept(served: ServedBot, path: str):
    before = served.kept()

    @EAGER
    @given(body=BODIES, headers=HEADERS)
    def unsigned(body: bytes, headers: Mapping[str, bytes]) -> None:
        answer = served.web.post(path, content=body, headers=headers)
        seen(answer)
        assert answer.status_code in {400, 401, 413}

    unsigned()
    assert served.kept() == before


@pytest.mark.parametrize("name", samples.names())
def test_a_true_webhook_with_another_signature_is_refused(served: ServedBot, name: str):
    before, body = served.kept(), samples.body(samples.recent(name, served.bot.clock.now()))
    headers = {"X-GitHub-Event": samples.event(name), "X-Hub-Signature-256": samples.signed(body, "other")}

    answer = served.web.post("/webhooks/github", content=body, headers=headers)

    assert (answer.status_code, served.kept()) == (401, before)


# --- what is signed ---------------------------------------------------------------------------------------


@EAGER
@given(data=st.data(), name=st.sampled_from(samples.names()))
def test_signed_and_bent_github_speaks_no_500(served: ServedBot, data: st.DataObject, name: str):
    body = samples.body(data.draw(bent(samples.recent(name, served.bot.clock.now()))))
    headers = {"X-GitHub-Event": samples.event(name), "X-Hub-Signature-256": samples.signed(body, SECRET)}
    seen(served.web.post("/webhooks/github", content=body, headers=headers))


MOMENTS = ("created_at", "updated_at", "published_at", "pushed_at")
WORDS = (
    "message",
    "name",
    "ref",
    "environment",
    "state",
    "conclusion",
    "tag_name",
    "login",
    "html_url",
    "id",
)


@pytest.mark.parametrize("name", ["deployment_status", "push", "release published", "workflow_run completed"])
def test_whatever_odd_stands_in_what_is_read_of_github_is_no_500(served: ServedBot, name: str):
    told = samples.recent(name, served.bot.clock.now())
    for key, odd in product((*MOMENTS, *WORDS), ODD):
        if (bent_so := with_all(told, key, odd)) != told:
            body = samples.body(bent_so)
            signature = samples.signed(body, SECRET)
            headers = {"X-GitHub-Event": samples.event(name), "X-Hub-Signature-256": signature}
            seen(served.web.post("/webhooks/github", content=body, headers=headers))


@pytest.mark.parametrize("key", TOLD)
def test_whatever_odd_stands_in_what_a_tool_tells_is_no_500(served: ServedBot, key: str):
    at = int(served.bot.clock.now().timestamp())
    for odd in ODD:
        body = samples.body({**TOLD, key: odd})
        headers = samples.signed_by_tool(body, at, SECRET)
        seen(served.web.post("/webhooks/changes", content=body, headers=headers))


@EAGER
@given(
    body=BODIES,
    event=st.sampled_from([*map(samples.event, samples.names()), "x"]),
    delivery=st.text(max_size=50),
)
def test_signed_nonsense_for_github_is_no_500(served: ServedBot, body: bytes, event: str, delivery: str):
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": quote(delivery),
        "X-Hub-Signature-256": samples.signed(body, SECRET),
    }
    seen(served.web.post("/webhooks/github", content=body, headers=headers))


@EAGER
@given(body=BODIES | bent(TOLD).map(samples.body))
def test_signed_nonsense_from_a_tool_is_no_500(served: ServedBot, body: bytes):
    at = int(served.bot.clock.now().timestamp())
    seen(served.web.post("/webhooks/changes", content=body, headers=samples.signed_by_tool(body, at, SECRET)))


@EAGER
@given(data=st.data())
def test_signed_nonsense_from_pagerduty_is_no_500(served: ServedBot, data: st.DataObject):
    body = data.draw(BODIES | bent(json.loads(webhook())).map(samples.body))
    signature = "v1=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    seen(served.web.post("/webhooks/pagerduty", content=body, headers={"X-PagerDuty-Signature": signature}))


@EAGER
@given(body=BODIES, kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]))
def test_signed_nonsense_from_slack_is_no_500(served: ServedBot, body: bytes, kind: str):
    at = str(int(served.bot.clock.now().timestamp()))
    digest = hmac.new(SECRET.encode(), b"v0:%s:%s" % (at.encode(), body), hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind}
    seen(served.web.post("/slack/events", content=body, headers=headers))


@EAGER
@given(name=st.text(min_size=1))
def test_any_name_may_be_asked_for_a_lock(served: ServedBot, name: str):
    answer = served.web.get(f"/locks/{quote(name, safe='', errors='replace')}")

    seen(answer)
    assert answer.status_code in {200, 307, 400, 404}
