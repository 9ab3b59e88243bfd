"""Sample facts for messages about relief."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.samples.incident import SHORT
from bot.app.samples.world import FAILED, FULL, HALF_HOUR, NEW, NOON, NOW, REFUSED, SENT, Facts
from bot.domain.incident.incident import Incident
from bot.domain.relief.relief import COMMAND, Asked, began

WORK_PERIOD = began(7, "U0ANA", 42, COMMAND, at=NOON)

SECOND = replace(FULL, number=43)

ASKED_OF = Asked(words="relief-ask", to="C0IMOC", at=NOW, due_at=NOON)


def relief_of(audience: str, words: str, *on: Incident, **more: Any) -> Facts:
    period = replace(WORK_PERIOD, on={it.number: COMMAND for it in on}, ended_at=None if on else NOW)
    return {
        "audience": audience,
        "words": words,
        "period": period,
        "incidents": on,
        "left": () if on else (FULL,),
        "asked": ASKED_OF,
        "is_latest": True,
        "lasted": 3 * HALF_HOUR,
        "parts": {42: NOW - HALF_HOUR},
        "now": NOW,
        "on_duty": 16 * HALF_HOUR,
        "first": NOON,
        "awake": 28 * HALF_HOUR,
        "asks_at": NOW,
        "has_asked": words != "relief-warn",
        "fine_for": HALF_HOUR,
        "fine_until": None,
        "is_spared": False,
        "pages": (),
        **more,
    }


SENT_OF_A_PERIOD = (
    "relief-warn",
    "relief-ask",
    "relief-again1",
    "duty-warn",
    "duty-ask",
    "day-warn",
    "day-ask",
)

RELIEF = [
    *(
        relief_of(audience, words, *on)
        for audience in ("person", "channel", "team")
        for words in SENT_OF_A_PERIOD
        for on in ((), (FULL,), (NEW, SECOND), (replace(FULL, drill=True),), (REFUSED,))
    ),
    relief_of("team", "relief-ask", FULL, pages=(SENT, FAILED), fine_until=NOW),
    relief_of("person", "relief-warn", FULL, fine_until=NOW, asked=replace(ASKED_OF, at=NOON)),
    relief_of("team", "relief-ask", FULL, period=replace(WORK_PERIOD, on={42: "scribe"})),
    relief_of("team", "relief-ask", FULL, SECOND, period=replace(WORK_PERIOD, on={42: "scribe", 43: "ops"})),
    relief_of("team", "relief-ask", left=(), is_latest=False, asked=None),
    relief_of("team", "relief-ask", replace(FULL, drill=True), is_spared=True),
]

CASES: dict[str, Sequence[Facts]] = {
    "relief/relief": RELIEF,
    "relief/rest": [
        {
            "period": WORK_PERIOD,
            "incident": it,
            "others": others,
            "still": still,
            "lasted": HALF_HOUR,
            "led": led,
        }
        for it in (NEW, replace(FULL, commander="U0RAJ"), REFUSED)
        for others, still, led in (
            ((), None, HALF_HOUR),
            ((), None, None),
            ((SECOND,), None, None),
            ((), "scribe", None),
            ((), "command", None),
        )
    ],
    "relief/relieving": [
        {**it, "person": person, "what": what, "is_done": done}
        for it in SHORT
        for person, what, done in (
            ("U0ANA", "command", False),
            (None, "command", True),
            ("U0ANA", "scribe", True),
        )
    ],
    "relief/fine": [{"incident": it, "until": NOW} for it in (FULL, None)],
}
