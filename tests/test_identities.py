"""An identity is a value. Only the database adapter makes one from a string, because it stores it as a string."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import bot.adapters.database  # noqa: F401  it says how identities are stored
from bot.domain.oncall.shift import SentReminder
from bot.domain.subject import Address, CardOnly, IncidentChannel, MilestoneName, Occurrence, ReminderName
from tests.support.folders import ROOT

CUTS = frozenset({"partition", "rpartition", "split", "rsplit", "removeprefix", "removesuffix", "startswith"})
STORED = ROOT / "bot" / "adapters" / "database"
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "what a vendor sends, or wants": (
        "bot/adapters/alert/credentials.py",
        "bot/adapters/github",
        "bot/adapters/mail",
        "bot/adapters/network/mistakes.py",
        "bot/adapters/pagerduty",
        "bot/adapters/slack",
    ),
    "names of people": ("bot/domain/identity.py",),
    "sentences and names of templates, as Spy stores them": ("bot/app/audit.py", "bot/domain/spoken.py"),
    "where a window of lines ends, in an address": ("bot/web/dashboard/incident.py",),
    "the number in the address of a resource": ("bot/web/mcp/site.py",),
    "headers of requests": ("bot/web/access.py", "bot/web/dashboard/browser.py", "bot/web/public_status.py"),
    "lines of code in a traceback": ("bot/domain/shown_errors.py",),
    "text that is rendered, and output of a program": ("bot/adapters/actions", "bot/adapters/rendering"),
    "runbooks, as an organisation writes them": ("bot/adapters/runbooks", "bot/domain/runbook"),
    "config.yaml and the environment, as people write them": (
        "bot/app/demo.py",
        "bot/app/init",
        "bot/config",
        "bot/domain/failover/plan.py",
        "bot/domain/incident/milestone.py",
        "bot/domain/permission.py",
        "bot/domain/placeholders.py",
    ),
    "names of files and Python modules": (
        "bot/app/live/own_files.py",
        "bot/app/templates.py",
        "bot/web/dashboard/static_files.py",
        "bot/commands/command.py",
        "bot/commands/plugin_files.py",
        "bot/commands/plugin_loading.py",
        "bot/commands/plugins.py",
        "bot/domain/plugin.py",
        "bot/services/incident/page.py",
    ),
    "headers, addresses and the document of HTTP": (
        "bot/adapters/webhooks",
        "bot/web/api/openapi.py",
        "bot/web/api/problem.py",
        "bot/web/api/routes.py",
        "bot/web/bearer.py",
    ),
    "secrets, by how they begin": ("bot/services/tokens.py",),
    "usage lines of commands": ("bot/app/manifest.py", "plugins/help.py"),
    "what people type": (
        "bot/app/say.py",
        "bot/commands/arguments",
        "bot/commands/candidate.py",
        "bot/commands/doubt.py",
        "bot/commands/interpreter.py",
        "bot/domain/former_words.py",
        "bot/domain/grammar/writing.py",
        "bot/domain/incident/likeness.py",
        "bot/domain/incident/name.py",
        "bot/domain/incident/role.py",
        "bot/domain/markup.py",
        "bot/domain/moment.py",
        "bot/domain/service.py",
        "bot/domain/text.py",
        "bot/domain/window.py",
        "bot/services/directory.py",
        "bot/services/failover/failovers.py",
        "bot/services/failover/views.py",
        "bot/services/incident/incidents.py",
        "bot/web/api/incidents.py",
        "bot/web/dashboard/overview.py",
        "bot/web/dashboard/say.py",
        "bot/web/typed.py",
        "plugins/incident.py",
        "plugins/permission.py",
        "plugins/postmortem.py",
    ),
    "a postmortem, as people write it and edit it in GitHub": (
        "bot/domain/postmortem/claims",
        "bot/domain/postmortem/document.py",
        "bot/services/postmortem/claims.py",
    ),
}
"""Files that may cut texts, by what these texts are. None of them is an identity."""


def cuts(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in CUTS:
            yield node.lineno


def files(folder: str) -> Iterator[Path]:
    path = ROOT / folder
    yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def test_only_the_database_adapter_cuts_identities_out_of_strings():
    allowed = {path for folders in ALLOWED.values() for folder in folders for path in files(folder)}
    code = [path for folder in ("bot", "plugins") for path in files(folder)]
    checked = [
        it for it in code if it not in allowed and not it.is_relative_to(STORED) and "sandbox" not in it.parts
    ]

    assert [f"{it.relative_to(ROOT)}:{line}" for it in checked for line in cuts(it)] == []


@pytest.mark.parametrize("folder", [it for folders in ALLOWED.values() for it in folders])
def test_an_exception_that_nothing_needs_is_removed(folder: str):
    assert any(line for path in files(folder) for line in cuts(path))


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Address, IncidentChannel(42), "incident:42"),
        (Address, "C0PAY", "C0PAY"),
        (CardOnly | Address, CardOnly(42), "card:42"),
        (CardOnly | Address, "U0ANA", "U0ANA"),
        (CardOnly | Address, "", ""),
        (ReminderName, "update_due", "update_due"),
        (ReminderName, MilestoneName("report"), "milestone:report"),
        (ReminderName, MilestoneName("report", at_stop=True), "milestone:report@stop"),
        (Occurrence, Occurrence("relief", "17", "ask"), "relief/17.ask"),
        (Occurrence, Occurrence("warning", "1h"), "warning/1h"),
        (Occurrence, Occurrence("", "1795694400000", "half"), "1795694400000.half"),
        (Occurrence, Occurrence(MilestoneName("report"), "open", "0"), "milestone:report/open.0"),
    ],
)
def test_an_identity_is_stored_as_a_string(kind: type, value: object, stored: str):
    adapter = TypeAdapter[object](kind)

    assert adapter.dump_python(value, mode="json") == stored
    assert adapter.validate_python(stored) == value


def test_what_was_sent_is_stored_by_its_occurrence():
    adapter = TypeAdapter(dict[Occurrence, SentReminder])

    assert adapter.validate_json('{"warning/1h": {"at": "2026-11-23T12:00:00Z"}}').keys() == {
        Occurrence("warning", "1h")
    }
