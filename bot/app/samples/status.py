"""Sample facts for messages about public status."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.incident.incident import Incident
from bot.domain.status.component import USUAL_STATES, Component, StatusSettings
from bot.domain.status.events import PublicComponent, StatusPublished
from bot.domain.status.publication import Publication, Stage, StatusDraft, publish
from bot.services.status.public_status import ShownComponent

Facts = dict[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
TYPED = 'the <!channel> is <b>down</b> & "out"'
PREVIEWED = 'Payments are <b>down</b> & "out"'
"""Words that may be published: nobody is mentioned."""

CHECKOUT = Component(key="checkout", title="Checkout", group="Shop", services=("checkout",))
API = Component(key="api", title=TYPED)
OPEN = StatusSettings(
    public=True,
    components={"checkout": CHECKOUT, "api": API},
    hosted={"checkout": "b13yz5g2cw10"},
    hosted_name="Statuspage",
    hosted_url="https://manage.statuspage.io",
    url="https://spy.example.com/status",
)
SETTINGS = (OPEN, StatusSettings(components={"api": API}))
DOWN, WORKS = USUAL_STATES["major_outage"], USUAL_STATES["operational"]
DRAFT = StatusDraft(
    number=7,
    component="checkout",
    state="major_outage",
    words=PREVIEWED,
    by="U0ANA",
    at=NOON,
    stage=Stage.IDENTIFIED,
    incident=42,
)


def _published(number: int, component: Component, state: str, before: Publication | None) -> Publication:
    states = USUAL_STATES[state]
    return publish(
        DRAFT, number=number, component=component, state=states, before=before, by="U0ANA", at=NOON
    )


PUBLISHED = _published(1, CHECKOUT, "major_outage", None)
SETTLED = _published(2, CHECKOUT, "operational", PUBLISHED)
PUBLICATIONS = (SETTLED, PUBLISHED, _published(3, API, "maintenance", None))
TOLD = StatusPublished(
    at=NOON,
    by="U0ANA",
    publication=1,
    component="checkout",
    title="Checkout",
    state="Major outage",
    level="major_outage",
    red=True,
    since=NOON,
    words=TYPED,
)
COMPONENTS: tuple[PublicComponent, ...] = replace(TOLD, component="api", title=TYPED).applied_to(
    TOLD.applied_to(())
)
"""What customers were told in one incident: two components do not work."""


def facts(incidents: Sequence[Incident]) -> dict[str, Sequence[Facts]]:
    some = (*incidents, None)
    shown = [
        ShownComponent(component=CHECKOUT, state=DOWN, last=PUBLISHED, incident=incidents[0]),
        ShownComponent(component=API, state=WORKS),
        ShownComponent(component=API, state=WORKS, last=SETTLED),
    ]
    return {
        "status/now": [
            {"components": them, "settings": settings, "likely": likely, "now": NOW}
            for them in (shown, [])
            for settings in SETTINGS
            for likely in (CHECKOUT, None)
        ],
        "status/preview": [
            {
                "draft": DRAFT,
                "component": CHECKOUT,
                "state": state,
                "settings": settings,
                "is_copied": settings is OPEN,
                "incident": it,
            }
            for it in some
            for state in (DOWN, WORKS)
            for settings in SETTINGS
        ],
        "status/published": [
            {
                "publication": publication,
                "is_new": is_new,
                "settings": settings,
                "is_copied": settings is OPEN,
                "incident": incidents[0],
                "next_due": None if publication.is_over else NOW,
                "is_well": publication.is_over,
            }
            for publication in (PUBLISHED, SETTLED)
            for is_new in (True, False)
            for settings in SETTINGS
        ],
        "status/history": [
            {"publications": them, "component": component, "before": before, "settings": settings}
            for them in (PUBLICATIONS, ())
            for component in (CHECKOUT, None)
            for before in (3, None)
            for settings in SETTINGS
        ],
        "status/not_copied": [
            {"publication": PUBLISHED, "host": "Statuspage", "url": url, "why": TYPED}
            for url in ("https://manage.statuspage.io", "")
        ],
    }


def forms(full: Incident) -> dict[str, Facts]:
    return {
        "status/set": {
            "components": [("checkout", "Checkout"), ("api", TYPED)],
            "states": [(it.key, it.title) for it in USUAL_STATES.values()],
            "said": {"component": "checkout", "state": "degraded", "words": TYPED},
            "is_over": False,
            "incident": asdict(full),
        },
    }
