"""Two processes on one PostgreSQL: one is killed, stopped or cut off, calls fail; each thing happens once, in order.

`make chaos` does the same with a thousand incidents, and on both databases.
"""

from pathlib import Path

from tests.chaos.run import Size, chaos, company
from tests.support.monitor import monitor

SIZE = Size(incidents=10, kills=1, stops=2, lease=3)
SEED = 15
A_MINUTE = 65.0
"""Seconds: the heart beats once a minute, and may have missed a beat while one of the two was away."""


def test_whatever_becomes_of_one_of_two_processes_each_thing_happens_once(
    tmp_path: Path, postgresql_url: str
):
    with (
        monitor() as heard,
        company(tmp_path, [postgresql_url] * 2, SIZE, besides=f"heartbeat_url: {heard.url}") as two,
    ):
        result = chaos(two, SIZE, SEED)
        heard.is_called.wait(A_MINUTE)

    assert sorted(result.mishaps) == ["SIGSTOP", "kill -9", "partition"]
    assert result.incidents == SIZE.incidents
    assert set(heard.calls) == {"/spy"}
    assert result.found.lines == {"lost": [], "doubled": [], "disordered": [], "unhandled": []}
