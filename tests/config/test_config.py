"""Stories of the configuration: what is read, and each mistake with its line."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import config
from bot.adapters.pagerduty.vendor import VENDOR as PAGER
from bot.adapters.pagerduty.vendor import PagerDutyVendor
from bot.app.settings import find_vendors, load
from bot.config import ConfigError
from bot.config.sections import sections_with
from bot.config.vendors import Vendors
from bot.domain.limits import LimitSettings
from bot.domain.policy import Account, Grace, Timers
from tests.config.reading import Read
from tests.support.folders import ROOT

LEAST = """\
slack:     {mode: http, announce: C0INCIDENTS}
pagerduty: {from: spy@example.com}
github:    {repository: acme/postmortems}
teams:
  imoc:     {channel: C0IMOC, pagerduty: {service: PSVC1, escalation_policy: PPOL1, schedule: PSCH1}, manager: U0MGR}
  payments: {channel: C0PAY,  pagerduty: {service: PSVC2, escalation_policy: PPOL2, schedule: PSCH2}}
command_team: imoc
severities:
  sev1: {update_every: 15m, page: [imoc]}
  sev2: {update_every: 30m, page: [imoc]}
  sev3: {update_every: 60m}
permissions: {operator: [U0ANA, S0SRE], admin: [U0ANA]}
"""

Complain = Callable[..., tuple[str, ...]]


@pytest.fixture
def complain(read: Read) -> Complain:
    def complaining(text: str, **variables: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            read(text, **variables)
        return caught.value.lines

    return complaining


def test_the_least_form_becomes_a_policy(read: Read):
    policy = read(LEAST).policy()

    assert policy.team("payments").escalation_policy == "PPOL2"
    assert policy.team("imoc").manager == "U0MGR"
    assert policy.severity("sev2").update_every == timedelta(minutes=30)
    assert policy.severity("sev1").page == ("imoc",)
    assert (policy.command_team, policy.announce) == ("imoc", "C0INCIDENTS")
    assert policy.permissions == {"operator": {"U0ANA", "S0SRE"}, "admin": {"U0ANA"}}


def test_nothing_at_all_is_a_configuration(read: Read):
    settings = read("")

    assert settings.slack.mode == "socket"
    assert settings.web.port == 3000
    assert [(key, s.update_every) for key, s in settings.policy().severities.items()] == [
        ("sev1", timedelta(minutes=15)),
        ("sev2", timedelta(minutes=30)),
        ("sev3", timedelta(minutes=60)),
    ]


def test_a_key_with_nothing_behind_it_is_not_set(read: Read):
    assert read("slack:\nteams:\nweb: {port:}\n").web.port == 3000


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
    ],
)
def test_a_length_of_time_is_a_number_and_a_letter(read: Read, words: str, length: timedelta):
    assert read(f"delivery: {{lease: {words}}}").delivery.lease == length


def test_own_folders_stand_beside_the_file_and_spys_own_come_along(read: Read, tmp_path: Path):
    (tmp_path / "ours").mkdir()

    settings = read("plugins: [plugins, ours]\ntemplates: [ours]")

    assert [folder.name for folder in settings.plugin_folders] == ["plugins", "ours"]
    assert [folder.name for folder in settings.template_folders] == ["ours", "templates"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "\nteams:\n  imoc:\n    chanel: C0IMOC\n",
            "config.yaml:4: teams.imoc.chanel: unknown key. Did you mean channel?",
        ),
        ("team: {}", "config.yaml:1: team: unknown key. Did you mean teams?"),
        (
            "slack: {zzz: 1}",
            "config.yaml:1: slack.zzz: unknown key. Known here: mode, announce.",
        ),
        (
            "teams: {slack: {manager: U0ANA}}",
            "config.yaml:1: teams.slack.channel: is missing. Give the Slack id of the team's channel, such as C0PAY.",
        ),
        ("web:\n  port: many", "config.yaml:2: web.port: must be a whole number, not 'many'."),
        ("web:\n  port: yes", "config.yaml:2: web.port: must be a whole number, not yes or no."),
        ("web: {port: 70000}", "config.yaml:1: web.port: must be less than or equal to 65535."),
        ("web: []", "config.yaml:1: web: must be a section of keys, not a list."),
        ("- web", "config.yaml:1: must be a section of keys, not a list."),
        ("teams: [imoc]", "config.yaml:1: teams: must be a section of keys, not a list."),
        ("slack: {mode: sockets}", "config.yaml:1: slack.mode: must be socket or http, not 'sockets'."),
        (
            "severities:\n  sev1: {update_every: 15}",
            (
                "config.yaml:2: severities.sev1.update_every: "
                "must be a length of time, such as 15m, 2h, 90s or 1d, not the number 15."
            ),
        ),
        (
            "delivery: {lease: 0s}",
            "config.yaml:1: delivery.lease: must be longer than nothing, such as 15m, not '0s'.",
        ),
        (
            "permissions:\n  admin:\n    - U0ANA\n    - ana\n",
            (
                "config.yaml:4: permissions.admin: "
                "'ana' is no user id (U0ANA) nor user group id (S0SRE): in Slack, ⋮, Copy ID."
            ),
        ),
        (
            "permissions: {operater: []}",
            "config.yaml:1: permissions.operater: unknown key. Did you mean operator?",
        ),
        (
            "slack:\n  announce: '#incidents'",
            (
                "config.yaml:2: slack.announce: '#incidents' is no channel id. "
                "It looks like C0PAY: in Slack, the channel's name, About, at the bottom."
            ),
        ),
        (
            "command_team: imoc",
            "config.yaml:1: command_team: there is no team imoc. Describe it under teams:.",
        ),
        (
            "teams: {imoc: {channel: C0IMOC}}\nseverities:\n  sev1:\n    page:\n      - imco\n",
            "config.yaml:5: severities.sev1.page: there is no team imco. Did you mean imoc?",
        ),
        ("plugins: [ours]", "config.yaml:1: plugins: there is no folder ours."),
        (
            "slack:\n  mode: http\n  mode: socket",
            "config.yaml:3: slack.mode: given twice, first in line 2. Keep one.",
        ),
        ("slack: {mode: http\n", "config.yaml:2: not YAML: expected ',' or '}', but got '<stream end>'."),
        ("slack:\n\tmode: http", "config.yaml:2: not YAML: a tab; indent with spaces."),
        ("slack: {}\n---\nweb: {}", "config.yaml:2: not YAML: a second document (---); keep one."),
        ("slack: \x07", "config.yaml:1: a character that YAML does not allow."),
        ("teams: &again {imoc: *again}", "config.yaml:1: teams.imoc: refers to itself."),
        ("a: [" * 3000, "config.yaml:1: nested too deeply."),
        (
            "\n".join(("a0: &a0 [x]", *(f"a{n}: &a{n} [{f'*a{n - 1},' * 20}]" for n in range(1, 9)))),
            "config.yaml:1: more than 100,000 values, with those that aliases repeat.",
        ),
        ("slack: {mode: !env MODE}", "config.yaml:1: slack.mode: `!env` is not understood here."),
        (
            "\nteams:\n  imoc: {channel: C0IMOC, pagerduty: {service: PSVC1}}",
            (
                "config.yaml:3: teams.imoc.pagerduty: needs a section `pagerduty: {from: …}` beside teams:, "
                "to say in whose name pages are made."
            ),
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_key(complain: Complain, text: str, complaint: str):
    assert complaint in complain(text)


def test_all_mistakes_are_told_at_once_in_the_files_order(complain: Complain):
    lines = complain("slack: {mode: sockt}\ncommand_team: imoc\nwebb: {}\n", DATABASE_URL="mysql://db")

    assert [line.partition(": ")[0] for line in lines] == [
        "config.yaml:1",
        "config.yaml:2",
        "config.yaml:3",
        "environment",
    ]


def test_a_misspelt_key_is_told_once(complain: Complain):
    assert len(complain("teams: {imoc: {chanel: C0IMOC}}")) == 1


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            "slack:\n  token: abc-def",
            "config.yaml:2: slack.token: a secret in the file. Put it in SLACK_BOT_TOKEN",
        ),
        (
            "slack: {app_token: a}",
            "config.yaml:1: slack.app_token: a secret in the file. Put it in SLACK_APP_TOKEN",
        ),
        (
            "slack: {signing_secret: a}",
            "config.yaml:1: slack.signing_secret: a secret in the file. Put it in SLACK_SIG",
        ),
        (
            "slack: {mode: xapp-1-A0-abc}",
            "config.yaml:1: slack.mode: a secret in the file. Put it in SLACK_APP_TOKEN",
        ),
        (
            "pagerduty: {api_key: a}",
            "config.yaml:1: pagerduty.api_key: a secret in the file. Put it in PAGERDUTY_API_T",
        ),
        (
            "github: {x: ghp_abcd1234}",
            "config.yaml:1: github.x: a secret in the file. Put it in GITHUB_TOKEN",
        ),
        (
            "heartbeat_url: https://hc-ping.com/3f1c8a52-77aa-4c1b-9a0e-5e2f7d1b2c3d",
            "config.yaml:1: heartbeat_url: a secret in the file. Put it in HEARTBEAT_URL",
        ),
        (
            "heartbeat_url: https://nosnch.in/c2354d53d2",
            "config.yaml:1: heartbeat_url: a secret in the file. Put it in HEARTBEAT_URL",
        ),
        (
            "heartbeat_url: https://m.example.com/spy?token=hush",
            "config.yaml:1: heartbeat_url: a secret in the file. Put it in HEARTBEAT_URL",
        ),
        (
            "heartbeat_url: https://spy:hush@m.example.com/",
            "config.yaml:1: heartbeat_url: a secret in the file. Put it in HEARTBEAT_URL",
        ),
        ("\n# xoxb-12-34-abcdef\n", "config.yaml:2: a secret in the file. Put it in SLACK_BOT_TOKEN"),
        (
            "database: {url: 'postgres://spy:hush@db/spy'}",
            "config.yaml:1: database.url: a secret in the file. Put it",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(complain: Complain, text: str, where: str):
    lines = complain(text)

    assert [line for line in lines if line.startswith(where)]
    assert not any(word in line for line in lines for word in ("abc", "hush", "ghp_", "xoxb"))


def test_a_file_that_is_not_there_is_named_with_the_cure(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file\. Write it with `spy init`"):
        load(tmp_path / "nowhere.yaml", {})


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://spy:hush@db/spy", "postgresql+psycopg://spy:hush@db/spy"),
        (
            "postgresql://postgres:@/postgres?host=/run/pg",
            "postgresql+psycopg://postgres:@/postgres?host=/run/pg",
        ),
        ("sqlite:////var/lib/spy.db", "sqlite:////var/lib/spy.db"),
        ("", "sqlite:///spy.db"),
    ],
)
def test_a_database_is_named_by_its_url(read: Read, given: str, used: str):
    assert read("", DATABASE_URL=given).env.database_url.get_secret_value() == used


@pytest.mark.parametrize(
    "given", ["mysql://root:hush@db/spy", "spy.db", "sqlite://", "postgres://a:hu/sh@db:x/spy"]
)
def test_another_database_is_refused_without_its_password(complain: Complain, given: str):
    (line,) = complain("", DATABASE_URL=given)

    assert line.startswith("environment: DATABASE_URL: ")
    assert "hu" not in line


def test_other_endpoints_may_be_given_with_or_without_a_last_slash(read: Read):
    env = read("", SLACK_API_URL="http://127.0.0.1:1/api", PAGERDUTY_API_URL="http://127.0.0.1:1/pd/").env

    assert (env.slack_api_url, env.url_of(PAGER)) == ("http://127.0.0.1:1/api/", "http://127.0.0.1:1/pd")


def test_running_needs_its_tokens_and_says_where_to_find_them(read: Read):
    settings = read(LEAST, SLACK_BOT_TOKEN="xoxb-invented\n")

    assert [line.split()[1] for line in settings.missing()] == [
        "SLACK_SIGNING_SECRET",
        "PAGERDUTY_API_TOKEN",
    ]
    assert settings.env.slack_bot_token.get_secret_value() == "xoxb-invented"
    assert "Basic Information" in settings.missing()[0]


def test_socket_mode_needs_the_app_token_instead(read: Read):
    assert "SLACK_APP_TOKEN" in read("", SLACK_BOT_TOKEN="xoxb-invented").missing()[0]


def test_swapped_tokens_are_noticed(read: Read):
    missing = read("", SLACK_BOT_TOKEN="xapp-1", SLACK_APP_TOKEN="xoxb-1").missing()

    assert [line.rpartition(". ")[2] for line in missing] == ["Swap the two.", "Swap the two."]


def test_what_can_be_told_without_asking_anybody_is_told(read: Read):
    text = "teams: {imoc: {channel: C0IMOC}}\nseverities: {sev1: {page: [imoc]}}\nslack: {mode: http}"

    results = list(read(text, SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="s").results())

    assert [(result.what.partition(":")[0], result.well) for result in results] == [
        ("Configuration", True),
        ("Team imoc", False),
        ("Announcements", False),
        ("Slack", False),
        ("Dashboard", True),
        ("Heartbeat", True),
        ("Changes come from", True),
        ("Alerts come from", True),
    ]


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://spy.example.com", True),
        ("https://spy.example.com/", True),
        ("http://localhost:3000", True),
        ("http://spy.example.com", False),
        ("https://example.com/spy", False),
    ],
)
def test_an_address_with_a_path_or_where_others_can_listen_is_told(
    read: Read, address: str, *, is_safe: bool
):
    results = read(f"web: {{public_url: '{address}'}}").results()

    assert [it.well for it in results if it.what.startswith("Dashboard")] == [is_safe]


GITHUB = "github: {repository: acme/postmortems}"
ADDRESS = "web: {public_url: https://spy.example.com}"
PAGERDUTY = "pagerduty: {from: spy@example.com}"


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        (GITHUB, {}, "GITHUB_TOKEN is missing (there is a github section). Find it at github.com"),
        (GITHUB, {"GITHUB_TOKEN": " "}, "GITHUB_TOKEN is empty (there is a github section)"),
        (
            f"{GITHUB}\n{ADDRESS}",
            {"GITHUB_TOKEN": "x"},
            "GITHUB_WEBHOOK_SECRET is missing, so Spy does not hear",
        ),
        (f"{PAGERDUTY}\n{ADDRESS}", {}, "PAGERDUTY_WEBHOOK_SECRET is missing, so Spy asks it every 30 s"),
        (f"{PAGERDUTY}\n{ADDRESS}", {"PAGERDUTY_WEBHOOK_SECRET": ""}, "PAGERDUTY_WEBHOOK_SECRET is empty"),
        ("", {"CHANGES_WEBHOOK_SECRET": "\n"}, "CHANGES_WEBHOOK_SECRET is empty, which counts as not set"),
        ("", {"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is empty. Find it at"),
        ("", {"DATABASE_URL": ""}, "DATABASE_URL is empty, which counts as not set"),
    ],
)
def test_what_is_lost_without_a_variable_is_told_in_one_line(
    read: Read, text: str, variables: dict[str, str], said: str
):
    results = [it for it in read(text, **variables).results() if not it.well]

    variable = re.split(r"[: ]", said)[0]
    [line] = [it.what for it in results if variable in it.what]
    assert said in line


def test_without_an_address_a_webhook_is_a_hint_and_no_fault(read: Read):
    results = read(PAGERDUTY, PAGERDUTY_API_TOKEN="x").results()

    assert [it.well for it in results if "PAGERDUTY_WEBHOOK_SECRET" in it.what] == [True]


@pytest.mark.parametrize(
    "url",
    ["https://monitor.example.com/heartbeats/spy-production-2026", "http://10.0.0.7:9000/beat?env=prod"],
)
def test_a_heartbeat_without_a_token_may_stand_in_the_file(read: Read, url: str):
    assert read(f"heartbeat_url: {url}").heartbeat == url


def test_a_heartbeat_of_the_environment_comes_first_and_is_masked(read: Read):
    settings = read("heartbeat_url: https://m.example.com/spy", HEARTBEAT_URL="https://m.example.com/hush")

    assert settings.heartbeat == "https://m.example.com/hush"
    assert "https://m.example.com/hush" in settings.env.secrets()


def test_a_heartbeat_that_is_no_address_is_a_mistake(complain: Complain):
    assert complain("", HEARTBEAT_URL="monitor") == (
        "environment: HEARTBEAT_URL: must begin with https:// (or http://).",
    )
    for wrong in ("monitor", "http://[spy/", "https://:3000/"):
        assert "config.yaml:1: heartbeat_url: " in complain(f"heartbeat_url: '{wrong}'")[0]


def test_settings_show_no_secret(read: Read):
    settings = read("", SLACK_BOT_TOKEN="xoxb-hush", DATABASE_URL="postgres://spy:hush@db/spy")

    assert "hush" not in repr(settings)
    assert settings.env.secrets() == ("xoxb-hush", "hush")


def test_the_example_is_a_configuration_and_names_every_key():
    example = ROOT / "config.example.yaml"

    settings = load(example, {})

    text = example.read_text(encoding="utf-8")
    assert settings.policy().severity("1").page == ("imoc",)
    assert settings.policy().timers == Timers()
    assert not [
        key
        for key in sections_with(find_vendors()).model_fields
        if not re.search(rf"^(# )?{key}:", text, re.MULTILINE)
    ]
    to_support = [it.name for it in settings.policy().milestones if it.to == "support"]
    assert to_support == ["support-document", "support-checks-in"]


# --- timers and milestones --------------------------------------------------------------------------------


def test_limits_are_generous_where_nothing_is_said_and_each_can_be_set(read: Read):
    usual = read("").policy().limits
    given = read("limits: {incidents_per_person: 3, ring_again_after: 0}").policy().limits

    assert usual == LimitSettings()
    assert given == replace(usual, incidents_per_person=3, ring_again_after=timedelta())


def test_timers_and_milestones_have_spys_own_where_nothing_is_said(read: Read):
    policy = read(LEAST).policy()

    assert policy.timers.relief_ask == timedelta(minutes=60)
    assert [it.name for it in policy.milestones] == ["status-page", "postmortem"]
    assert policy.milestones[0].when == (timedelta(seconds=30),)
    assert policy.milestones[0].at_stop


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("timers: {channel_rest: 5}", "15: timers.channel_rest: must be a length of time"),
        ("timers: {night_from: 24}", "15: timers.night_from: must be less than or equal to 23"),
        ("timers: {relief_wran: 4m}", "15: timers.relief_wran: unknown key. Did you mean relief_warn?"),
        (
            "timers: {roll_back_severities: [sev9]}",
            "15: timers.roll_back_severities: there is no severity sev9",
        ),
        ("milestones: [{name: a, when: 2x, message: m}]", "15: milestones.when: must be a length of time"),
        ("milestones: [{name: a, message: m}]", "15: milestones.when: is missing"),
        ("milestones: [{name: a, when: stop}]", "15: milestones: needs one of message and command"),
        (
            "milestones: [{name: a, when: stop, message: m, to: ':x'}]",
            "15: milestones.to: there is no team x",
        ),
        (
            "milestones: [{name: a, when: stop, message: m, unless: tired}]",
            "15: milestones.unless: 'tired' is no",
        ),
        (
            "milestones: [{name: a, when: stop, message: m, severities: [sev9]}]",
            "15: milestones.severities: there is no severity sev9",
        ),
        (
            "milestones: [{name: a, when: 1m, message: m}, {name: a, when: 2m, message: m}]",
            "15: milestones: 'a' is the name of two milestones",
        ),
        (
            "milestones: [{name: a, when: 1m, message: 'of {{ team }}'}]",
            "15: milestones.message: `{{ team }}` can't be filled in here. Known: {{ id }}, {{ name }}, {{ severity }}",
        ),
        (
            "milestones: [{name: a, when: 1m, command: 'incident note {{ id | upper }}'}]",
            "15: milestones.command: `{{ id | upper }}` can't be filled in here.",
        ),
    ],
)
def test_a_bad_timer_or_milestone_is_told_with_its_line_and_key(
    complain: Complain, written: str, complaint: str
):
    lines = complain(f"{LEAST}\n\n{written}\n")

    assert len(lines) == 1
    assert lines[0].startswith(f"config.yaml:{complaint}")


def test_where_postmortems_go_and_by_when(read: Read):
    policy = read(
        LEAST.replace(
            "{repository: acme/postmortems}",
            "{repository: acme/postmortems, milestone: Reliability, copy_to: {repository: acme/handbook}}",
        )
        + "people: {U0ANA: ana-lima}\ntimers: {postmortem_due: {sev1: 2d, sev3: 10bd}}\n"
    ).policy()

    assert policy.postmortem_settings.copy_to == "acme/handbook"
    assert policy.postmortem_settings.copy_folder == "docs/postmortems"
    assert policy.postmortem_settings.logins == {"U0ANA": "ana-lima"}
    assert policy.timers.postmortem_due == {"sev1": Grace(days=2), "sev3": Grace(days=10, business=True)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timers: {postmortem_due: {sev1: soon}}", "must be a number of days, such as 3d, or 5bd"),
        ("timers: {postmortem_due: {sev9: 3d}}", "there is no severity sev9."),
        ("people: {U0ANA: not a login}", "is no GitHub login."),
        ("people: {U0ANA: {github: not a login}}", "is no GitHub login."),
        ("people: {U0ANA: {pagerduty: P U}}", "is no PagerDuty id."),
        ("people: {U0ANA: {email: ana}}", "is no e-mail address."),
        ("people: {U0ANA: {mail: ana@example.com}}", "unknown key. Did you mean email?"),
        ("people: {U0ANA: ana, U0RAJ: Ana}", "'ana' is the github of two people."),
        ("people: {U0ANA: {pagerduty: P1}, U0RAJ: {pagerduty: P1}}", "is the pagerduty of two people."),
        ("github: {repository: acme/x, copy_to: {repository: acme/x, folder: ../up}}", "is no folder"),
    ],
)
def test_a_mistake_about_postmortems_is_told(complain: Complain, text: str, said: str):
    [line] = complain(text)

    assert said in line


def test_people_may_have_other_names_elsewhere(read: Read):
    text = "people: {U0ANA: ana-lima, U0RAJ: {github: raj, pagerduty: PURAJ}, U0KIM: {email: k@example.com}}"

    policy = read(text).policy()

    assert policy.postmortem_settings.logins == {"U0ANA": "ana-lima", "U0RAJ": "raj"}
    assert policy.people == {"U0RAJ": Account(pager_id="PURAJ"), "U0KIM": Account(email="k@example.com")}
    assert policy.person_of(user="PURAJ") == "U0RAJ"
    assert policy.person_of(user="P9", email="K@example.com") == "U0KIM"
    assert policy.person_of(email=None) is None


# --- roles in an incident ---------------------------------------------------------------------------------


def test_there_are_usual_roles_where_nothing_is_said(read: Read):
    assert read(LEAST).policy().roles == ("scribe", "comms lead", "operations lead", "support")


def test_roles_are_those_that_are_listed_and_those_that_milestones_speak_to(read: Read):
    settings = read(
        f"{LEAST}roles: [Scribe, incident-writer]\nmilestones: [{{name: a, when: 1m, to: dba, message: m}}]\n"
    )

    assert settings.policy().roles == ("scribe", "incident writer", "dba")
    assert not any("role dba" in it.what for it in settings.results())


def test_a_milestone_that_speaks_to_a_role_by_nearly_its_name_is_told(read: Read):
    settings = read(f"{LEAST}milestones: [{{name: a, when: 1m, to: scrib, message: m}}]\n")

    told = next(it for it in settings.results() if "role scrib" in it.what)
    assert (told.well, told.cure) == (False, "Did you mean scribe? Else add scrib to `roles`.")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("roles: scribe", "13: roles: must be a list, such as [one, two], not 'scribe'"),
        ("roles: [commander]", "13: roles: 'commander' is the commander, whom an incident has anyway"),
        (f"roles: [{'x' * 41}]", "13: roles: must have 1 to 40 characters, not 'xxx"),
        ("roles: [7]", "13: roles: must be text, not the number 7"),
    ],
)
def test_a_role_that_can_not_be_one_is_named(read: Read, written: str, complaint: str):
    with pytest.raises(ConfigError) as error:
        read(f"{LEAST}{written}\n")

    assert complaint in str(error.value)


class OtherPager(PagerDutyVendor):
    key = "other"


def test_one_pager_is_in_use_at_a_time(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("pagerduty: {from: spy@example.com}\nother: {from: spy@example.com}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"config\.yaml:2: other: is a second pager, beside pagerduty\."):
        config.load(file, {}, Vendors(pagers=(PagerDutyVendor(), OtherPager())))


def test_a_teams_ids_are_those_of_the_pager_in_use(tmp_path: Path):
    file = tmp_path / "config.yaml"
    text = "other: {from: spy@example.com}\nteams: {imoc: {channel: C0IMOC, other: {service: S1}}}\n"
    file.write_text(text, encoding="utf-8")

    settings = config.load(file, {}, Vendors(pagers=(PagerDutyVendor(), OtherPager())))

    assert settings.policy().teams["imoc"].service == "S1"
    assert settings.pager is not None
    assert settings.pager.key == "other"


# --- retention --------------------------------------------------------------------------------------------


def test_spans_are_days_weeks_or_years(read: Read):
    retention = (
        read("retention: {closed_incidents: 2y, private_incidents: 12w, messages: 60d}").policy().retention
    )

    assert (retention.closed_incidents, retention.of_private, retention.audit, retention.messages) == (
        timedelta(days=730),
        timedelta(days=84),
        None,
        timedelta(days=60),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{audit: 2}", "must be a number of days, weeks or years, such as 90d, 12w or 2y"),
        ("{audit: 0d}", "must be a number of days"),
        ("{closed_incidents: 3d}", "must be at least 30d"),
        ("{closed_incidents: 30d, private_incidents: 1y}", "can't be kept longer"),
    ],
)
def test_a_span_that_can_not_be_is_refused(read: Read, given: str, said: str):
    with pytest.raises(ConfigError) as refused:
        read(f"retention: {given}")

    assert said in "\n".join(refused.value.lines)


# --- safety reminders -------------------------------------------------------------------------------------


def test_a_severity_may_say_that_no_update_is_ever_due(read: Read):
    policy = read("severities: {sev1: {update_every: 15m}, sev4: {update_every: never}}").policy()

    assert policy.severities["sev4"].update_every is None
    assert [it.is_quiet for it in policy.severities.values()] == [False, True]


def test_a_safety_reminder_is_switched_off_by_its_name(read: Read):
    assert read("timers: {switched_off: [relief]}").policy().timers.switched_off == ("relief",)


def test_an_unknown_name_of_a_safety_reminder_is_a_mistake(read: Read):
    with pytest.raises(ConfigError, match="switched_off: must be no_commander, page_unanswered, relief or"):
        read("timers: {switched_off: [releif]}")
