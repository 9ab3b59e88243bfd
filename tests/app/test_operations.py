"""docs/operations.md and the files in deploy/ name what there is: metrics, paths, users, places."""

import json
import logging
import re
from configparser import ConfigParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from bot.app.build import build
from bot.app.settings import load
from bot.app.web import WebPorts
from bot.config import ConfigError
from bot.domain.durations import Durations
from bot.web import listen, serve
from bot.workers.lanes import Lanes
from tests.support.docs import section
from tests.support.folders import ROOT

OPERATIONS = "docs/operations.md"
GROUPS = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [it for it in RULES if "alert" in it]
MANIFESTS = list(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8")))
OF_A_HISTOGRAM = ("_bucket", "_count", "_sum")
OF_PROMETHEUS = {"process_resident_memory_bytes", "process_start_time_seconds"}
NAME = re.compile(r"\b(?:spy|process)[_:][a-z_:0-9]+")
NOTES = {"configuration": lambda: "the file is refused", "clock": lambda: ""}
PARTS = {"database": lambda: "", "link": lambda: "no link to Slack"}


def schema(name: str) -> Any:
    return json.loads((ROOT / f"tests/specs/{name}.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What /metrics prints to those with the token."""
    folder = tmp_path_factory.mktemp("metrics")
    config = folder / "config.yaml"
    config.write_text("slack: {mode: http}\n", encoding="utf-8")
    environment = {"DATABASE_URL": f"sqlite:///{folder / 'spy.db'}", "SLACK_BOT_TOKEN": "xoxb-1"}
    with ExitStack() as stack:
        bot = build(load(config, environment), stack)
        lanes = Lanes(
            sessions=bot.database,
            clock=bot.clock,
            policy=bot.live.policy,
            lease=bot.settings.delivery.lease,
            wake=bot.delivery.wake,
        )
        bot.timed.answer_times.add(0.2)
        bot.delivery.reminder_delays.add(61)
        ports = WebPorts(bot=bot, lanes=lanes, readiness=PARTS, notes=NOTES)
        served = serve(ports.internal(), listen("127.0.0.1", 0))
        stack.callback(served.stop)
        return httpx.get(f"http://127.0.0.1:{served.port}/metrics").text


def metrics(text: str) -> set[str]:
    """Return the names of Spy's metrics, as they are queried; a histogram's is the name of all its parts."""
    return {
        f"{it.name}_total" if it.type == "counter" else it.name
        for it in text_string_to_metric_families(text)
        if it.name.startswith("spy_")
    }


def series(text: str) -> set[str]:
    return {sample.name for it in text_string_to_metric_families(text) for sample in it.samples}


# --- metrics ------------------------------------------------------------------------------------------------


def test_the_docs_have_a_row_for_each_metric_and_no_other(printed: str):
    rows = re.findall(r"^\| `(spy_\w+)` \|", section(OPERATIONS, "What to alert on"), re.MULTILINE)

    assert sorted(rows) == sorted(metrics(printed))


def test_each_metric_has_an_alert_and_each_alert_is_in_the_docs():
    text = section(OPERATIONS, "What to alert on")
    rows = re.findall(r"^\| `spy_\w+` \|.*\| (.+?) \|$", text, re.MULTILINE)

    named = {name for row in rows for name in re.findall("`(Spy[A-Za-z]+)`", row)}
    assert all("`Spy" in row for row in rows)
    assert {it["alert"] for it in ALERTS} == named | set(re.findall(r"\(`(Spy[A-Za-z]+)`\)", text))


@pytest.mark.parametrize("rule", RULES, ids=lambda it: it.get("alert") or it["record"])
def test_a_rule_asks_for_series_that_there_are(rule: dict[str, Any], printed: str):
    recorded = {it["record"] for it in RULES if "record" in it}

    asked = set(NAME.findall(rule["expr"]))

    assert asked
    assert asked <= series(printed) | metrics(printed) | recorded | OF_PROMETHEUS
    for opening, closing in ("()", "{}", "[]"):
        assert rule["expr"].count(opening) == rule["expr"].count(closing)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda it: it["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]):
    assert rule["annotations"].keys() == {"summary", "todo"}
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_the_service_levels_are_limits_that_the_histograms_have(printed: str):
    for metric, limit in re.findall(r'(spy_\w+)_bucket\{le="([\d.]+)"\}', str(RULES)):
        assert f'{metric}_bucket{{le="{limit}"}}' in printed


def test_the_metrics_say_how_long_answers_and_reminders_took_and_which_part_is_not_ready(printed: str):
    assert 'spy_request_seconds_bucket{le="0.25"} 1.0' in printed
    assert 'spy_reminder_delay_seconds_bucket{le="60.0"} 0.0' in printed
    assert 'spy_reminder_delay_seconds_bucket{le="+Inf"} 1.0' in printed
    assert "spy_reminder_delay_seconds_sum 61.0" in printed
    assert 'spy_part_ready{part="database"} 1.0' in printed
    assert 'spy_part_ready{part="link"} 0.0' in printed
    assert "spy_reminders_overdue_seconds 0.0" in printed
    assert 'spy_note{note="configuration"} 1.0' in printed
    assert 'spy_note{note="clock"} 0.0' in printed


def test_a_duration_counts_for_each_limit_that_it_kept():
    durations = Durations(1, 60)

    for seconds in (0, 1, 1.5, 60, 61, -5):
        durations.add(seconds)

    assert durations.read() == ([3, 5, 6], 123.5)


# --- the log ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_each_level_of_the_docs_can_be_chosen(level: str):
    table, *_ = section(OPERATIONS, "The log").split("`SPY_LOG_LEVEL`")

    assert f"| `{level}` |" in table
    assert load(None, {"SPY_LOG_LEVEL": level.upper()}).env.log_level == logging.getLevelName(level.upper())


def test_another_level_is_refused_and_none_is_the_usual():
    with pytest.raises(ConfigError, match="SPY_LOG_LEVEL: must be info, warning or error"):
        load(None, {"SPY_LOG_LEVEL": "debug"})
    assert load(None, {}).env.log_level is None


# --- files to deploy with -----------------------------------------------------------------------------------


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda it: it["kind"])
def test_a_manifest_fits_kubernetes_schema(manifest: dict[str, Any]):
    described = schema("kubernetes")
    root = {"$ref": f"#/$defs/{described['kinds'][manifest['kind']]}", "$defs": described["$defs"]}

    assert [it.message for it in Draft202012Validator(root).iter_errors(manifest)] == []


def test_the_schema_finds_a_mistake():
    described = schema("kubernetes")
    root = {"$ref": f"#/$defs/{described['kinds']['Service']}", "$defs": described["$defs"]}

    assert list(Draft202012Validator(root).iter_errors({"kind": "Service", "spec": {"port": 1}}))


def test_the_compose_file_fits_its_schema():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    assert [it.message for it in Draft7Validator(schema("compose")).iter_errors(compose)] == []


def test_the_pods_run_as_the_images_user_and_write_only_in_their_volumes():
    pod = MANIFESTS[0]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    [user] = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert pod["securityContext"]["runAsUser"] == int(user)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert "/data" in {it["mountPath"] for it in container["volumeMounts"]}
    assert {it["name"] for it in container["volumeMounts"]} == {it["name"] for it in pod["volumes"]}


def test_the_probes_ask_what_the_docs_say():
    [container] = MANIFESTS[0]["spec"]["template"]["spec"]["containers"]
    asked = {it: container[f"{it}Probe"]["httpGet"]["path"] for it in ("startup", "liveness", "readiness")}

    assert asked == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    for manifest in MANIFESTS[1:]:
        selector = manifest["spec"]["selector"]
        assert selector.get("matchLabels", selector) == MANIFESTS[0]["spec"]["selector"]["matchLabels"]


def test_the_unit_starts_spy_with_few_rights_and_again_if_it_ends():
    unit = ConfigParser(strict=False, interpolation=None)
    unit.read(ROOT / "deploy/spy.service", encoding="utf-8")
    service = unit["Service"]

    assert service["ExecStart"].endswith("/bin/spy run")
    assert (service["Restart"], service["User"]) == ("always", "spy")
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")
    text = (ROOT / "deploy/spy.service").read_text(encoding="utf-8")
    [database] = re.findall("DATABASE_URL=sqlite:///(.+)", text)
    assert (
        str(Path(database).parent) == f"/var/lib/{service['StateDirectory']}" == service["WorkingDirectory"]
    )
