"""People who look while the bench measures: browsers with the dashboard open, and readers of the Home tab.

`python -m tests.bench.watchers PORT SECRET` says `{}` once all of them look, and looks on until it is told to end.
"""

import argparse
import asyncio
import hashlib
import hmac
import html
import json
import re
import sys
import time
from urllib.parse import urlencode

import httpx

BROWSERS, HOMES = 10, 50
CHANNEL = "C0GENERAL"


class Asking:
    """Sends what Slack sends, signed."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._client, self._secret = client, secret

    async def command(self, person: str, text: str) -> str:
        """Say a slash command, and return the answer's text."""
        fields = {
            "token": "unused",
            "team_id": "T0SPY",
            "channel_id": CHANNEL,
            "channel_name": "general",
            "user_id": person,
            "user_name": person.lower(),
            "command": "/spy",
            "text": text,
            "api_app_id": "A0SPY",
            "response_url": "http://127.0.0.1:9/unused",
            "trigger_id": f"{time.time_ns()}.1",
        }
        return await self._post(urlencode(fields), "application/x-www-form-urlencoded")

    async def home(self, person: str) -> None:
        """Open the Home tab."""
        event = {"type": "app_home_opened", "user": person, "channel": f"D{person[1:]}", "tab": "home"}
        at = time.time()
        envelope = {
            "type": "event_callback",
            "token": "unused",
            "team_id": "T0SPY",
            "api_app_id": "A0SPY",
            "event_id": f"Ev{time.time_ns()}",
            "event_time": int(at),
            "event": {**event, "event_ts": f"{at:.6f}"},
        }
        await self._post(json.dumps(envelope), "application/json")

    async def _post(self, body: str, kind: str) -> str:
        at = str(int(time.time()))
        signed = hmac.new(self._secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        answer = await self._client.post(
            "/slack/events",
            content=body,
            headers={
                "content-type": kind,
                "x-slack-request-timestamp": at,
                "x-slack-signature": f"v0={signed}",
            },
        )
        return answer.raise_for_status().text


class Browser:
    """The dashboard's overview in a browser: it is loaded once, and takes what its stream sends, as the page does."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=address, timeout=30, headers={"accept": "text/html"}, follow_redirects=True
        )

    async def sign_in(self, slack: Asking, person: str) -> None:
        found = re.search(
            r"(http[^|>\"\\]+/sign-in\?key=([\w-]+))", html.unescape(await slack.command(person, "web"))
        )
        assert found, "/spy web gave no link"
        await self._client.get(found[1])
        (await self._client.post("/sign-in", data={"key": found[2]})).raise_for_status()

    async def look_on(self, opened: asyncio.Event) -> None:
        page = (await self._client.get("/")).raise_for_status().text
        found = re.search('data-live="([^"]+)" data-state="([^"]+)"', page)
        assert found, "the overview has no stream"
        address, state = html.unescape(found[1]), found[2]
        async with self._client.stream("GET", f"{address}&since={state}", timeout=None) as stream:
            stream.raise_for_status()
            opened.set()
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    json.loads(line.removeprefix("data: "))


async def look(address: str, secret: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client, asyncio.TaskGroup() as tasks:
        slack = Asking(client, secret)
        for number in range(1, BROWSERS + 1):
            browser, opened = Browser(address), asyncio.Event()
            await browser.sign_in(slack, f"U0P{number}")
            tasks.create_task(browser.look_on(opened))
            await opened.wait()
        for number in range(1, HOMES + 1):
            await slack.home(f"U0P{number}")
        sys.stdout.write("{}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("secret")
    args = parser.parse_args()
    asyncio.run(look(f"http://127.0.0.1:{args.port}", args.secret))
