"""The call to a dead man's switch: made once, and its address is in no error."""

import pytest

from bot.adapters.network.heartbeat import call
from bot.ports import Rejected, Unreachable
from tests.support.monitor import monitor


def test_the_monitor_is_called_once():
    with monitor() as found:
        call(found.url)

    assert found.calls == ["/spy"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_monitor_that_refuses_is_told_by_its_status(status: int):
    with monitor() as found:
        found.status = status
        with pytest.raises(Rejected) as refused:
            call(f"{found.url}/hush")

    assert str(refused.value) == f"The monitor of heartbeat_url answered with HTTP {status}."


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/hush", "the connection was refused"),
        ("http://hush.invalid/", "its name is not known (DNS)"),
        ("http://[hush/", "its address is not valid"),
    ],
)
def test_a_monitor_that_can_not_be_reached_is_told_without_its_address(url: str, why: str):
    with pytest.raises(Unreachable) as trouble:
        call(url)

    assert str(trouble.value) == f"The monitor of heartbeat_url did not answer: {why}."
