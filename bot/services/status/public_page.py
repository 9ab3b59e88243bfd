"""What anybody may read: the page, its history and its feed. Nothing here knows a person or an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.status.component import Colour, ComponentState, Level
from bot.domain.status.publication import Publication, Stage
from bot.services.status.public_status import PublicStatus, ShownComponent
from bot.services.transaction import Transaction

ON_PAGE = 50
"""How many publications a page of the history has, and the feed."""
LATEST = 20
"""How many updates of a trouble that lasts are on the page. The history has all of them."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A publication as customers read it. `ident` is its id in the feed, `at` in UTC."""

    number: int
    ident: str
    title: str
    state: str
    level: Level
    colour: Colour
    stage: Stage
    words: str
    at: datetime

    @classmethod
    def of(cls, publication: Publication) -> "Told":
        return cls(
            number=publication.number,
            ident=publication.ident,
            title=publication.title,
            state=publication.state_title,
            level=publication.level,
            colour=publication.colour,
            stage=publication.stage,
            words=publication.words,
            at=publication.at,
        )

    @property
    def is_in_stages(self) -> bool:
        """Whether its stage says more than its state does."""
        return self.level not in {Level.OPERATIONAL, Level.MAINTENANCE}


@dataclass(frozen=True, kw_only=True)
class ComponentOnPage:
    """A component on the page. `updates` are the latest about a trouble that lasts, newest first."""

    title: str
    group: str
    state: ComponentState
    since: datetime | None = None
    updates: Sequence[Told] = ()


@dataclass(frozen=True, kw_only=True)
class StatusPage:
    """The page. `changed_at` is the time of the last publication (UTC)."""

    title: str
    contact: str
    components: Sequence[ComponentOnPage]
    changed_at: datetime | None

    @property
    def groups(self) -> Sequence[tuple[str, Sequence[ComponentOnPage]]]:
        """Return the components by group, in the order of the configuration."""
        names = dict.fromkeys(it.group for it in self.components)
        return [(name, [it for it in self.components if it.group == name]) for name in names]

    @property
    def worst(self) -> ComponentState | None:
        """Return the worst state of all components; None if all of them work."""
        worst = max((it.state for it in self.components), key=lambda it: it.level.rank, default=None)
        return worst if worst and worst.level is not Level.OPERATIONAL else None

    @property
    def troubles(self) -> Sequence[ComponentOnPage]:
        return [it for it in self.components if it.updates]


@dataclass(frozen=True, kw_only=True)
class StatusHistory:
    """A page of the history, or the feed. `before` is the number of its last entry if there are more."""

    title: str
    contact: str
    told: Sequence[Told]
    before: int | None

    @property
    def days(self) -> Sequence[tuple[datetime, Sequence[Told]]]:
        """Return the entries by day (UTC), the newest day first."""
        dates = dict.fromkeys(it.at.date() for it in self.told)
        by_day = [[it for it in self.told if it.at.date() == date] for date in dates]
        return [(entries[0].at, entries) for entries in by_day]


class PublicPage:
    def __init__(self, tx: Transaction) -> None:
        self._settings = tx.policy.status
        self._status = PublicStatus(tx)

    def now(self) -> StatusPage:
        """Return the page as it is now."""
        shown = self._status.components()
        return StatusPage(
            title=self._settings.title,
            contact=self._settings.contact,
            components=[self._on_page(it) for it in shown],
            changed_at=max((it.last.at for it in shown if it.last), default=None),
        )

    def _on_page(self, shown: ShownComponent) -> ComponentOnPage:
        return ComponentOnPage(
            title=shown.component.title,
            group=shown.component.group,
            state=shown.state,
            since=shown.last.since if shown.last and not shown.is_over else None,
            updates=[Told.of(it) for it in self._status.updates(shown)[:LATEST]],
        )

    def history(self, before: int | None = None) -> StatusHistory:
        """Return what was published, newest first: the publications before a number, or the newest ones."""
        found = self._status.history(before=before, limit=ON_PAGE + 1)
        return StatusHistory(
            title=self._settings.title,
            contact=self._settings.contact,
            told=[Told.of(it) for it in found[:ON_PAGE]],
            before=found[ON_PAGE - 1].number if len(found) > ON_PAGE else None,
        )
