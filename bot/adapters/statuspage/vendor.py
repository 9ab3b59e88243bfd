"""Statuspage, as config.yaml and `spy check` meet it."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.config.values import ConfigSection, Name, shaped
from bot.config.vendors import Access, HostedPageVendor
from bot.ports import CheckResult, HostedPage

StatuspageId = Annotated[
    str,
    shaped(
        r"[a-z0-9]{4,40}",
        "is no id of Statuspage. It looks like b13yz5g2cw10: in Statuspage, the component's settings, at the bottom.",
    ),
]


class StatuspageSection(ConfigSection):
    page: StatuspageId
    components: Mapping[Name, StatuspageId] = Field(default_factory=dict)
    """The ids of components there, by their names in `status.components`."""
    notify: bool = True
    """Whether Statuspage tells its subscribers of each publication."""


class StatuspageVendor(HostedPageVendor[StatuspageSection]):
    key = "statuspage"
    name = "Statuspage"
    section = StatuspageSection
    variable = "STATUSPAGE_API_KEY"
    found_at = "manage.statuspage.io, your avatar, API info"
    url = "https://api.statuspage.io/v1"
    page = "https://manage.statuspage.io"
    has_webhook = False

    def components(self, section: StatuspageSection) -> Mapping[str, str]:
        return section.components

    def open(self, access: Access[StatuspageSection], *, timeout: timedelta) -> HostedPage:
        from bot.adapters.statuspage.client import Statuspage  # noqa: PLC0415  its library loads slowly

        section = access.section
        return Statuspage(
            access.token, page=section.page, url=access.url, timeout=timeout, notify=section.notify
        )

    def checks(self, access: Access[StatuspageSection]) -> Iterator[CheckResult]:
        from bot.adapters.statuspage.check import results  # noqa: PLC0415  as above
        from bot.adapters.statuspage.client import Statuspage  # noqa: PLC0415

        section, timeout = access.section, timedelta(seconds=10)
        with closing(
            Statuspage(access.token, page=section.page, url=access.url, timeout=timeout, notify=False)
        ) as page:
            yield from results(page, section.components)


VENDOR = StatuspageVendor()
