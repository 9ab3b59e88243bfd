"""Hold what sentences state against what is known. A sentence is named only if no reading of it is true."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from bot.domain.postmortem.claims.facts import Between, Fact, FactKind, People
from bot.domain.postmortem.claims.grammar import STARTED, Claim, FactKinds
from bot.domain.postmortem.claims.reader import claims
from bot.domain.postmortem.claims.shape import Vocabulary

SAME = timedelta(seconds=59)
"""Of two events this close together, which came first is not certain: services have clocks of their own."""
MOST_SHOWN = 4
"""How many facts of the timeline are named beside one sentence."""
_TOLD = STARTED | {FactKind.PAGED, FactKind.MITIGATED}
"""From what the lengths are told that the timeline has instead."""
_WHOLE = {(FactKind.IMPACT, FactKind.MITIGATED), (FactKind.DECLARED, FactKind.RESOLVED)}
_USUAL: Mapping[FactKind, FactKinds] = {
    FactKind.DECLARED: frozenset({FactKind.IMPACT, FactKind.ALERT}),
    FactKind.ACKNOWLEDGED: frozenset({FactKind.PAGED, FactKind.DECLARED}),
    FactKind.MITIGATED: frozenset(
        {FactKind.DECLARED, FactKind.IMPACT, FactKind.IDENTIFIED, FactKind.ACKNOWLEDGED, FactKind.COMMAND}
    ),
    FactKind.RESOLVED: frozenset(
        {FactKind.DECLARED, FactKind.IMPACT, FactKind.IDENTIFIED, FactKind.MITIGATED}
    ),
}
"""What people count a length from if they do not say it. Otherwise from the declaration, or the start of the impact."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that is known of an incident. `people` returns whom a name can mean, nobody if it is unknown.

    `zones` are those in which a time without a zone can be meant.
    """

    facts: Sequence[Fact]
    zones: Sequence[tzinfo]
    people: Callable[[str], frozenset[str]] = field(repr=False)
    words: Vocabulary


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence that the timeline contradicts, with what the timeline has instead, in order of time."""

    sentence: str
    facts: tuple[Fact, ...] = ()
    spans: tuple[Between, ...] = ()


def check(sentence: str, known: Known) -> Finding | None:
    """Return what contradicts a sentence; None if nothing does, or nothing is known."""
    found = [it for claim in claims(sentence, known.words) for it in _Check(claim, known).contradictions()]
    facts = {it: None for it in found if isinstance(it, Fact)}
    spans = {it: None for it in found if isinstance(it, Between)}
    if not found:
        return None
    return Finding(
        sentence=sentence,
        facts=tuple(sorted(facts, key=lambda it: it.at)[:MOST_SHOWN]),
        spans=tuple([*spans][:MOST_SHOWN]),
    )


class _Check:
    """One claim, and the facts that it can be about."""

    def __init__(self, claim: Claim, known: Known) -> None:
        self._claim = claim
        self._known = known
        self._who = self._ids(claim.who)
        self._whom = self._ids(claim.whom)
        self._facts = _meant(claim, known.facts)
        self._than = [it for it in _meant(claim.than, known.facts) if self._is_of(claim.than, it)]
        self._since = [it for it in _meant(claim.since, known.facts) if self._is_of(claim.since, it)]

    def contradictions(self) -> list[Fact | Between]:
        """Return what the timeline has instead; nothing if the claim may be true."""
        is_unknown = frozenset() in {self._who, self._whom}
        if is_unknown or not self._facts or any(self._agrees(it) for it in self._facts):
            return []
        shown = [it for it in self._facts if not it.is_hidden]
        of_them = [it for it in shown if self._is_of(self._claim, it)] or shown
        if self._claim.length and FactKind.LED not in self._claim.kinds:
            return [*self._told(of_them)] or [*of_them]
        return [*of_them, *(it for it in self._than if not it.is_hidden)]

    def _ids(self, names: tuple[str, ...] | None) -> People:
        """Return whom names can mean; None if nobody is named."""
        return frozenset[str]().union(*map(self._known.people, names)) if names else None

    def _is_of(self, claim: Claim | None, fact: Fact) -> bool:
        """Whether a fact is by the people, and about the team, that another part of the sentence names."""
        if claim is None:
            return False
        is_theirs = _is_by(self._ids(claim.who), fact.who) and _is_by(self._ids(claim.whom), fact.whom)
        return is_theirs and _is_about(claim, fact)

    def _agrees(self, fact: Fact) -> bool:
        claim = self._claim
        return (
            _is_by(self._who, fact.who)
            and _is_by(self._whom, fact.whom)
            and _is_about(claim, fact)
            and self._is_at(fact)
            and self._lasts(fact)
            and self._is_in_order(fact)
        )

    def _is_at(self, fact: Fact) -> bool:
        claim, zones = self._claim, self._known.zones
        if claim.clock and fact.until:
            return claim.clock.falls_within(fact.at, fact.until, zones)
        if claim.clock and not claim.clock.agrees(fact.at, zones):
            return False
        if claim.within:
            begin, end = claim.within
            if fact.until:
                return begin.as_point().agrees(fact.at, zones) and end.as_point().agrees(fact.until, zones)
            return begin.as_limit("after").agrees(fact.at, zones) and end.as_limit("by").agrees(
                fact.at, zones
            )
        return True

    def _lasts(self, fact: Fact) -> bool:
        length = self._claim.length
        if length is None:
            return True
        if fact.until:
            led = [it.until - it.at for it in self._facts if it.until and it.who == fact.who]
            return length.agrees(fact.until - fact.at) or length.agrees(sum(led, timedelta()))
        anchors = self._anchors()
        back = -1 if self._claim.order == "before" else 1
        return not anchors or any(length.agrees(back * (fact.at - it.at)) for it in anchors)

    def _anchors(self) -> list[Fact]:
        """Return what the length can be counted from; nothing if that is not known."""
        if self._claim.since:
            return self._since
        usual = frozenset[FactKind]().union(*(_USUAL.get(it, STARTED) for it in self._claim.kinds))
        found = [it for it in self._known.facts if it.kind in usual]
        is_unknown = FactKind.PAGED in usual and not any(it.kind is FactKind.PAGED for it in found)
        return [] if is_unknown else found

    def _is_in_order(self, fact: Fact) -> bool:
        match self._claim.order:
            case "before":
                return not self._than or any(fact.at <= it.at + SAME for it in self._than)
            case "after":
                return not self._than or any(fact.at >= it.at - SAME for it in self._than)
        return True

    def _told(self, ends: Iterable[Fact]) -> list[Between]:
        """Return the lengths that the timeline has: of the whole, only those that people speak of."""
        found = [*self._spans(ends)]
        return [it for it in found if (it.start.kind, it.end.kind) in _WHOLE] or found

    def _spans(self, ends: Iterable[Fact]) -> Iterator[Between]:
        telling = [
            it for it in self._anchors() if not it.is_hidden and (self._claim.since or it.kind in _TOLD)
        ]
        telling = [it for it in telling if it.kind is FactKind.PAGED] or telling
        for end in ends:
            for it in telling:
                start, last = (it, end) if it.at <= end.at else (end, it)
                if start.at < last.at:
                    yield Between(start=start, end=last)


def _meant(claim: Claim | None, facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that a claim can be about."""
    if claim is None:
        return []
    found = sorted((it for it in facts if it.kind in claim.kinds), key=lambda it: it.at)
    return list({it.kind: it for it in reversed(found)}.values()) if claim.is_first else found


def _is_by(named: People, known: People) -> bool:
    """Whether people can be those who are named. Who is not known can be anybody."""
    return named is None or known is None or bool(named & known)


def _is_about(claim: Claim, fact: Fact) -> bool:
    is_team = claim.team is None or not fact.team or fact.team.casefold() == claim.team.casefold()
    return is_team and (claim.severity is None or fact.severity.casefold() == claim.severity.casefold())
