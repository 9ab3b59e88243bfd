"""`spy manifest`: the Slack app's manifest, made from the loaded commands."""

import json

from bot.adapters.slack.manifest import SlashCommand
from bot.adapters.slack.manifest import manifest as slack_manifest
from bot.commands.plugins import load
from bot.config import Settings

HINTS = {
    "incident": 'me "checkout is down" sev1',
    "page": ':payments "we need you"',
    "pager": "ack",
    "oncall": "me",
    "failover": "pod 7 to east",
    "postmortem": "export",
    "runbook": "restart-db service=checkout",
}
"""Families with their own slash command, each with the example that Slack shows. `/spy` reaches all commands."""


def manifest(settings: Settings) -> str:
    """Return the Slack app's manifest (JSON), made from the loaded commands."""
    found = reversed(load(settings.plugin_folders).commands)
    eldest_last = sorted(found, key=lambda it: it.family == it.words.split()[0])
    families = {command.words.split()[0]: command for command in eldest_last}
    short = [
        SlashCommand(name=name, description=families[name].about, usage=hint)
        for name, hint in HINTS.items()
        if name in families
    ]
    everything = SlashCommand(name="spy", description="Send Spy any command.", usage="help")
    url = settings.web.public_url or "https://your-address.example.com"
    made = slack_manifest(
        [everything, *short], mode=settings.slack.mode, request_url=f"{url.rstrip('/')}/slack/events"
    )
    return json.dumps(made, indent=2, ensure_ascii=False)
