"""Draw docs/incident.png, the README's picture: a real play of docs/incident.txt, as Slack would show its channel.

`make picture`; it needs Chromium.
"""

import html
import io
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.sandbox import Box
from bot.sandbox.chat import converse
from bot.sandbox.slack.world import Message
from tests.e2e.bot_process import BotProcess

STYLE = Path(__file__).with_name("picture.css")
DOCS = Path(__file__).parent.parent / "docs"
CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-device-scale-factor=2",
)
COLOURS = ("#4a154b", "#2eb67d", "#36c5f0", "#ecb22e", "#e01e5a")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Box(delivery="http") as box:
        box.pagerduty.webhooks = True
        environment = {**box.environment(), "DATABASE_URL": f"sqlite:///{folder}/spy.db"}
        bot = BotProcess(Path(folder), config=box.config_yaml(), environment=environment).start()
        box.bot_url = bot.url
        try:
            script = (DOCS / "incident.txt").read_text(encoding="utf-8").splitlines()
            told = io.StringIO()
            if converse(box, script, Console(file=told), interactive=False):
                raise SystemExit(told.getvalue())
        finally:
            bot.stop()
        page = Path(folder, "page.html")
        page.write_text("".join(_page(box)), encoding="utf-8")
        _photograph(page)


def _page(box: Box) -> Iterator[str]:
    channel = next(it for it in box.slack.channels if it.name.startswith("inc-1-"))
    yield f"<meta charset=utf-8><style>{STYLE.read_text()}</style><h1># {html.escape(channel.name)}</h1>"
    for message in box.slack.messages(channel.id):
        if message.subtype is None:
            yield _message(box, message)


def _message(box: Box, message: Message) -> str:
    name = "Spy" if message.bot else (box.slack.person(message.user).name if message.user else "?")
    colour = COLOURS[sum(map(ord, name)) % len(COLOURS)]
    app = " <span class=app>APP</span>" if message.bot else ""
    parts = "".join(_block(block) for block in message.blocks) or f"<p>{_mrkdwn(message.text)}</p>"
    return (
        f'<div class=message><div class=face style="background:{colour}">{name[0].upper()}</div>'
        f"<div><span class=who>{html.escape(name)}</span>{app} {parts}</div></div>"
    )


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<div class=header>{_mrkdwn(block['text']['text'])}</div>"
        case "section" if "fields" in block:
            fields = "".join(f"<div><p>{_mrkdwn(field['text'])}</p></div>" for field in block["fields"])
            return f"<div class=fields>{fields}</div>"
        case "section":
            return f"<p>{_mrkdwn(block['text']['text'])}</p>"
        case "context":
            return f"<p class=context>{_mrkdwn(block['elements'][0]['text'])}</p>"
        case "actions":
            return "".join(
                f'<span class="button {button.get("style", "")}">{html.escape(button["text"]["text"])}</span>'
                for button in block["elements"]
            )
    return ""


def _mrkdwn(text: str) -> str:
    """Show Slack's marks as Slack would; the text comes escaped for Slack, which is escaped enough for HTML."""
    text = re.sub(r"<!date\^\d+\^[^|]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<https?://[^|>]+\|([^>]*)>", "\x02\\1\x03", text)
    text = re.sub(r"<[#@][^|>]+\|?([^>]*)>", "\x02\\1\x03", text)
    text = re.sub(r"(?<!\w)\*([^*\n]+)\*", r"<b>\1</b>", text)
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    return text.replace("\x02", "<span class=link>").replace("\x03", "</span>")


def _photograph(page: Path) -> None:
    picture = DOCS / "incident.png"
    size = "--window-size=760,880"
    subprocess.run(
        [*CHROMIUM, size, f"--screenshot={picture}", f"file://{page}"], check=True, capture_output=True
    )


if __name__ == "__main__":
    main()
