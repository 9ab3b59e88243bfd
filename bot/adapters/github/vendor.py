"""GitHub, as config.yaml, `spy check` and the web server meet it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

from bot.config.values import shaped
from bot.config.vendors import Access, Headers, TrackerSection, TrackerVendor
from bot.ports import CheckResult, IssueTracker, TrackerNews

GitHubLogin = Annotated[
    str,
    shaped(
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})",
        "is no GitHub login. It looks like ana-lima: the last part of a profile's address.",
    ),
]


class GitHubVendor(TrackerVendor[TrackerSection]):
    key = "github"
    name = "GitHub"
    section = TrackerSection
    login = GitHubLogin
    is_usual = True
    variable = "GITHUB_TOKEN"
    found_at = "github.com, Settings, Developer settings, Personal access tokens"
    prefix = "gh"
    url = "https://api.github.com"

    def open(self, access: Access[TrackerSection], *, timeout: timedelta) -> IssueTracker:
        from bot.adapters.github.tracker import GitHub  # noqa: PLC0415  its library takes a tenth of the start

        return GitHub(access.token, url=access.url, timeout=timeout)

    def checks(self, access: Access[TrackerSection]) -> Iterator[CheckResult]:
        from bot.adapters.github.check import results  # noqa: PLC0415  its library loads slowly

        return results(access.token, access.section.repository, access.url)

    def news(
        self,
        body: bytes,
        headers: Headers,
        *,
        secret: str,
        service_of: Callable[[str], str | None],
        heard_at: datetime,
    ) -> TrackerNews | None:
        from bot.adapters.github import webhook  # noqa: PLC0415  only where webhooks arrive

        webhook.check(body, headers.get("x-hub-signature-256", ""), secret)
        event = headers.get("x-github-event", "")
        return webhook.news(event, body, service_of=service_of, heard_at=heard_at)


VENDOR = GitHubVendor()
