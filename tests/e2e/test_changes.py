"""What changed: told to the running bot by signed webhooks, found by a press on the card, and marked."""

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.world import World
from tests.support import samples
from tests.support.folders import DOCS

PAGE = DOCS / "changes.md"
GITHUB, TOOL = "sandbox-github-secret", "sandbox-changes-secret"


def deployed(now: datetime, *, minutes_ago: int) -> Any:
    """The recording of a deployment that went well, moved to today."""
    told = samples.payload("deployment_status")
    at = (now - timedelta(minutes=minutes_ago)).isoformat()
    told["deployment"]["created_at"] = at
    told["deployment_status"]["created_at"] = told["deployment_status"]["updated_at"] = at
    return told


def notice(world: World, told: Any, *, secret: str = GITHUB) -> httpx.Response:
    body = samples.body(told)
    headers = {
        "X-GitHub-Event": "deployment_status",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": samples.signed(body, secret),
        "Content-Type": "application/json",
    }
    return httpx.post(f"{world.bot.url}/webhooks/github", content=body, headers=headers)


def documented(world: World) -> str:
    """Run what docs/changes.md tells a pipeline to run; what is answered."""
    if not (shutil.which("openssl") and shutil.which("curl")):
        pytest.skip("the documented way needs openssl and curl")
    words = PAGE.read_text(encoding="utf-8").partition("```sh\n")[2].partition("```")[0]
    now = str(int(world.box.clock.now().timestamp()))  # the shell's clock would not move with the box's
    script = words.replace("https://spy.example.com", world.bot.url).replace("$(date +%s)", now)
    environment = {"PATH": os.environ["PATH"], "CHANGES_WEBHOOK_SECRET": TOOL, "no_proxy": "127.0.0.1"}
    ran = subprocess.run(("sh", "-c", script), env=environment, capture_output=True, text=True, check=True)
    return ran.stdout


def test_a_deploy_that_github_told_of_is_found_on_the_card_and_marked(world: World):
    slack, told = world.box.slack, deployed(world.box.clock.now(), minutes_ago=5)
    assert notice(world, told, secret="other").status_code == 401
    assert [notice(world, told).text for _ in range(2)] == ["Kept.\n", "Known already.\n"]
    number = world.declare('me "checkout is down" sev3')
    world.settle()
    channel = world.channel(number).id

    slack.press("ana", channel, world.marked(channel, f"card:{number}").ts, "What changed?")
    world.settle()
    listed = slack.ephemerals("ana")[-1]
    slack.press("ana", channel, listed.ts, "Suspect #1")
    world.settle()

    assert "deploy: master to production on hello-world · success · Codertocat" in slack.text_of(listed)
    assert any("*Suspected change* from" in text for text in world.texts(channel))
    assert "*Suspected change*" in slack.text_of(world.marked(channel, f"card:{number}"))


def test_a_deploy_tool_tells_of_a_change_and_asks_for_the_lock(world: World):
    slack, lock = world.box.slack, f"{world.bot.url}/locks/checkout"
    kept = documented(world)

    free = httpx.get(lock)
    token = world.bot.token
    slack.slash("ana", "general", "/spy", 'lock checkout "rolling back by hand"')
    locked, facts = httpx.get(lock), httpx.get(lock, headers=token)
    slack.slash("ana", "general", "/spy", "unlock checkout")
    world.settle()

    assert kept == "Kept as change 1 of checkout.\n"
    assert "deploy 4f2a1c" in str(slack.slash("ana", "general", "/spy", "changes 5m checkout").body)
    assert (free.status_code, free.json()["locked"]) == (200, False)
    assert (locked.status_code, locked.json()) == (423, {"service": "checkout", "locked": True})
    assert (facts.status_code, facts.json()["why"]) == (423, "rolling back by hand")
    assert httpx.get(lock).status_code == 200
    [announced] = [text for text in world.texts("incidents") if "checkout" in text]
    assert "can be deployed again" in announced
