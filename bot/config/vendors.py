"""What a vendor declares about itself: once, in `vendor.py` of its folder in bot/adapters."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from bot.config.values import ConfigSection, Repository, shaped
from bot.domain.policy import Policy
from bot.ports import CheckResult, Clock, HostedPage, IssueTracker, Pager, PagerNews, TrackerNews

Headers = Mapping[str, str]
"""A request's headers, with names in lower case."""
S = TypeVar("S", bound=ConfigSection)


@dataclass(frozen=True, kw_only=True)
class Access(Generic[S]):
    """What Spy was given to reach a vendor: its section of config.yaml, and three variables."""

    section: S
    token: str
    url: str


class Vendor(ABC, Generic[S]):
    """A service outside. Its folder's `vendor.py` has one subclass, and one instance of it named VENDOR.

    Importing that file must be quick: it imports the vendor's library inside `open` and `checks`.
    """

    key: str
    """Its word in config.yaml: the name of its section, and of its ids in teams, people and services."""
    name: str
    """Its name for people."""
    section: type[S]
    """The keys of its section."""
    variable: str
    """The environment variable with its token."""
    found_at: str
    """Where a person finds the token."""
    url: str
    """Where its API is, if <KEY>_API_URL does not say otherwise."""
    page: ClassVar[str] = ""
    """Its address for people, where they do by hand what Spy can't."""
    prefix: str | None = None
    """How all of its tokens begin, if they begin alike: to recognise one in config.yaml."""
    missing: ClassVar[Mapping[str, str]] = {}
    """What to do about a key that is missing in config.yaml, by key."""
    has_webhook: ClassVar[bool] = True
    """Whether it calls Spy, so that there is a variable with the secret of its webhook."""

    @property
    def url_variable(self) -> str:
        return f"{self.key.upper()}_API_URL"

    @property
    def webhook_variable(self) -> str:
        """Return the variable with the secret of its webhook, /webhooks/<key>."""
        return f"{self.key.upper()}_WEBHOOK_SECRET"


@dataclass(frozen=True, kw_only=True)
class PagerIds:
    """What config.yaml names at the pager, for `spy check`."""

    services: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    @classmethod
    def of(cls, policy: Policy) -> "PagerIds":
        teams, people = policy.teams.values(), policy.people.values()
        of_services = (ident for it in policy.services.values() for ident in it.pager_ids)
        return cls(
            services=tuple(dict.fromkeys((*(team.service for team in teams if team.service), *of_services))),
            policies=tuple(team.escalation_policy for team in teams if team.escalation_policy),
            schedules=tuple(team.schedule for team in teams if team.schedule),
            users=tuple(it.pager_id for it in people if it.pager_id),
            emails=tuple(it.email for it in people if it.email),
        )


class PagerVendor(Vendor[S]):
    section_is_for: str = ""
    """The end of the sentence about a missing section: what the section says, as in `, to say who pages`."""
    ident: Any
    """The type of its ids in config.yaml: text with a shape, and a sentence for what has another shape."""

    @abstractmethod
    def open(self, access: Access[S], *, timeout: timedelta, clock: Clock | None = None) -> Pager:
        """Return a client. `timeout` limits the wait for one answer."""

    @abstractmethod
    def checks(self, access: Access[S], ids: PagerIds) -> Iterator[CheckResult]:
        """Ask whether the token works, and whether each id exists. Each failed result says how to fix it."""

    @abstractmethod
    def news(self, body: bytes, headers: Headers, *, secret: str) -> PagerNews | None:
        """Read a webhook; None if it is not about a page. Raise Rejected `signature` or `malformed`."""


class CopyTo(ConfigSection):
    """A repository that receives each postmortem as a file, by a pull request."""

    repository: Repository
    folder: Annotated[
        str,
        shaped(r"\w[\w.-]*(/\w[\w.-]*)*", "is no folder of a repository. It looks like docs/postmortems."),
    ] = "docs/postmortems"


class TrackerSection(ConfigSection):
    """What every tracker's section says. A subclass may narrow what a repository looks like."""

    repository: Repository
    """Where postmortems become issues: owner/name."""
    private_repository: Repository | None = None
    """The same for private incidents."""
    milestone: str | None = None
    sub_issues: bool = False
    """Whether follow-ups become sub-issues of the postmortem's issue."""
    copy_to: CopyTo | None = None


T = TypeVar("T", bound=TrackerSection)


class TrackerVendor(Vendor[T]):
    login: Any
    """The type of a person's login in config.yaml."""
    is_usual: bool = False
    """Whether a person of `people:` with only a text has that login here. One tracker only."""

    @abstractmethod
    def open(self, access: Access[T], *, timeout: timedelta) -> IssueTracker:
        """Return a client. `timeout` limits the wait for one answer."""

    @abstractmethod
    def checks(self, access: Access[T]) -> Iterator[CheckResult]:
        """Ask whether the token works and may open issues. Each failed result says how to fix it."""

    @abstractmethod
    def news(
        self,
        body: bytes,
        headers: Headers,
        *,
        secret: str,
        service_of: Callable[[str], str | None],
        heard_at: datetime,
    ) -> TrackerNews | None:
        """Read a webhook; None if there is nothing to keep. Raise Rejected `signature` or `malformed`.

        `service_of` returns the service of a repository.
        """

    def delivery(self, body: bytes) -> str:
        """Return the id of a webhook's delivery, the same if it is sent again. It is made of what is signed only."""
        return hashlib.sha256(body).hexdigest()


class HostedPageVendor(Vendor[S]):
    """A service that hosts the status page which customers follow."""

    @abstractmethod
    def components(self, section: S) -> Mapping[str, str]:
        """Return the ids of components there, by their names in `status.components`."""

    @abstractmethod
    def open(self, access: Access[S], *, timeout: timedelta) -> HostedPage:
        """Return a client. `timeout` limits the wait for one answer."""

    @abstractmethod
    def checks(self, access: Access[S]) -> Iterator[CheckResult]:
        """Ask whether the token works, and whether each component exists. Each failed result says how to fix it."""


@dataclass(frozen=True)
class Vendors:
    """All vendors that Spy knows. One of each kind can be in use."""

    pagers: tuple[PagerVendor[Any], ...] = ()
    trackers: tuple[TrackerVendor[Any], ...] = ()
    hosted_pages: tuple[HostedPageVendor[Any], ...] = ()

    @property
    def all(self) -> tuple[Vendor[Any], ...]:
        return (*self.pagers, *self.trackers, *self.hosted_pages)
