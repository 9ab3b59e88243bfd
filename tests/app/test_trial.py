"""What is wrong with a changed policy or template is found before it is used, on what happened in the last day."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.live.trial import Flaw, Setup, try_out
from bot.domain.policy import Policy, Severity
from bot.testing import SpyKit
from tests.support.folders import TEMPLATES
from tests.support.templates import shipped

Tried = Callable[..., list[Flaw]]


@pytest.fixture
def tried(spy: SpyKit) -> Tried:
    def tried(policy: Policy, *folders: Path) -> list[Flaw]:
        usual = shipped(spy.clock)
        templates = JinjaTemplates([*folders, TEMPLATES], clock=spy.clock) if folders else usual
        used = Setup(policy=spy.policy, templates=usual, registry=spy.registry)
        new = Setup(policy=policy, templates=templates, registry=spy.registry)
        return list(try_out(new, instead_of=used, sessions=spy.sessions, now=spy.clock.now()))

    return tried


def test_what_is_in_use_has_no_fault(spy: SpyKit, channel: str, tried: Tried):
    spy.say("page @raj please help", by="U0ANA", channel=channel)
    spy.pass_time(minutes=40)

    assert tried(spy.policy) == []


def test_a_template_that_cannot_be_drawn_is_named_with_its_line(spy: SpyKit, tried: Tried, tmp_path: Path):
    (tmp_path / "incident").mkdir()
    (tmp_path / "incident/card.j2").write_text("fine\n{{ incidnet.id }}", encoding="utf-8")

    assert [it.sentence for it in tried(spy.policy, tmp_path)] == [
        f"{tmp_path}/incident/card.j2:2: 'incidnet' is undefined"
    ]


def test_what_raises_for_an_incident_of_the_last_day_is_named(spy: SpyKit, channel: str, tried: Tried):
    broken = replace(spy.policy, timers=replace(spy.policy.timers, roll_back_severities=None))
    before = tried(broken)
    spy.say('incident cause "the new release"', by="U0ANA", channel=channel)

    found = [it.sentence for it in tried(broken)]

    assert before == []
    [why] = found
    assert re.fullmatch(r"the agenda of INC-1 can't be made: TypeError in reminders.py:\d+", why)


def test_what_also_raises_with_what_is_in_use_is_no_reason(spy: SpyKit, channel: str, tried: Tried):
    spy.say('incident cause "the new release"', by="U0ANA", channel=channel)
    broken = replace(spy.policy, timers=replace(spy.policy.timers, roll_back_severities=None))
    spy.policy = broken

    assert tried(broken) == []


def test_an_incident_that_was_over_before_the_last_day_is_not_tried(spy: SpyKit, channel: str, tried: Tried):
    spy.say('incident cause "the new release"', by="U0ANA", channel=channel)
    spy.say("incident resolve rolled back", by="U0ANA", channel=channel)
    spy.pass_time(hours=30)

    assert tried(replace(spy.policy, timers=replace(spy.policy.timers, roll_back_severities=None))) == []


def test_a_reminder_that_vanishes_is_named_with_the_keys_that_can_be_the_cause(spy: SpyKit, tried: Tried):
    quiet = {**spy.policy.severities, "sev3": Severity(key="sev3")}

    due, late = tried(replace(spy.policy, severities=quiet))

    assert due.sentence == (
        "the reminder *the update is due (sev3)* would vanish. If you mean that, write "
        "`severities: {sev3: {update_every: never}}`"
    )
    assert due.keys[0] == late.keys[0] == "severities.sev3"


def test_nothing_is_written_or_sent(spy: SpyKit, channel: str, tried: Tried):
    before = spy.sessions.queued()

    tried(replace(spy.policy, severities={}))

    assert spy.sessions.queued() == before
