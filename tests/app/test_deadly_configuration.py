"""A valid config.yaml with which Spy can't live: its ports, its processes; and what `spy check` says before."""

from pathlib import Path

import pytest

from bot.adapters.database import Database, open_engine
from bot.adapters.network.clock import SystemClock
from bot.app.live.config_trial import trial_checks
from bot.app.live.configuration import DEADLY_FILE
from bot.app.live.start import choose, elsewhere
from bot.app.settings import load
from tests.support.machine import BETTER, GOOD, MINUTES, SILENT, Machine

# --- ports ------------------------------------------------------------------------------------------------

PORT = f"{GOOD}web: {{port: 3001}}\n"


def test_a_new_file_whose_ports_cannot_be_opened_gives_way_to_the_last_good_one(machine: Machine):
    machine.start()
    machine.write(PORT)

    other = elsewhere(machine.file, choose(machine.file), "web.port 3001 is taken.")

    assert other
    assert other.refused
    assert other.settings.web.port == 3000
    assert other.refused.mistakes == (f"{machine.file}: web.port 3001 is taken.",)


@pytest.mark.parametrize("text", [GOOD, BETTER], ids=["in use already", "the same ports"])
def test_ports_that_something_else_has_taken_are_no_fault_of_the_file(machine: Machine, text: str):
    machine.start()
    machine.write(text)

    assert elsewhere(machine.file, choose(machine.file), "web.port 3000 is taken.") is None


# --- spy check --------------------------------------------------------------------------------------------


def checked(machine: Machine) -> list[tuple[bool, str]]:
    engine = open_engine(machine.url)
    machine.stack.callback(engine.dispose)
    found = trial_checks(load(machine.file), Database(engine), SystemClock())
    return [(it.well, it.what) for it in found]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD, []),
        (BETTER, [(True, "Configuration: changed, and a running Spy takes it")]),
        (SILENT, [(False, "Configuration: a running Spy refuses this file: ")] * 2),
    ],
)
def test_spy_check_tries_a_changed_file_before_a_running_spy_does(
    machine: Machine, text: str, said: list[tuple[bool, str]]
):
    machine.start()
    machine.write(text)

    lines = [(well, what.partition(str(machine.file))[0]) for well, what in checked(machine)]

    assert lines == said


# --- a file with which Spy dies ---------------------------------------------------------------------------


@pytest.fixture
def ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that says by how many seconds the clock is ahead."""
    file = tmp_path / "ahead"
    file.write_text("0", encoding="utf-8")
    monkeypatch.setenv("SPY_CLOCK_OFFSET", str(file))
    return file


@pytest.fixture
def served(machine: Machine, ahead: Path) -> Machine:
    """The first file has served for an hour. The second one is valid, and Spy dies with it."""
    process = machine.start()
    process.look()
    ahead.write_text("3600", encoding="utf-8")
    process.look()
    machine.write(BETTER)
    return machine


def test_a_file_with_which_three_processes_died_is_refused(served: Machine):
    died = [served.start().every for _ in range(3)]

    process = served.start()

    assert died == [20 * MINUTES] * 3
    assert process.every == 15 * MINUTES
    assert served.told()[0]["facts"]["mistakes"] == [DEADLY_FILE.format(path=served.file, deaths=3)]

    served.write(f"{BETTER}# as it was\n")
    assert served.start().every == 20 * MINUTES


def test_a_file_with_which_another_process_lives_is_not_deadly_however_often_one_is_killed(
    served: Machine, ahead: Path
):
    other = served.beside("other.yaml", f"{BETTER}web: {{port: 3001}}\n").start()
    ahead.write_text("3700", encoding="utf-8")
    other.look()

    for _ in range(5):
        process = served.start()
        assert (process.port, process.configuration.note()) == (3000, "")


def test_processes_that_start_at_the_same_time_have_not_died(served: Machine, ahead: Path):
    """A new file is rolled out to five machines at once."""
    machines = [served.beside(f"of-{nth}.yaml", BETTER) for nth in range(5)]

    assert [it.start().every for it in machines] == [20 * MINUTES] * 5
    ahead.write_text("3700", encoding="utf-8")
    assert machines[0].beside("of-6.yaml", BETTER).start().every == 15 * MINUTES


def test_a_process_that_ends_in_order_did_not_die(served: Machine):
    for _ in range(5):
        process = served.start()
        process.configuration.end()

    assert served.start().every == 20 * MINUTES


def test_without_another_one_that_served_the_file_is_tried_on_and_on(machine: Machine):
    assert [machine.start().every for _ in range(5)] == [15 * MINUTES] * 5
