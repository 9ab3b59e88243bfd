"""What becomes of a changed, broken or missing config.yaml: at a start, while Spy runs, and with several processes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import ConfigError
from tests.support.machine import ADMIN, BAD, BETTER, GOOD, MINUTES, REFUSED, SILENT, TAKEN, Machine


def test_the_first_file_is_taken_and_kept(machine: Machine):
    process = machine.start()

    [version] = machine.taken()
    assert (version.text, version.change) == (GOOD, "the first one")
    assert process.configuration.note() == ""


def test_a_restart_with_the_same_file_is_nothing_new(machine: Machine):
    machine.start()
    [before] = machine.taken()

    machine.start()

    [after] = machine.taken()
    assert (after.taken_at, after.taken_by) == (before.taken_at, before.taken_by)


def test_a_changed_file_is_taken_and_the_change_is_in_the_history(machine: Machine):
    process = machine.start()

    machine.write(BETTER)
    process.look()

    assert process.every == 20 * MINUTES
    assert [it.change for it in machine.taken()] == [
        "severities.sev1.update_every 15m → 20m",
        "the first one",
    ]
    assert machine.told() == []


def test_a_bad_file_is_refused_with_every_mistake_and_the_last_good_one_stays(machine: Machine):
    process = machine.start()

    machine.write(BAD)
    process.look()

    [told] = machine.told()
    assert (told["template"], told["to"], told["facts"]["at_start"]) == (REFUSED, "U0ANA", False)
    assert [it.removeprefix(f"{machine.file}:")[:30] for it in told["facts"]["mistakes"]] == [
        "3: severities.sev1.update_evry",
        "4: webb: unknown key. Did you ",
    ]
    assert process.every == 15 * MINUTES
    assert f"{machine.file}:3: " in process.configuration.note()


def test_a_file_that_makes_a_safety_reminder_vanish_is_refused_with_the_line(machine: Machine):
    process = machine.start()

    machine.write(SILENT)
    process.look()

    assert process.every == 15 * MINUTES
    assert machine.told()[0]["facts"]["mistakes"][0] == (
        f"{machine.file}:3: severities.sev1.update_every: the reminder *the update is due (sev1)* would vanish. "
        "If you mean that, write `severities: {sev1: {update_every: never}}`."
    )


def test_a_file_that_says_never_is_taken(machine: Machine):
    process = machine.start()

    machine.write(GOOD.replace("15m", "never"))
    process.look()

    assert process.every is None
    assert machine.told() == []


def cut(machine: Machine) -> None:
    machine.file.unlink()


def spoil(machine: Machine) -> None:
    machine.write(BAD)


def silence(machine: Machine) -> None:
    machine.write(SILENT)


def want_a_variable_that_is_missing(machine: Machine) -> None:
    machine.write(f"{BETTER}slack: {{mode: http}}\n")


def garble(machine: Machine) -> None:
    machine.file.write_bytes(b"\xff\xfe\x00nonsense")


Spoil = Callable[[Machine], None]
SPOILT = (cut, spoil, silence, want_a_variable_that_is_missing, garble)


@pytest.mark.parametrize("spoils", SPOILT)
def test_a_start_with_a_file_that_cannot_be_used_goes_by_the_last_good_one(machine: Machine, spoils: Spoil):
    machine.start()
    spoils(machine)

    process = machine.start()
    process.look()

    assert process.every == 15 * MINUTES
    assert process.configuration.note()
    assert [(it["template"], it["facts"]["at_start"]) for it in machine.told()] == [(REFUSED, True)]
    assert len(machine.taken()) == 1


@pytest.mark.parametrize("spoils", SPOILT)
def test_the_same_refusal_is_told_once_by_several_processes_and_after_restarts(
    machine: Machine, spoils: Spoil
):
    first, second = machine.start(), machine.start()
    spoils(machine)

    first.look()
    second.look()
    machine.start()
    machine.start().look()

    assert [it["template"] for it in machine.told()] == [REFUSED]


def test_another_refusal_is_told_too(machine: Machine):
    process = machine.start()

    for text in (BAD, SILENT, BAD):
        machine.write(text)
        process.look()

    assert len(machine.told()) == 2


@pytest.mark.parametrize("mended", [GOOD, BETTER], ids=["as it was", "another one"])
def test_a_file_that_is_mended_is_taken_and_said_once_to_be_used_again(machine: Machine, mended: str):
    first, second = machine.start(), machine.start()
    machine.write(BAD)
    first.look()
    second.look()

    machine.write(mended)
    for process in (first, second, machine.start()):
        process.look()

    assert [it["template"] for it in machine.told()] == [REFUSED, TAKEN]
    assert first.configuration.note() == second.configuration.note() == ""


def test_a_file_that_was_refused_is_told_again_after_another_one_was_used(machine: Machine):
    process = machine.start()

    for text in (BAD, BETTER, BAD):
        machine.write(text)
        process.look()

    assert [it["template"] for it in machine.told()] == [REFUSED, TAKEN, REFUSED]


def test_without_a_last_good_one_a_start_ends_with_every_mistake(machine: Machine):
    machine.write(BAD)

    with pytest.raises(ConfigError) as stopped:
        machine.start()

    assert len(stopped.value.lines) == 2


def test_without_any_database_a_start_ends_with_every_mistake_and_makes_none(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    machine.write(BAD)

    with pytest.raises(ConfigError):
        machine.start()

    assert not (tmp_path / "none.db").exists()


def test_a_database_that_does_not_answer_is_named_after_the_mistakes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    machine.write(BAD)

    with pytest.raises(ConfigError) as stopped:
        machine.start()

    assert len(stopped.value.lines) == 3
    assert stopped.value.lines[-1].startswith("The last good configuration can't be read: ")


def test_what_one_process_has_taken_the_others_take(machine: Machine):
    first, second = machine.start(), machine.start()

    machine.write(BETTER)
    first.look()
    second.look()

    assert first.every == second.every == 20 * MINUTES
    assert len(machine.taken()) == 2


def test_what_was_used_before_may_come_back_although_a_reminder_goes_with_it(machine: Machine):
    machine.write(SILENT)
    process = machine.start()
    machine.write(GOOD)
    process.look()

    machine.write(SILENT)
    process.look()

    assert process.every is None
    assert machine.taken()[0].change == "severities.sev1.update_every 15m → nothing"


def test_the_text_of_a_file_with_the_value_of_a_secret_is_not_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WEB_TOKEN", "correct-horse-battery-staple")
    machine.write(f"{GOOD}# correct-horse-battery-staple\n")

    machine.start()

    assert [it.text for it in machine.taken()] == [None]


def test_what_needs_a_restart_is_named_until_then(machine: Machine):
    process = machine.start()
    machine.write(f"{GOOD}web: {{port: 3001}}\ndelivery: {{senders: 8}}\n")
    process.look()

    assert process.configuration.note() == "a restart is needed for web.port, delivery.senders"
    assert machine.start().configuration.note() == ""


PAGED = f"""{ADMIN}teams: {{imoc: {{channel: C0IMOC, pagerduty: {{service: PSVC1}}}}}}
severities:
  sev1: {{update_every: 15m, page: [imoc]}}
pagerduty: {{from: ana@example.com}}
"""


@pytest.mark.parametrize(
    ("put", "told"), [("", True), (", page: []", False)], ids=["the key is gone", "said by name"]
)
def test_a_severity_that_pages_nobody_any_more_says_so_or_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, put: str, *, told: bool
):
    monkeypatch.setenv("PAGERDUTY_API_TOKEN", "none-at-all")
    machine.write(PAGED)
    process = machine.start()

    machine.write(PAGED.replace(", page: [imoc]", put))
    process.look()

    mistakes = [it for message in machine.told() for it in message["facts"]["mistakes"]]
    why = (
        "4: severities.sev1.page: sev1 would page nobody any more. If you mean that, write "
        "`severities: {sev1: {page: []}}`."
    )
    assert mistakes == ([f"{machine.file}:{why}"] if told else [])
