"""Sample facts for messages about pages."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from bot.app.samples.oncall import TESTS
from bot.app.samples.world import FULL, INCIDENTS, NOW, PAGES, TYPED, Facts
from bot.domain.incident.state import Phase
from bot.domain.timer import LastSent
from bot.services.paging.phones import Reach

REACHES = (
    Reach(name="Ana Lima", phone="+351 21 000 0000", person="U0ANA"),
    Reach(name="Raj Patel", person="U0RAJ"),
    Reach(name=TYPED),
)

CASES: dict[str, Sequence[Facts]] = {
    "paging/page": [
        {"page": it, "incident": FULL if it.incident else None, "manager": manager, "now": NOW}
        for it in PAGES
        for manager in (None, "U0MGR")
    ]
    + [
        {"page": PAGES[1], "incident": FULL, "joined": [(PAGES[2], "INC-2"), (PAGES[3], None)], "now": NOW},
    ],
    "paging/requested": [
        {"page": it, "incident": on, "manager": "U0MGR"} for it in PAGES for on in (None, *INCIDENTS)
    ],
    "paging/phones": [
        {"reaches": them, "page": page, "is_looking": looking, "has_looked": looked}
        for them in (REACHES, ())
        for page in (None, PAGES[8])
        for looking, looked in ((True, False), (False, True), (False, False))
    ],
    "help/said": [
        {
            "pages": [{"page": it, "call": REACHES} for it in PAGES[:10]],
            "channels": channels,
            "messages": messages,
            "why": why,
            "failed": failed,
            "has_token": token,
        }
        for channels, messages in (((42,), 5), ((42, 43), 0), ((), 1), ((), 0))
        for why in (None, "Slack did not answer conversations.create: the connection was refused")
        for failed in ((), (("The channel of INC-42", "Slack refused it."),))
        for token in (True, False)
    ],
    "paging/also_paged": [{"page": PAGES[0], "joined": PAGES[:count]} for count in (0, 1, 3)],
    "paging/asked": [
        {"page": it, "what": "acknowledge", "incident": on} for it in PAGES for on in (None, *INCIDENTS)
    ],
    "paging/title": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)]
    + [{"page": it, "incident": None} for it in TESTS],
    "paging/details": [{"page": it, "incident": on} for it in PAGES for on in (None, *INCIDENTS)]
    + [{"page": it, "incident": None} for it in TESTS],
    "paging/unanswered": [
        {"page": it, "incident": on, "manager": "U0MGR", "now": NOW, "said": sent, "latest": latest}
        for it in PAGES
        for on in ((FULL, replace(FULL, phase=Phase.RESOLVED)) if it.incident else (None,))
        for sent in (
            (LastSent(mark="1", count=1, at=NOW, occurrence="1.0", to="C0ROOM"),)
            if it.rings_since
            else (None,)
        )
        for latest in (True, False)
    ],
}

FORMS: dict[str, Facts] = {
    "paging/page": {"incident": asdict(FULL), "teams": [":imoc", ":payments"]},
}
