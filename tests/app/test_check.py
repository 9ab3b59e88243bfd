"""What `spy check` says of plugins: which are left out, and which declare what is declared already."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.database import Database, open_engine
from bot.app.check import check
from bot.app.permissions import permission_checks, who_may
from bot.app.settings import load
from bot.config import Settings
from bot.ports import CheckResult
from bot.services.changes.changes import Changes
from bot.services.changes.locks import Locks
from bot.services.transaction import Transaction
from bot.testing import POLICY
from tests.support.folders import PLUGINS

PLUGIN = '''"""Ours."""
from bot.commands.command import command
from bot.commands.reply import Reply


@command({usage!r})
def ours({parameters}) -> Reply:
    """Do it."""
    return Reply("ours/done")
'''


def looked(folder: Path, source: str) -> list[CheckResult]:
    """Check a configuration with one plugin of its own; give what is said of plugins."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "ours.py").write_text(source, encoding="utf-8")
    (folder / "words" / "ours").mkdir(parents=True)
    (folder / "words" / "ours" / "done.j2").write_text("Done.", encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text("plugins: [plugins]\ntemplates: [words]\n", encoding="utf-8")
    settings = load(config, {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}"})
    return [it for it in check(settings) if it.what.startswith("Plugin")]


def test_plugins_that_are_well_are_one_line(tmp_path: Path):
    results = looked(tmp_path, PLUGIN.format(usage="coffee", parameters=""))

    assert [it.well for it in results] == [True]
    assert results[0].what.startswith("Plugins: ")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import nothing_of_the_kind", "No module named 'nothing_of_the_kind'"),
        ("raise SystemExit(1)", "it ends the program when it is loaded"),
        ("def broken(:", "invalid syntax"),
        (PLUGIN.format(usage="coffee <cups>", parameters=""), "no parameter for cups"),
    ],
)
def test_a_plugin_that_is_left_out_is_named_with_the_reason(tmp_path: Path, source: str, why: str):
    [trouble] = [it for it in looked(tmp_path, source) if not it.well]

    assert trouble.what.startswith(f"Plugin left out: {tmp_path / 'plugins' / 'ours.py'}:")
    assert why in trouble.what
    assert trouble.cure == "Fix it: a running Spy loads it then."


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ('Reply("ours/dnoe")', "ours/dnoe.j2"),
        ('Reply("done", {"a": 1}, shared=True)', "done.j2"),
        ('Fill("ours/done", "ours")', "ours/done.form.j2"),
    ],
)
def test_a_command_whose_words_are_missing_is_named_with_the_template(
    tmp_path: Path, answer: str, missing: str
):
    source = PLUGIN.format(usage="coffee", parameters="").replace('Reply("ours/done")', answer)

    [trouble] = [it for it in looked(tmp_path, source) if not it.well]

    assert trouble.what == f"Plugin: {tmp_path / 'plugins' / 'ours.py'}:9: there is no template {missing}"
    assert trouble.cure == f"Write {missing} in a folder that `templates:` names."


@pytest.mark.parametrize("usage", ["incident list", "tldr|summary", "incident (me|reset)", "help"])
def test_a_plugin_that_redefines_a_command_is_named_with_the_one_that_it_meets(tmp_path: Path, usage: str):
    [trouble] = [it for it in looked(tmp_path, PLUGIN.format(usage=usage, parameters="")) if not it.well]

    assert trouble.what.startswith(f"Plugin left out: {tmp_path / 'plugins' / 'ours.py'}:6: `")
    assert f"is a command already, in {PLUGINS}/" in trouble.what


# --- who may do what --------------------------------------------------------------------------------------


def configured(folder: Path, permissions: str) -> Settings:
    file = folder / "config.yaml"
    file.write_text(f"permissions: {permissions}\n")
    return load(file, {})


def test_the_table_of_roles_has_a_line_for_each_role_that_commands_need(tmp_path: Path):
    lines = list(permission_checks(configured(tmp_path, "{operator: [U0ANA, S0SRE]}")))

    assert [it.what.partition(": ")[2].partition(" (")[0] for it in lines] == [
        "everyone",
        "member",
        "responder",
        "commander",
        "operator",
        "admin",
    ]
    assert lines[4].what == "Who may: operator (S0SRE, U0ANA)"
    assert 'failover "what"' in lines[4].notes[0]


def test_where_nobody_is_operator_the_cure_is_named(tmp_path: Path):
    lines = [it.what for it in permission_checks(configured(tmp_path, "{}"))]

    assert "Who may: operator (nobody yet: name people in permissions.operator)" in lines


def test_a_role_for_commands_that_do_not_exist_is_named(tmp_path: Path):
    settings = configured(tmp_path, '{admin: [U0ANA], commands: {pgae: responder, "failover *": admin}}')

    assert [it.what for it in permission_checks(settings) if not it.well] == [
        "Who may: no command begins with `pgae` (permissions.commands)"
    ]
    assert who_may(settings, ["failover", "abort"]) == [
        "failover abort [<run>]: admin, those that `admin:` names (U0ANA)"
    ]


def test_a_commands_line_says_who_may_run_it(tmp_path: Path):
    settings = configured(tmp_path, "{}")

    assert who_may(settings, ["page"]) == [
        'page (:team|@person) "message": member, every member of the workspace'
    ]
    assert who_may(settings, ["dance"]) == []


def test_it_says_how_long_what_is_kept_and_what_was_pruned(tmp_path: Path, sqlite_url: str):
    (tmp_path / "config.yaml").write_text("retention: {closed_incidents: 2y, private_incidents: 90d}\n")
    settings = load(tmp_path / "config.yaml", {"DATABASE_URL": sqlite_url})
    engine = open_engine(sqlite_url)
    with Database(engine).begin() as session:
        session.pruning.add("closed incidents", 7, at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
        session.pruning.add("closed incidents", 5, at=datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    engine.dispose()

    [line] = [it for it in check(settings) if it.what.startswith("Retention")]

    assert (
        line.what == "Retention: closed incidents 2 years, private ones 90 days, audit log for ever, "
        "shifts and pages 400 days, messages 90 days"
    )
    assert line.notes == ("pruned so far: 12 closed incidents, last on 2026-11-24 12:00 UTC",)


# --- services ---------------------------------------------------------------------------------------------

SERVICES = """
pagerduty: {from: spy@example.com}
teams: {payments: {channel: C0PAY}}
services:
  checkout: {team: payments, repositories: [acme/till], runbooks: [restrt-db]}
  cart: {repositories: [acme/cart]}
  search: {}
failover:
  till:
    usage: till
    lock: chekout
    steps: [{name: go, run: {command: ["true"]}, undo: {command: ["true"]}}]
"""


def test_services_that_nothing_knows_and_names_that_no_service_has_are_named(tmp_path: Path, sqlite_url: str):
    config = tmp_path / "config.yaml"
    config.write_text(SERVICES, encoding="utf-8")
    settings = load(config, {"DATABASE_URL": sqlite_url})
    now = datetime.now(tz=UTC)
    with Database(open_engine(sqlite_url)).begin() as session:
        tx = Transaction(session=session, now=now, policy=POLICY)
        Locks(tx).lock("carts", "by hand", by="U0ANA")
        for title, service in (("deploy 1", "till"), ("deploy 2", "docs"), ("deploy 3", "checkout")):
            Changes(tx).record(title, by="U0ANA", service=service)

    found = [it for it in check(settings) if it.what.startswith(("Service", "Lock", "Changes:", "Failover"))]

    assert {it.what: it.well for it in found} == {
        "Services: 3": True,
        "Service checkout: there is no runbook restrt-db": False,
        "Service cart: it has no team": True,
        "Service search: no team, repository, runbook or plan knows it": False,
        "Failover till: 1 step, no point of no return": True,
        "Failover till: nobody holds the role operator, so nobody may propose it": False,
        "Failover till: its lock chekout is no service": False,
        "Lock: carts is locked, and no service has that name": False,
        "Changes: 1 change of till, which is no service": False,
        "Changes: 1 other name is no service": True,
    }
    cures = {it.what: it.cure for it in found}
    assert cures["Service checkout: there is no runbook restrt-db"].endswith("Did you mean restart-db?")
    assert cures["Failover till: its lock chekout is no service"].endswith("Did you mean checkout?")
    assert cures["Changes: 1 change of till, which is no service"].startswith("Did you mean checkout?")


def test_without_a_list_nothing_is_said_of_services(tmp_path: Path, sqlite_url: str):
    config = tmp_path / "config.yaml"
    config.write_text("{}", encoding="utf-8")

    found = check(load(config, {"DATABASE_URL": sqlite_url}))

    assert not [it for it in found if it.what.startswith(("Service", "Lock", "Changes:"))]


# --- safety reminders -------------------------------------------------------------------------------------


def test_safety_reminders_that_are_switched_off_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    file = tmp_path / "config.yaml"
    file.write_text("timers: {switched_off: [relief]}\nseverities: {sev4: {update_every: never}}\n")

    lines = [it.what for it in check(load(file, {})) if it.what.startswith("Safety")]

    assert lines == ["Safety reminders that are switched off: relief, updates of sev4"]
