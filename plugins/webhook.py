"""Webhooks: which programs Spy tells of events, and telling them again."""

from bot.commands.arguments import Start
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.services.api.webhooks import Webhooks


@command("(webhook list|webhooks|webhook)", allow="admin", reads=True)
def listing(*, webhooks: Webhooks) -> Reply:
    """List the webhooks of config.yaml: what each is told, and which does not answer."""
    return Reply("webhook/list", {"webhooks": webhooks.listed()}, discreet=True)


@command("webhook test <name>", allow="admin")
def test(name: str, *, webhooks: Webhooks) -> Reply:
    """Send a webhook an event that says only that it is a test."""
    webhook = webhooks.find(name)
    webhooks.test(webhook)
    return Reply("webhook/tested", {"webhook": webhook}, discreet=True)


@command("webhook replay <name> since|from <since>", allow="admin")
def replay(name: str, since: Start, *, webhooks: Webhooks) -> Reply:
    """Send a webhook again what it was to hear since then: `webhook replay portal since 10:00`.

    Each event keeps its id, so that a program that has it already can leave it out.
    """
    webhook = webhooks.find(name)
    count = webhooks.replay(webhook, since)
    return Reply("webhook/replayed", {"webhook": webhook, "count": count, "since": since}, discreet=True)
