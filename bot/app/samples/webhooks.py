"""Sample facts for messages about webhooks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.samples.world import NOON, TYPED
from bot.domain.incident.webhooks import EVENTS, USUAL
from bot.domain.trouble import Trouble
from bot.domain.webhook import WebhookSettings
from bot.services.api.webhooks import ListedWebhook

Facts = dict[str, Any]
PORTAL = WebhookSettings(name="portal", url="https://portal.example.com/spy", events=USUAL)
VAULT = replace(
    PORTAL, name="vault", events=EVENTS, teams=("payments",), severities=("sev1",), private=True, drills=True
)
SILENT = Trouble(key="webhook:vault", why=TYPED, since=NOON)
LISTED = (ListedWebhook(webhook=PORTAL, trouble=None), ListedWebhook(webhook=VAULT, trouble=SILENT))
CASES: dict[str, Sequence[Facts]] = {
    "webhook/list": [{"webhooks": it} for it in ((), LISTED)],
    "webhook/tested": [{"webhook": PORTAL}],
    "webhook/replayed": [{"webhook": PORTAL, "count": it, "since": NOON} for it in (0, 1, 7)],
    "webhook/failing": [{"webhook": "portal", "why": TYPED, "since": NOON}],
    "webhook/works": [{"webhook": "portal", "why": TYPED, "since": NOON}],
    "webhook/lost": [{"webhook": "portal", "why": TYPED, "since": NOON}],
}
