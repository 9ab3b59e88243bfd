"""`spy init` over real HTTP: what it finds, what it asks, what it leaves out, and when it writes nothing."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.pagerduty.vendor import PagerDutySection
from bot.app.check import check
from bot.app.init import CannotInit, init
from bot.app.settings import load
from bot.config import Settings
from bot.config.vendors import TrackerSection
from bot.sandbox import Box
from bot.sandbox.faults import http, rate_limited
from bot.sandbox.pagerduty.account import PagerDutyPolicy, PagerDutyService
from bot.sandbox.slack.world import BOT_USER, SlackChannel
from tests.e2e.bot_process import OURS
from tests.support.folders import ROOT

pytestmark = pytest.mark.parametrize("box", ["socket"], indirect=True)

WORDLESS = "🔥 'quoted': \"twice\" # {no} \u2028 comment\t- & *all*"


def environment(box: Box, folder: Path, **changes: str) -> dict[str, str]:
    return {**box.environment(), "DATABASE_URL": f"sqlite:///{folder / 'spy.db'}", **changes}


def written(box: Box, folder: Path, **changes: str) -> tuple[str, Settings]:
    """Let `spy init` write a file, nobody being asked. Return its text and the settings that Spy reads in it."""
    around = environment(box, folder, **changes)
    init(load(None, around), folder / "config.yaml", force=False, choose=None)
    return folder.joinpath("config.yaml").read_text(encoding="utf-8"), load(folder / "config.yaml", around)


def refusal(box: Box, folder: Path, **changes: str) -> list[str]:
    with pytest.raises(CannotInit) as refused:
        written(box, folder, **changes)
    assert list(folder.glob("*config*")) == []
    return list(refused.value.lines)


def add_channel(box: Box, name: str, *, with_bot: bool = True, private: bool = False) -> SlackChannel:
    members = {"U0ANA": None, **({BOT_USER: None} if with_bot else {})}
    made = SlackChannel(
        id=f"C9{len(box.slack.state.channels)}", name=name, is_private=private, members=members
    )
    box.slack.state.channels[made.id] = made
    return made


def add_service(box: Box, name: str) -> str:
    number = len(box.pagerduty.account.policies) + 1
    policy = PagerDutyPolicy(id=f"PPOL{number}", name=f"{name} policy", levels=("PUANA",))
    box.pagerduty.account.policies[policy.id] = policy
    service = PagerDutyService(id=f"PSVC{number}", name=name, policy=policy.id)
    box.pagerduty.account.services[service.id] = service
    return service.id


# --- what it finds ---


def test_what_it_writes_passes_every_check(box: Box, tmp_path: Path):
    _, settings = written(box, tmp_path)

    assert [it for it in (*settings.results(), *check(settings)) if not it.well] == []


def test_channels_services_policies_and_schedules_are_found(box: Box, tmp_path: Path):
    _, settings = written(box, tmp_path)

    policy = settings.policy()
    payments = policy.teams["payments"]
    assert policy.announce == "C0INCIDENTS"
    assert policy.command_team == "imoc"
    assert policy.severities["sev1"].page == ("imoc",)
    assert (payments.channel, payments.service) == ("C0PAY", "PSVC2")
    assert (payments.escalation_policy, payments.schedule) == ("PPOL2", "PSCH2")
    assert settings.of_vendors["pagerduty"] == PagerDutySection.model_validate({"from": "spy@example.com"})
    assert settings.of_vendors["github"] == TrackerSection(repository="acme/postmortems")


def test_who_owns_pagerdutys_token_is_admin(box: Box, tmp_path: Path):
    people = box.slack.state.people
    people["U0ANA"] = replace(people["U0ANA"], name="spy")  # the owner's e-mail is spy@example.com

    _, settings = written(box, tmp_path)

    assert settings.permissions.admin == ("U0ANA",)


def test_a_token_of_the_account_pages_in_the_name_of_a_user_like_spy(box: Box, tmp_path: Path):
    box.faults.inject("pagerduty", "GET /users/me", http(400))

    text, settings = written(box, tmp_path)

    assert settings.of_vendors["pagerduty"] == PagerDutySection.model_validate({"from": "spy@example.com"})
    assert "a guess: any PagerDuty user" in text


def test_a_channel_on_the_second_page_is_found(box: Box, tmp_path: Path):
    for number in range(600):
        add_channel(box, f"project-{number}")
    channel, service = add_channel(box, "search-oncall"), add_service(box, "Search (production)")

    _, settings = written(box, tmp_path)

    assert box.calls("slack").count("conversations.list") == 2
    assert settings.policy().teams["search"].channel == channel.id
    assert settings.policy().teams["search"].service == service


def test_slacks_limit_is_waited_for(box: Box, tmp_path: Path):
    box.faults.inject("slack", "conversations.list", rate_limited(1))

    _, settings = written(box, tmp_path)

    assert settings.slack.announce == "C0INCIDENTS"


def test_a_channel_that_is_archived_private_or_not_there_leaves_its_service_in_a_comment(
    box: Box, tmp_path: Path
):
    add_channel(box, "search").is_archived = True
    add_channel(box, "billing", with_bot=False, private=True)
    services = [add_service(box, name) for name in ("Search", "Billing", "Nowhere")]

    text, settings = written(box, tmp_path)

    assert set(settings.teams) == {"imoc", "payments"}
    assert all(f"service: {it}" in text for it in services)


def test_a_private_channel_with_spy_in_it_is_found(box: Box, tmp_path: Path):
    channel = add_channel(box, "billing", private=True)
    add_service(box, "Billing")

    _, settings = written(box, tmp_path)

    assert settings.policy().teams["billing"].channel == channel.id


def test_a_channel_without_spy_says_how_to_invite_it(box: Box, tmp_path: Path):
    box.slack.remove_bot("payments")

    around = environment(box, tmp_path)
    lines = init(load(None, around), tmp_path / "config.yaml", force=False, choose=None)

    assert "Spy is not in these channels: #payments. In each, say /invite @spy." in lines
    assert "say /invite @spy there" in (tmp_path / "config.yaml").read_text(encoding="utf-8")


def test_services_of_one_channel_are_one_team(box: Box, tmp_path: Path):
    also = add_service(box, "Payments API")

    text, settings = written(box, tmp_path)

    assert settings.policy().teams["payments"].service == "PSVC2"
    assert f"{also} (Payments API)" in text


def test_a_signing_secret_without_an_app_token_means_http(box: Box, tmp_path: Path):
    text, settings = written(box, tmp_path, SLACK_APP_TOKEN="")

    assert settings.slack.mode == "http"
    assert "# public_url: " in text


def test_without_a_github_token_the_file_says_how_to_add_it(box: Box, tmp_path: Path):
    text, settings = written(box, tmp_path, GITHUB_TOKEN="")

    assert settings.tracker is None
    assert "set GITHUB_TOKEN and name a repository" in text


def test_a_workspace_with_nothing_to_find_still_gets_a_file(box: Box, tmp_path: Path):
    box.pagerduty.account.services.clear()
    box.pagerduty.account.policies.clear()
    box.pagerduty.account.users.clear()
    box.faults.inject("pagerduty", "GET /users/me", http(400))
    box.slack.state.usergroups.clear()
    for channel in list(box.slack.state.channels.values()):
        channel.is_archived = True

    text, settings = written(box, tmp_path)

    assert (settings.teams, settings.pager, settings.slack.announce) == ({}, None, None)
    assert "# announce: " in text
    assert "# command_team: " in text


# --- odd names ---


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("équipe-café", "equipe-cafe"),
        ("決済", "team-psvc3"),
        ("on", '"on"'),
        ("null", '"null"'),
        ("12", '"12"'),
        ("xoxb-12345678", "team-psvc3"),
        (f"cart {WORDLESS}", "cart-quoted-twice-no-comment-all"),
        ("x" * 80, "x" * 80),
    ],
)
def test_any_name_gives_a_file_that_spy_reads(box: Box, tmp_path: Path, name: str, key: str):
    channel = add_channel(box, name)
    service = add_service(box, name)

    text, settings = written(box, tmp_path)

    found = {it.channel: it.pagerduty.service for it in settings.teams.values() if it.pagerduty}
    assert found[channel.id] == service
    assert f"  {key}:\n" in text


def test_two_names_that_become_one_get_numbers(box: Box, tmp_path: Path):
    for name in ("cafe", "café"):
        add_channel(box, name)
        add_service(box, name)

    _, settings = written(box, tmp_path)

    assert {"cafe", "cafe-2"} <= set(settings.teams)


def test_no_secret_is_in_the_file(box: Box, tmp_path: Path):
    add_service(box, "xoxb-12345678 https://ana:hunter2@example.com")

    text, _ = written(box, tmp_path)

    around = environment(box, tmp_path)
    secrets = [value for name, value in around.items() if name.endswith(("TOKEN", "SECRET"))]
    assert [it for it in (*secrets, "xoxb-1234", "hunter2") if it in text] == []


# --- what it asks ---


class Answers:
    """Answers questions with the options at these positions, and keeps what was asked."""

    def __init__(self, *positions: int | None) -> None:
        self._left = list(positions)
        self.asked: list[tuple[str, Sequence[str]]] = []

    def __call__(self, question: str, options: Sequence[str]) -> int | None:
        self.asked.append((question, options))
        return self._left.pop(0)


def test_it_asks_nothing_that_it_can_find(box: Box, tmp_path: Path):
    answers = Answers()

    init(load(None, environment(box, tmp_path)), tmp_path / "config.yaml", force=False, choose=answers)

    assert answers.asked == []


def test_of_two_channels_that_fit_equally_well_a_person_chooses(box: Box, tmp_path: Path):
    add_channel(box, "search-team")
    wanted = add_channel(box, "search-squad")
    add_service(box, "Search")
    answers, around = Answers(0), environment(box, tmp_path)

    init(load(None, around), tmp_path / "config.yaml", force=False, choose=answers)

    assert answers.asked == [
        ("Which channel belongs to the PagerDuty service Search?", ["#search-squad", "#search-team"])
    ]
    assert load(tmp_path / "config.yaml", around).policy().teams["search"].channel == wanted.id


def test_with_nobody_to_ask_the_likeliest_is_taken_and_the_file_says_so(box: Box, tmp_path: Path):
    add_channel(box, "search-squad")
    other = add_channel(box, "search-team")
    add_service(box, "Search")

    text, settings = written(box, tmp_path)

    assert "search" in settings.teams
    assert f"a guess; also: #search-team ({other.id})" in text


def test_none_of_these_leaves_a_comment(box: Box, tmp_path: Path):
    for name in ("search-team", "search-squad"):
        add_channel(box, name)
    service = add_service(box, "Search")

    around = environment(box, tmp_path)
    init(load(None, around), tmp_path / "config.yaml", force=False, choose=Answers(None))

    assert "search" not in load(tmp_path / "config.yaml", around).teams
    assert f"service: {service}" in (tmp_path / "config.yaml").read_text(encoding="utf-8")


def test_where_no_team_is_likely_to_lead_nobody_is_paged(box: Box, tmp_path: Path):
    del box.pagerduty.account.services["PSVC1"]
    add_channel(box, "search")
    add_service(box, "Search")

    text, settings = written(box, tmp_path)

    assert (settings.command_team, settings.severities["sev1"].page) == (None, ())
    assert "# command_team: " in text


# --- when it writes nothing ---


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "environment: SLACK_BOT_TOKEN is empty"),
        ({"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": ""}, "environment: SLACK_APP_TOKEN is empty"),
        ({"PAGERDUTY_API_TOKEN": ""}, "environment: PAGERDUTY_API_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": "xoxb-old"}, "Slack: SLACK_BOT_TOKEN → Slack refuses SLACK_BOT_TOKEN."),
        ({"SLACK_APP_TOKEN": "xapp-old"}, "Slack: SLACK_APP_TOKEN → Slack refuses SLACK_APP_TOKEN."),
        ({"PAGERDUTY_API_TOKEN": "old"}, "PagerDuty refuses the token."),
        ({"GITHUB_TOKEN": "old"}, "GitHub refuses the token in GITHUB_TOKEN."),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "Slack did not answer"),
        ({"PAGERDUTY_API_URL": "http://127.0.0.1:9"}, "PagerDuty did not answer"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9"}, "GitHub did not answer"),
    ],
)
def test_a_token_or_a_vendor_that_fails_is_a_sentence_and_no_file(
    box: Box, tmp_path: Path, changes: Mapping[str, str], said: str
):
    assert any(said in line for line in refusal(box, tmp_path, **changes))


def test_a_long_pause_is_not_waited_for(box: Box, tmp_path: Path):
    box.faults.inject("slack", "conversations.list", rate_limited(3600))

    assert refusal(box, tmp_path) == ["Slack's limit for conversations.list. Try again in a few minutes."]


def test_a_missing_scope_is_named(box: Box, tmp_path: Path):
    box.slack.scopes.discard("channels:read")

    [line] = refusal(box, tmp_path)

    assert line.startswith("Spy lacks Slack's permission channels:read. Add it under")


def test_a_file_that_is_there_stays(box: Box, tmp_path: Path):
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")

    with pytest.raises(CannotInit, match="is there already, and stays as it is"):
        written(box, tmp_path)

    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == "mine"
    assert box.exchanges == []


def test_force_replaces_the_file(box: Box, tmp_path: Path):
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    around = environment(box, tmp_path)

    init(load(None, around), tmp_path / "config.yaml", force=True, choose=None)

    assert load(tmp_path / "config.yaml", around).command_team == "imoc"


def test_a_folder_that_is_not_there_is_a_sentence(box: Box, tmp_path: Path):
    around = environment(box, tmp_path)

    with pytest.raises(CannotInit, match="can't be written: No such file or directory"):
        init(load(None, around), tmp_path / "nowhere" / "config.yaml", force=False, choose=None)


# --- the command ---


def command(box: Box, folder: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    around = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    env = {**around, **environment(box, folder), "PYTHONPATH": str(ROOT)}
    return [sys.executable, "-m", "bot", "init", *words], env


def test_the_command_writes_the_file_and_says_what_comes_next(box: Box, tmp_path: Path):
    words, env = command(box, tmp_path, "--output", "other.yaml")

    ran = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "Then: spy check --config other.yaml"
    assert load(tmp_path / "other.yaml", env).command_team == "imoc"


def test_the_command_ends_with_1_where_nothing_was_written(box: Box, tmp_path: Path):
    words, env = command(box, tmp_path)

    ran = subprocess.run(
        words, cwd=tmp_path, env={**env, "GITHUB_TOKEN": "old"}, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stderr) == (1, "GitHub refuses the token in GITHUB_TOKEN.\n")
    assert list(tmp_path.glob("*.yaml*")) == []


def test_at_a_terminal_the_command_asks_by_number(box: Box, tmp_path: Path):
    for name in ("search-team", "search-squad"):
        wanted = add_channel(box, name)
    add_service(box, "Search")
    words, env = command(box, tmp_path)
    ours, theirs = pty.openpty()

    with subprocess.Popen(words, cwd=tmp_path, env=env, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        os.write(ours, b"7\n1\n")
        said = b""
        with contextlib.suppress(OSError):  # the terminal is closed when the command ends
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)

    assert b"Type a number from 0 to 2." in said
    assert load(tmp_path / "config.yaml", env).policy().teams["search"].channel == wanted.id
