"""Calls of webhooks over HTTP, with a real server on this machine."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.webhooks.caller import HttpWebhooks, signed
from bot.ports import Rejected, Throttled, Unreachable
from bot.ports.webhooks import WebhookCall
from tests.support.webhooks import Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def call_of(receiver: Receiver) -> WebhookCall:
    return WebhookCall(
        webhook="portal",
        url=receiver.url,
        id="evt_1_2",
        at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        body=b'{"type":"incident.resolved"}',
    )


def webhooks(*secrets: str) -> HttpWebhooks:
    return HttpWebhooks(secrets=lambda _name: secrets)


def test_the_signature_is_that_of_the_standards_own_example():
    example = WebhookCall(
        webhook="portal",
        url="https://example.com",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )

    assert signed(example, SECRET)["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_who_called(receiver: Receiver):
    webhooks(SECRET, OTHER).call(call_of(receiver))

    [(path, headers, body)] = receiver.got
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    for secret, signature in zip((SECRET, OTHER), headers["webhook-signature"].split(), strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        assert signature == "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert (path, headers["content-type"]) == ("/spy", "application/json")
    assert headers["webhook-timestamp"] == "1795435200"


def test_a_redirect_is_not_followed(receiver: Receiver):
    with receiving() as elsewhere:
        receiver.status, receiver.headers = 307, {"location": elsewhere.url}
        with pytest.raises(Unreachable, match="answered with HTTP 307"):
            webhooks(SECRET).call(call_of(receiver))

        assert (len(receiver.got), elsewhere.got) == (1, [])


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (500, {}, Unreachable),
        (404, {}, Unreachable),
        (503, {}, Unreachable),
        (429, {"retry-after": "30"}, Throttled),
        (503, {"retry-after": "99999"}, Throttled),
        (503, {"retry-after": "tomorrow"}, Unreachable),
        (410, {}, Rejected),
    ],
)
def test_what_is_not_accepted_is_no_success(
    receiver: Receiver, status: int, headers: dict[str, str], kind: type[Exception]
):
    receiver.status, receiver.headers = status, headers

    with pytest.raises(kind, match=r"127\.0\.0\.1") as raised:
        webhooks(SECRET).call(call_of(receiver))
    if isinstance(raised.value, Throttled):
        assert raised.value.retry_after <= timedelta(minutes=10)


def test_a_program_that_is_not_there_is_named_without_its_path(receiver: Receiver):
    gone = replace(call_of(receiver), url="http://127.0.0.1:9/secret-path")

    with pytest.raises(Unreachable, match="did not answer: the connection was refused") as raised:
        webhooks(SECRET).call(gone)
    assert "secret-path" not in str(raised.value)


def test_nothing_leaves_unsigned_or_in_the_clear(receiver: Receiver):
    with pytest.raises(Rejected, match="no secret"):
        webhooks().call(call_of(receiver))
    with pytest.raises(Rejected, match="not https"):
        webhooks(SECRET).call(replace(call_of(receiver), url="http://portal.example.com/spy"))
    assert receiver.got == []
