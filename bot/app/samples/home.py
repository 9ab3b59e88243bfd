"""Sample facts for Home tabs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.samples.oncall import COVERS, SHIFT
from bot.app.samples.postmortems import FOLLOW_UP
from bot.app.samples.world import FULL, INCIDENTS, NOON, NOW, SENT, Facts
from bot.domain.portion import Portion
from bot.services.home.view import COVERS as MOST_COVERS
from bot.services.home.view import FOLLOW_UPS, MINE, OFFERS, OTHERS, PAGES, SHIFTS, UPDATES
from bot.testing import POLICY


def _some(*items: Any, size: int = 1) -> Portion[Any]:
    return Portion.of(items, None, size=size)


def _home(**facts: Any) -> Facts:
    none = _some()
    return {
        "may_open": True,
        "is_known": True,
        "severities": list(POLICY.severities),
        "now": NOW,
        "offers": none,
        "pages": none,
        "updates": none,
        "covers": none,
        "shifts": none,
        "follow_ups": none,
        "overdue": frozenset(),
        "mine": none,
        "others": none,
        **facts,
    }


OFFERED = replace(FULL, command_offered_to="U0RAJ", update_due=NOON)
SHOWN_SHIFTS = (SHIFT, replace(SHIFT, ready_at=NOON), replace(SHIFT, goes_on=True))


def _many(*items: Any, size: int) -> Portion[Any]:
    """Return more than one Home shows."""
    return Portion(items=(items * size)[:size], count=size + 7, number=1, size=size)


CASES: dict[str, Sequence[Facts]] = {
    "home/home": [
        _home(),
        _home(may_open=False, is_known=False),
        *(_home(mine=_some(it)) for it in INCIDENTS),
        *(_home(others=_some(it)) for it in INCIDENTS),
        *(_home(shifts=_some(it)) for it in SHOWN_SHIFTS),
        *(_home(covers=_some(it)) for it in COVERS),
        _home(
            offers=_many(OFFERED, replace(OFFERED, commander=None), size=OFFERS),
            pages=_many(SENT, size=PAGES),
            updates=_many(OFFERED, size=UPDATES),
            covers=_many(*COVERS, size=MOST_COVERS),
            shifts=_many(*SHOWN_SHIFTS, size=SHIFTS),
            follow_ups=_many(FOLLOW_UP, size=FOLLOW_UPS),
            overdue=frozenset({FOLLOW_UP.number}),
            mine=_many(FULL, replace(FULL, commander=None), size=MINE),
            others=_many(replace(FULL, commander=None), size=OTHERS),
        ),
    ]
}
