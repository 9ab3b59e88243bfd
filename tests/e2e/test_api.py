"""A program says something to the real bot, and another one hears of it, signed."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path

import httpx

from tests.conftest import modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.support.webhooks import receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_one_program_opens_an_incident_and_another_hears_of_it(tmp_path: Path):
    with open_box() as box, receiving() as portal:
        config = f"{modest(box.config_yaml())}\nwebhooks: {{portal: {{url: {portal.url}}}}}\n"
        environment = {
            **box.environment(),
            "DATABASE_URL": f"sqlite:///{tmp_path}/spy.db",
            "WEBHOOK_SECRET_PORTAL": SECRET,
        }
        bot = BotProcess(tmp_path / "bot", config=config, environment=environment).start()
        box.bot_url = bot.url
        made = box.slack.slash("ana", "general", "/spy", 'token new "deploy tool" say')
        secret = re.findall(r"spy_[\w-]+", str(made.body))[0]
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": "deploy-17"}
        words = {"say": 'incident me "checkout is down" sev3'}
        first, again = (httpx.post(f"{bot.url}/api/say", json=words, headers=headers) for _ in range(2))
        box.wait_for(lambda: len(portal.got) == 1)
        log = bot.log.read_text()
        bot.stop()

    assert (first.status_code, again.json()) == (200, first.json())
    [(_, sent, body)] = portal.got
    content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert sent["webhook-signature"] == f"v1,{signature}"
    assert json.loads(body)["type"] == "incident.declared"
    assert json.loads(body)["data"]["incident"]["name"] == "checkout is down"
    assert secret not in log
    assert SECRET not in log
