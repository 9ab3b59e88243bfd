"""Each former word is read as the current one."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.adapters.slack import payloads
from bot.app.settings import load
from bot.config import Settings
from bot.domain import former_words
from bot.domain.policy import Timers
from bot.domain.postmortem.follow_up import Category
from bot.testing import SpyKit
from tests.plugins.test_ways_of_speaking import CHANNEL, busy
from tests.runbook.library import Library


def read(folder: Path, text: str) -> Settings:
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return load(folder / "config.yaml", {})


def pressed(spy: SpyKit, words: str) -> None:
    body = {"trigger_id": "t1", "user": {"id": "U0KIM"}, "channel": {"id": CHANNEL}, "message": {"ts": "5.5"}}
    request = payloads.press({**body, "actions": [{"type": "button", "value": words}]})
    assert request
    spy.request(request)


def test_former_words_are_read_for_a_year():
    assert date(2027, 11, 30) == former_words.READ_UNTIL


@pytest.mark.parametrize(("former", "current"), former_words.TIMERS.items())
def test_a_timer_is_set_by_its_former_name(tmp_path: Path, former: str, current: str):
    value = "[3d, 12h]" if current == "cover_reminders" else "7m"

    timers = read(tmp_path, f"timers: {{{former}: {value}}}\n").policy().timers

    assert timers == read(tmp_path, f"timers: {{{current}: {value}}}\n").policy().timers
    assert timers != Timers()


def test_the_current_name_of_a_timer_wins(tmp_path: Path):
    settings = read(tmp_path, "timers: {channel_rest: 4m, room_rest: 7m}\n")

    assert settings.policy().timers.channel_rest == timedelta(minutes=4)


@pytest.mark.parametrize(("former", "current"), former_words.RECIPIENTS.items())
def test_a_milestone_speaks_to_the_channel_by_its_former_word(tmp_path: Path, former: str, current: str):
    settings = read(tmp_path, f"milestones: [{{name: x, when: 1m, to: {former}, message: Look.}}]\n")

    assert [it.to for it in settings.policy().milestones] == [current]


def test_a_milestones_former_placeholders_are_read(tmp_path: Path):
    words = "'{id} {{ name }} is {severity}, {id'"

    settings = read(tmp_path, f"milestones: [{{name: x, when: 1m, message: {words}}}]\n")

    assert settings.policy().milestones[0].message == "{{ id }} {{ name }} is {{ severity }}, {id"


@pytest.mark.parametrize(("former", "current"), former_words.INCIDENT_FIELDS.items())
def test_a_runbook_reads_a_field_of_the_incident_by_its_former_name(
    tmp_path: Path, former: str, current: str
):
    filled = Library(tmp_path).fill(f"In {{{{ incident.{former} }}}}.\n", {current: "inc-1-checkout"})

    assert filled == "In inc-1-checkout."


@pytest.mark.parametrize("former", former_words.COMMANDS)
def test_a_button_with_a_former_command_works(former: str):
    spy = busy()

    pressed(spy, f"{former}1 recovery")

    with spy.tx() as tx:
        [follow_up] = [it for it in tx.session.follow_ups.of(1) if it.number == 1]
        assert follow_up.category is Category.RECOVERY
