"""Processes with a file each share a database: what is one process's own, such as its port, stays its own."""

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.app.live.start import choose, elsewhere
from bot.config.own import own_places
from bot.config.yaml_lines import dotted
from tests.support.folders import ROOT
from tests.support.machine import BAD, BETTER, GOOD, MINUTES, Machine

OTHER = "web: {port: 3001}\n"


@pytest.fixture
def other(machine: Machine) -> Machine:
    """A second process with its own file and port; the first one has started last."""
    other = machine.beside("other.yaml", f"{GOOD}{OTHER}")
    other.start()
    machine.start()
    machine.write(BETTER)
    machine.start()
    return other


@pytest.mark.parametrize(
    "broken",
    [f"{BAD}web: {{port: 3001}}\n", "a: [\n", f"{GOOD}web: {{port: many}}\n", None],
    ids=["readable", "no YAML", "no port", "no file"],
)
def test_a_process_that_starts_with_the_version_of_another_keeps_its_own_port(
    other: Machine, broken: str | None
):
    if broken is None:
        other.file.unlink()
    else:
        other.write(broken)

    process = other.start()

    assert (process.port, process.every) == (3001, 20 * MINUTES)


def test_a_new_process_with_a_broken_file_listens_where_its_file_says(machine: Machine):
    machine.start()
    other = machine.beside("other.yaml", f"{BAD}{OTHER}")

    assert other.start().port == 3001


def test_the_usual_port_is_kept_too_where_no_file_names_one(other: Machine, machine: Machine):
    other.write(f"{BETTER}{OTHER}roles: [scribe]\n")
    other.start()
    machine.write(BAD)

    assert machine.start().port == 3000


def test_once_its_file_is_mended_no_restart_is_needed_for_a_port_that_is_open_already(other: Machine):
    other.write(f"{BAD}{OTHER}")
    process = other.start()

    other.write(f"{BETTER}{OTHER}")
    process.look()

    assert process.configuration.note() == ""
    other.write(f"{BETTER}web: {{port: 3002}}\n")
    process.look()
    assert process.configuration.note() == "a restart is needed for web.port"


def test_a_new_process_whose_port_is_taken_does_not_take_that_of_another(machine: Machine):
    machine.start()
    other = machine.beside("other.yaml", f"{GOOD}{OTHER}")

    assert elsewhere(other.file, choose(other.file), "web.port 3001 is taken.") is None


def test_a_port_that_is_taken_in_a_file_with_a_mistake_gives_way_to_the_one_before(other: Machine):
    other.write(f"{BAD}web: {{port: 3002}}\n")
    start = choose(other.file)

    instead = elsewhere(other.file, start, "web.port 3002 is taken.")

    assert instead
    assert instead.refused
    assert (start.settings.web.port, instead.settings.web.port) == (3002, 3001)
    assert [it.removeprefix(f"{other.file}:")[:30] for it in instead.refused.mistakes] == [
        "3: severities.sev1.update_evry",
        "4: webb: unknown key. Did you ",
        " web.port 3002 is taken.",
    ]


def test_the_docs_name_each_setting_that_is_a_process_s_own():
    docs = (ROOT / "docs/configuration.md").read_text("utf-8")

    assert [it for it in own_places() if f"`{dotted(it)}`" not in docs] == []


def test_restarts_of_processes_that_differ_in_the_port_alone_are_nothing_new(machine: Machine):
    other = machine.beside("other.yaml", f"{GOOD}{OTHER}")
    for _ in range(3):
        machine.start()
        other.start()

    assert [it.change for it in machine.taken()] == ["web.port nothing → 3001", "the first one"]
    assert [len(it.takings) for it in machine.taken()] == [1, 1]


def test_a_change_reads_alike_in_the_files_of_both(machine: Machine):
    other = machine.beside("other.yaml", f"{GOOD}{OTHER}")
    for text in (GOOD, BETTER):
        machine.write(text)
        other.write(f"{text}{OTHER}")
        machine.start()
        other.start()

    assert [it.change for it in machine.taken()][:2] == ["severities.sev1.update_every 15m → 20m"] * 2


def test_a_mistake_in_the_files_of_both_is_told_once(machine: Machine):
    other = machine.beside("other.yaml", f"{GOOD}{OTHER}")
    processes = [machine.start(), other.start()]
    machine.write(BAD)
    other.write(f"{BAD}{OTHER}")

    for it in processes:
        it.look()

    assert len(machine.told()) == 1
    assert all("the file is refused" in it.configuration.note() for it in processes)


def test_the_way_back_leads_to_what_the_same_file_held(other: Machine, machine: Machine):
    other.write(f"{BETTER}{OTHER}")
    other.start()
    machine.start()

    back = CliRunner().invoke(app, ["config", "back", "--yes", "--config", str(other.file)])

    assert back.exit_code == 0
    assert other.file.read_text(encoding="utf-8") == f"{GOOD}{OTHER}"


def test_the_version_of_another_process_is_written_with_a_warning(other: Machine, machine: Machine):
    version = next(it for it in machine.taken() if it.text == f"{GOOD}{OTHER}")

    asked = CliRunner().invoke(app, ["config", "back", version.short, "--config", str(machine.file)])

    warning = f"This version is of another process: {version.files[-1]}. Set web.port again afterwards."
    assert warning in asked.output.splitlines()
