"""What a sentence can claim, and the ways in which people say that something happened."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.domain.postmortem.claims.facts import FactKind
from bot.domain.postmortem.claims.shape import G, P, S
from bot.domain.postmortem.claims.values import ClockTime, Length

FactKinds = frozenset[FactKind]
Names = tuple[str, ...]
STARTED, OVER = (
    frozenset({FactKind.DECLARED, FactKind.IMPACT}),
    frozenset({FactKind.MITIGATED, FactKind.RESOLVED}),
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one clause states about a fact of one of these kinds. What it leaves open is None."""

    kinds: FactKinds
    is_first: bool = False
    """Whether it is about the first one only."""
    who: Names | None = None
    whom: Names | None = None
    team: str | None = None
    severity: str | None = None
    clock: ClockTime | None = None
    within: tuple[ClockTime, ClockTime] | None = None
    length: Length | None = None
    since: "Claim | None" = None
    """What the length is counted from; None: from what people usually count it."""
    order: Literal["before", "after"] | None = None
    than: "Claim | None" = None
    """What it came before or after."""

    @property
    def states_something(self) -> bool:
        """Whether it can be false."""
        stated = (
            self.who,
            self.whom,
            self.team,
            self.severity,
            self.clock,
            self.within,
            self.length,
            self.order,
        )
        return any(it is not None for it in stated)


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A way to say that something happened."""

    kinds: FactKinds
    pattern: re.Pattern[str]
    is_first: bool = False
    is_whole: bool = False
    """Whether *for the EU* behind it would make it another claim."""


WHO = rf"(?:(?P<who>{P})|someone)"
ITSELF = rf"(?:(?:an? )?(?:{S} )?incident|it)"
INCIDENT = rf"(?:(?:{S} )?incident)"
A_SEVERITY = rf"(?:an? )?(?P<severity>{S})(?: incident)?"
PAGE = "(?:an? )?(?:first )?page"
SAID = "(?:(?:was )?(?:posted|sent|published|shared|made)|came|went out|followed)"
SAYS = "(?:posted|sent|published|shared|gave|wrote|made)"
LEADS = "(?:was (?:an? )?commander|was in command|led incident|had command)"
_PHRASES = (
    (
        (FactKind.DECLARED, FactKind.SEVERITY),
        "",
        (
            rf"{WHO} declared (?:it |incident )?(?:as )?{A_SEVERITY}",
            rf"{ITSELF} was (?:declared |opened )?(?:as )?{A_SEVERITY}",
            rf"{A_SEVERITY} was declared",
            rf"(?:severity|{ITSELF}) was raised (?:from {S} )?to (?P<severity>{S})",
            rf"{WHO} raised (?:severity|{ITSELF}) (?:from {S} )?to (?P<severity>{S})",
        ),
    ),
    (
        (FactKind.DECLARED,),
        "",
        (
            rf"{WHO} declared {ITSELF}",
            rf"{ITSELF} (?:was )?declared",
            "declaration(?: of incident)?(?: came| was made)?",
        ),
    ),
    (
        (FactKind.PAGED,),
        "",
        (
            rf"{WHO} paged (?:(?P<whom>{P})|(?P<team>{G}))",
            rf"(?:(?P<whom>{P})|(?P<team>{G})) was (?:first )?paged",
            rf"{PAGE} (?:went|was sent) to (?:(?P<whom>{P})|(?P<team>{G}))",
            rf"{PAGE} (?:(?:was )?(?:sent|requested|triggered)|went out)",
        ),
    ),
    (
        (FactKind.ACKNOWLEDGED,),
        "first",
        (
            rf"{WHO} acknowledged(?: {PAGE})? first",
            rf"{WHO} first acknowledged(?: {PAGE})?",
            rf"{WHO} was first to acknowledge(?: {PAGE})?",
            rf"first to acknowledge(?: {PAGE})? was {WHO}",
            rf"{PAGE} was first acknowledged",
            "first acknowledgement(?: of page)?(?: came| was)?",
        ),
    ),
    (
        (FactKind.ACKNOWLEDGED,),
        "",
        (
            rf"{WHO} acknowledged(?: {PAGE}| {INCIDENT})?",
            rf"(?:{PAGE}|{INCIDENT}) (?:was )?acknowledged",
            "acknowledgement(?: of page)?(?: came)?",
        ),
    ),
    (
        (FactKind.UPDATED,),
        "first",
        (rf"firstupdate {SAID}", rf"{WHO} {SAYS} firstupdate", "firstupdate(?: was)?"),
    ),
    (
        (FactKind.UPDATED, FactKind.PUBLISHED),
        "first",
        (rf"firststatus {SAID}", rf"{WHO} {SAYS} firststatus", "firststatus(?: was)?"),
    ),
    (
        (FactKind.COMMAND,),
        "",
        (
            rf"{WHO} took command(?: of {ITSELF})?(?: from (?P<whom>{P}))?",
            rf"(?P<whom>{P}) handed command to (?P<who>{P})",
            rf"command (?:passed|went|moved|was handed|was passed)(?: over)?(?: from (?P<whom>{P}))? to (?P<who>{P})",
        ),
    ),
    ((FactKind.LED,), "first", (rf"{WHO} was first commander", rf"first commander was {WHO}")),
    ((FactKind.LED,), "", (rf"{WHO} {LEADS}", rf"commander was {WHO}")),
    (
        (FactKind.MITIGATED,),
        "whole",
        (
            rf"(?:{INCIDENT}|outage) (?:was )?mitigated",
            rf"{WHO} mitigated (?:{INCIDENT}|outage)",
            "mitigation(?: came| was in place)?",
        ),
    ),
    (
        (FactKind.RESOLVED,),
        "whole",
        (rf"{INCIDENT} (?:was )?resolved", rf"{WHO} resolved {INCIDENT}", "resolution(?: came)?"),
    ),
    (
        (FactKind.MITIGATED, FactKind.RESOLVED),
        "whole",
        (
            r"outage (?:was )?resolved",
            rf"(?:{INCIDENT}|outage) (?:ended|was over)",
            "end of (?:incident|outage)",
        ),
    ),
    ((FactKind.REOPENED,), "", (rf"{INCIDENT} was reopened", rf"{WHO} reopened {INCIDENT}")),
    ((FactKind.IMPACT,), "whole", ("outage began", "(?:start|beginning) of outage")),
    ((FactKind.IMPACT, FactKind.DECLARED), "whole", ("incident began", "(?:start|beginning) of incident")),
    ((FactKind.FAILOVER_BEGAN,), "whole", (r"failover (?:was )?began", rf"{WHO} began failover")),
    ((FactKind.FAILOVER_APPROVED,), "", (r"failover was approved", rf"{WHO} approved failover")),
    ((FactKind.FAILOVER_ENDED,), "whole", (r"failover (?:was )?ended",)),
)
PHRASES = tuple(
    Phrase(
        kinds=frozenset(kinds),
        pattern=re.compile(rf"{pattern}(?![\w'⟨-])"),
        is_first=how == "first",
        is_whole=how == "whole",
    )
    for kinds, how, patterns in _PHRASES
    for pattern in patterns
)
