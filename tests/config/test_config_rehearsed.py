"""A team's own configuration in the sandbox: its words and rules stay, its people and addresses don't come along."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app.settings import find_vendors, load
from bot.config import Settings
from bot.config.rehearsed import rehearsed
from bot.sandbox import Box
from tests.support.folders import ROOT

ELSEWHERE = ("us@example.com", "spy.example.com", "C0OURS", "U0REAL", "PREAL", "acme/ours")
PLAN = """
failover:
  pod:
    usage: "pod <pod>"
    params: {pod: {pattern: "[0-9]+"}}
    before: [{check: lag, http: "https://db.example.com/lag/{{ pod }}"}]
    steps:
      - name: drain
        run: {command: {args: [./bin/drain, "{{ pod }}"], env: [DRAIN_TOKEN]}}
        undo: {workflow: {repository: acme/ours, file: undrain.yml}}
        verify: {http: {method: HEAD, url: "{{ env.LB }}/{{ pod }}", expect: {json: {ok: true}}}, within: 3s}
      - {name: look, run: {person: "Is all well?"}}
"""


@pytest.fixture(scope="module")
def boxed() -> dict[str, Any]:
    with Box(sites=True) as box:
        configured: dict[str, Any] = yaml.safe_load(box.company_yaml())
    return configured


def tried(folder: Path, text: str, boxed: dict[str, Any]) -> Settings:
    """Read it as the bot in the sandbox does."""
    own, made = folder / "own.yaml", folder / "made.yaml"
    own.write_text(text, encoding="utf-8")
    load(own, {})
    made.write_text(yaml.safe_dump(rehearsed(own, boxed, find_vendors())), encoding="utf-8")
    return load(made, {})


def actions(settings: Settings, plan: str) -> dict[str, Any]:
    """Return the first step's own and its check and undo, by kind."""
    step = settings.failover[plan].plan(plan).steps[0]
    return {"run": step.run, "verify": step.verify and step.verify.by, "undo": step.undo}


def test_what_a_plan_calls_is_shown_and_not_called(tmp_path: Path, boxed: dict[str, Any]):
    found = tried(tmp_path, PLAN, boxed)

    assert {key: it.args[1:] for key, it in actions(found, "pod").items()} == {
        "run": ("Not done in the demo:", "./bin/drain", "{{ pod }}"),
        "verify": ("Not done in the demo:", "HEAD", "$LB/{{ pod }}"),
        "undo": ("Not done in the demo:", "workflow", "undrain.yml", "of", "acme/ours"),
    }
    assert {it.args[0] for it in actions(found, "pod").values()} == {"echo"}
    assert not any(it.env for it in actions(found, "pod").values())


def test_a_check_keeps_its_name_and_a_question_its_words(tmp_path: Path, boxed: dict[str, Any]):
    plan = tried(tmp_path, PLAN, boxed).failover["pod"]

    assert [it.check for it in plan.before] == ["lag"]
    assert plan.steps[1].run.person == "Is all well?"


def test_the_programs_of_a_drill_run_where_they_always_do(tmp_path: Path, boxed: dict[str, Any]):
    plan = """
failover:
  practice:
    usage: practice
    drill: true
    steps: [{name: go, run: {command: [./go]}, undo: {command: {args: ["true"], folder: deep}}}]
"""
    found = actions(tried(tmp_path, plan, boxed), "practice")

    assert (found["run"].args, found["run"].folder) == ((str(tmp_path / "go"),), str(tmp_path))
    assert (found["undo"].args, found["undo"].folder) == (("true",), str(tmp_path / "deep"))


def test_teams_keep_their_names_and_live_in_the_sandbox(tmp_path: Path, boxed: dict[str, Any]):
    own = """
slack: {mode: http, announce: C0OURS}
pagerduty: {from: us@example.com}
github: {repository: acme/ours}
people: {U0REAL: ana}
permissions: {admin: [U0REAL]}
web: {host: 0.0.0.0, port: 80, public_url: "https://spy.example.com", runbooks: no}
teams:
  search: {channel: C0OURS1}
  sre: {channel: C0OURS2, pagerduty: {service: PREAL1, escalation_policy: PREAL2}, manager: U0REAL}
command_team: sre
severities: {bad: {update_every: 5m, page: [sre]}}
timers: {channel_rest: 7m}
"""
    found = tried(tmp_path, own, boxed)

    assert list(found.teams) == ["search", "sre"]
    assert found.teams["sre"].channel == "C0IMOC"
    assert found.teams["search"].pagerduty is None
    assert list(found.severities) == ["bad"]
    assert found.web.runbooks is False
    assert not any(it in (tmp_path / "made.yaml").read_text() for it in ELSEWHERE)


def test_one_team_has_the_sandboxs_user_group_and_no_service_is_the_sandboxs(
    tmp_path: Path, boxed: dict[str, Any]
):
    own = """
command_team: sre
teams:
  sre: {channel: C0OURS1}
  search: {channel: C0OURS2, oncall_group: S0OURS1}
  ads: {channel: C0OURS3, oncall_group: S0OURS2}
services: {ads-api: {team: ads}}
"""
    found = tried(tmp_path, own, boxed).policy()

    assert [it.oncall_group for it in found.teams.values()] == [None, "S0PAYONCALL", None]
    assert list(found.services) == ["ads-api"]
    assert not tried(tmp_path, "roles: [scribe]\n", boxed).policy().services


def test_whoever_operates_the_sandbox_has_every_role_that_is_needed(tmp_path: Path, boxed: dict[str, Any]):
    own = (
        PLAN.replace('usage: "pod', 'allow: commander\n    usage: "pod')
        + "permissions: {responder: [U0REAL]}\n"
    )

    found = dict(tried(tmp_path, own, boxed).permissions)

    assert found["commander"] == found["responder"] == found["operator"]
    assert "U0REAL" not in str(found)


def test_folders_are_found_from_where_the_file_stands(tmp_path: Path, boxed: dict[str, Any]):
    for name in ("mine", "words", "books"):
        (tmp_path / name).mkdir()

    found = tried(tmp_path, "plugins: [mine]\ntemplates: [./words]\nrunbooks: [books]\n", boxed)

    assert found.plugins == (tmp_path / "mine",)
    assert found.templates == (tmp_path / "words",)
    assert found.runbooks == (tmp_path / "books",)


@pytest.mark.parametrize(
    "text", ["", "milestones: []\n", "teams: {}\n", "severities: {low: {update_every: 2h}}\n"]
)
def test_what_is_left_out_is_the_sandboxs(tmp_path: Path, boxed: dict[str, Any], text: str):
    found = tried(tmp_path, text, boxed)

    assert list(found.teams) == ["imoc", "payments"]
    assert found.slack.announce == "C0INCIDENTS"


def test_the_example_can_be_tried(tmp_path: Path, boxed: dict[str, Any]):
    found = tried(tmp_path, (ROOT / "config.example.yaml").read_text(encoding="utf-8"), boxed)

    assert {"status-page", "tell-support", "tell-payments"} <= {it.name for it in found.milestones}
    assert "practice" in found.failover
