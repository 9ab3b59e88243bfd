"""PagerDuty, as config.yaml, `spy check` and the web server meet it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from bot.config.values import ConfigSection, Email, shaped
from bot.config.vendors import Access, Headers, PagerIds, PagerVendor
from bot.ports import CheckResult, Clock, Pager, PagerNews

PagerDutyId = Annotated[
    str,
    shaped(r"[A-Za-z0-9]+", "is no PagerDuty id. It looks like PSVC1: the last part of its page's address."),
]


class PagerDutySection(ConfigSection):
    from_: Email = Field(alias="from")
    """The e-mail of the PagerDuty user in whose name pages are created."""


class PagerDutyVendor(PagerVendor[PagerDutySection]):
    key = "pagerduty"
    name = "PagerDuty"
    section = PagerDutySection
    section_is_for = ", to say in whose name pages are made"
    ident = PagerDutyId
    variable = "PAGERDUTY_API_TOKEN"
    found_at = "PagerDuty, Integrations, API Access Keys"
    url = "https://api.pagerduty.com"
    page = "https://app.pagerduty.com/incidents"
    missing: ClassVar = {
        "from": "Give the e-mail of the PagerDuty user in whose name pages are made.",
        "service": "Give the PagerDuty id of the team's service, such as PSVC1.",
    }

    def open(
        self, access: Access[PagerDutySection], *, timeout: timedelta, clock: Clock | None = None
    ) -> Pager:
        from bot.adapters.pagerduty.client import PagerDuty  # noqa: PLC0415  its library loads slowly

        sender = access.section.from_
        return PagerDuty(access.token, from_email=sender, url=access.url, timeout=timeout, clock=clock)

    def checks(self, access: Access[PagerDutySection], ids: PagerIds) -> Iterator[CheckResult]:
        from bot.adapters.pagerduty.check import results  # noqa: PLC0415  its library loads slowly
        from bot.adapters.pagerduty.client import PagerDuty  # noqa: PLC0415

        sender, timeout = access.section.from_, timedelta(seconds=10)
        with closing(PagerDuty(access.token, from_email=sender, url=access.url, timeout=timeout)) as pager:
            yield from results(pager, ids)

    def news(self, body: bytes, headers: Headers, *, secret: str) -> PagerNews | None:
        from bot.adapters.pagerduty import webhook  # noqa: PLC0415  only where webhooks arrive

        return webhook.news(body, headers.get("x-pagerduty-signature", ""), [secret])


VENDOR = PagerDutyVendor()
