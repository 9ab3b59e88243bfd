"""Open the client for Slack. This file loads little, so that Slack can be asked while the rest is still loading."""

from bot.adapters.slack.client import PooledWebClient
from bot.config import Settings


def open_client(settings: Settings) -> PooledWebClient:
    return PooledWebClient(
        token=settings.env.slack_bot_token.get_secret_value(),
        base_url=settings.env.slack_api_url,
        read_timeout=settings.delivery.lease.total_seconds() / 2,
    )


def open_client_and_ask(settings: Settings) -> PooledWebClient:
    """Open the client, and ask Slack already who Spy is."""
    client = open_client(settings)
    client.ask_ahead("auth.test")
    return client
