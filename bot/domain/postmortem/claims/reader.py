"""Read the claims of a sentence: only where its subject is something that Spy knows for sure.

Anything else is left alone: what is denied, supposed, reported or quoted, other incidents, and unknown words.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from bot.domain.postmortem.claims.facts import FactKind
from bot.domain.postmortem.claims.grammar import INCIDENT, OVER, PAGE, PHRASES, STARTED, Claim, Phrase
from bot.domain.postmortem.claims.shape import L, P, R, S, SentenceShape, T, Vocabulary, shape
from bot.domain.postmortem.claims.values import Length

Found = tuple[Claim, int, list[Claim]]
"""What happened, where its words end, and what is stated of other events on the way."""

# --- how long it took -------------------------------------------------------------------------------------

_DONE = {
    "acknowledge": FactKind.ACKNOWLEDGED,
    "declare": FactKind.DECLARED,
    "mitigate": FactKind.MITIGATED,
    "resolve": FactKind.RESOLVED,
}
_DOING = rf"(?:be )?(?P<done>{'|'.join(_DONE)})d?(?: {PAGE}| {INCIDENT}| outage)?"
_TOOK = re.compile(
    rf"(?:(?:it|someone|(?P<who>{P})|{PAGE}|incident|outage) )?took (?:someone |(?P<whom>{P}) )?(?P<length>{L})"
    rf" (?:to|for) {_DOING}"
    rf"|time to {_DOING.replace('<done>', '<goal>')} (?:was|:|-) (?P<time>{L})"
)
_FROM = re.compile(
    rf"(?:it |(?:{P}|someone) )?(?:took|was) (?:(?:{P}|someone) )?(?P<length>{L}) (?:from|between) "
)
_UNTIL = re.compile(rf" (?:to|until|and) (?:{_DOING}|)")
_LASTED = re.compile(
    rf"(?P<what>incident|outage) (?:lasted|was open)(?: for)? (?:(?P<length>{L})|(?P<range>{R})|(?P<end>{T}))"
)

# --- what is left alone -----------------------------------------------------------------------------------

_SUPPOSED = re.compile(
    r"\b(?:if|unless|would|should|might|perhaps|probably|maybe|possibly|likely|whether|imagine|ought|ideally|planned"
    r"|supposed?|thought|believed|assumed|claimed|said|according to|\w+edly"
    r"|presumably|wrong\w*|mistaken\w*|incorrect\w*|fals\w+|drills?|rehears\w+"
    r"|otherincident"
    r"|(?:an)?other (?:incident|outage|failover|page|update|time|team)|previous\w*|similar|every time|in the past"
    r"|(?:last|next) (?:time|week|month|year|incident|quarter|night|mon|tues|wednes|thurs|fri|satur|sun)"
    r"|yesterday|tomorrow|usual\w*|normal\w*|typical\w*|always|average|median)\b",
    re.IGNORECASE,
)
"""Words with which a sentence may state nothing, or something of another incident."""
_LABEL = re.compile(
    r"\W*(?:apparently|hypothetical\w*|nominally|estimat\w+|expected|suspected|reported|target|goals?)\b",
    re.IGNORECASE,
)
"""What a sentence may begin with that denies it. There it has a capital, and looks like a name."""
_DENIED = re.compile(
    r"\b(?:not|never|no|nobody|none|neither|nor|without|could|can|cannot|may|will|must|shall|failed|tried|hardly"
    r"|almost|nearly|suspected|reported|estimated|expected|hoped|wanted|apparently|seemed|appeared|told|partly|partially|mostly|unable"
    r"|until|instead|rather|too|target|goals?|objectives?|slos?)\b|n't\b"
)
"""Words with which a clause may state the opposite."""
_SLANTED = re.compile(r" (?:for|to|in|on|except|only|from|at)\b")
"""What makes the end of something the end of a part of it."""
_TOLD_TO = {
    FactKind.DECLARED: re.compile(r" (?:to|with|at)\b"),
    FactKind.UPDATED: re.compile(r" (?:to|on|in|for|from)\b"),
}
"""What makes it something that was told to others, of which Spy does not know."""
_GOES_ON = re.compile(
    r"$| (?:by|with|using|through|via|thanks|following|in|for|to|on|from|as|at|during|amid)\b"
)

# --- reading ----------------------------------------------------------------------------------------------

_CUT = re.compile(
    r"\s*[,;:()\[\]—–]\s*|[.!]+\s+(?=it )|\s+-+\s+"  # noqa: RUF001
    r"|\s+(?=(?:and|but|so|while|whereas|which|who|then|when|once|because|since|although|though|yet)\b)"
)
_STARTS = r"(?:^|[,;:(] |\b(?:and|but|so|then|when) )"
_LED_BY = re.compile(rf"({_STARTS}(?:{T}|(?:within |in |after )?{L}(?: later)?)\]?)\s*(?:,|:|—|–|\s-+)\s+")  # noqa: RUF001
_JOINING = re.compile(
    r"(?:(?:and|but|so|while|whereas|when|once|because|since|although|though|yet|as|later|afterwards|meanwhile)\s+)+"
)
_ORDER = re.compile(rf"(?:(?P<apart>{L}) )?(?P<order>before|after)(?P<of>) (?!⟨[tlr])")
_LEAD = re.compile(
    rf"(?:(?P<clock>{T})|(?P<range>{R})|within (?P<limit>{L})|(?:in|after) (?P<length>{L})|(?P<later>{L}) later) ?"
)
_MODIFIER = re.compile(
    rf" (?:(?P<clock>{T})|(?P<range>{R})|by (?P<who>{P})(?! \w+ing\b)"
    rf"|(?:within (?P<limit>{L})|(?:in|after) (?P<length>{L})|for (?P<lasting>{L}))(?! of\b| from\b)"
    rf"|(?P<into>{L}) into (?:incident|outage)"
    rf"|(?:(?P<apart>{L}) )?(?P<order>before|after) |(?P<within>within|in) (?P<of>{L}) (?:of|from) )"
)
_SUBJECT = re.compile(rf"{P}|someone|(?:{S} )?incident|outage|page|firstupdate|failover|severity")
_VERB = re.compile(
    r"(?:was )?(?:declared|paged|acknowledged|took|mitigated|resolved|reopened|raised|handed|posted|sent|led|approved"
    r"|began|ended)\b"
)
_NOUNS = {
    "incident": OVER | {FactKind.DECLARED, FactKind.REOPENED},
    "page": frozenset({FactKind.PAGED, FactKind.ACKNOWLEDGED}),
}
_GUESSED = ("incident was", "someone", "page was", "severity was")
"""Subjects that a heading or an item of a list leaves out."""


def claims(sentence: str, words: Vocabulary) -> list[Claim]:
    """Return what a sentence states of what Spy may know."""
    if sentence.rstrip().endswith("?"):
        return []
    read = shape(sentence.rstrip(" .!"), words)
    is_supposed = any(map(_SUPPOSED.search, (sentence, read.text))) or _LABEL.match(sentence)
    if is_supposed or not read.text:
        return []
    return [it for it in _SentenceReader(read).claims() if it.states_something]


def _bare(claim: Claim) -> Claim:
    """Return which event a claim is about, without the rest that it states."""
    return Claim(
        kinds=claim.kinds, is_first=claim.is_first, who=claim.who, severity=claim.severity, team=claim.team
    )


def _noun(claim: Claim) -> str:
    """Return what *it* means after a claim; nothing if that is not certain."""
    return next((noun for noun, kinds in _NOUNS.items() if claim.kinds & kinds), "")


def _with_noun(words: str, at: int, claim: Claim) -> str:
    is_it = words.startswith("it ", at) and _noun(claim)
    return f"{words[:at]}{_noun(claim)}{words[at + 2 :]}" if is_it else words


class _SentenceReader:
    """Reads one sentence, clause by clause."""

    def __init__(self, read: SentenceShape) -> None:
        self._values = read.values
        self._clauses = [it for it in _CUT.split(_LED_BY.sub(r"\1 ", read.text)) if it]
        self._subject = ""
        self._it = ""
        """What *it* means in the next clause: what this one is about."""
        self._last: Claim | None = None
        self._pending: tuple[re.Match[str], Claim] | None = None
        """The order that a clause before this one states, and of what: *after the page was acknowledged*."""

    def claims(self) -> Iterator[Claim]:
        is_partial = False
        for n, clause in enumerate(self._clauses):
            pending, (it, self._it) = self._pending, (self._it, "")
            if is_partial or _DENIED.search(clause):
                self._subject, self._last, is_partial = "", None, False
                continue
            meant = re.sub(r"\bit\b", it, clause) if it else clause
            yield from self._clause(meant, is_first=n == 0)
            if pending and pending is self._pending:
                self._pending = None
            is_partial = re.match(r"(?:for|in|on|except) (?!⟨[tlr])", clause) is not None

        if self._pending and self._last:
            yield self._apart(_bare(self._last), *self._pending)

    def _clause(self, clause: str, *, is_first: bool) -> Iterator[Claim]:
        last, self._last = self._last, None
        comes_then = clause.startswith(("then ", "and then "))
        body = _JOINING.sub("", clause, count=1) if _JOINING.match(clause) else clause
        body = body.removeprefix("then ")
        if body.startswith("who "):
            body = body.removeprefix("who ")
        elif body.startswith("which "):
            self._subject = ""
            return
        if (order := _ORDER.match(body)) and (found := self._event(body, order.end())):
            self._pending, self._last = (order, found[0]), last
            yield from (found[0], *found[2])
        if order:
            return
        lead, at = self._lead(body)
        found = self._first_of(body[at:], is_first=is_first)
        if found is None and last and (found := self._added(body, last)):
            lead = []
        if found is None:
            self._remember(body[at:])
            yield from self._within(body)
            return
        claim, _, others = found
        claim = self._led_by(claim, lead, after=last, comes_then=comes_then)
        self._last = claim
        self._it = _noun(claim)
        yield from (claim, *others)

    # --- the parts of a clause ---

    def _lead(self, body: str) -> tuple[list[re.Match[str]], int]:
        found, at = [], 0
        while lead := _LEAD.match(body, at):
            found.append(lead)
            at = lead.end()
        return found, at

    def _led_by(
        self, claim: Claim, lead: list[re.Match[str]], *, after: Claim | None, comes_then: bool
    ) -> Claim:
        """Return the claim with what stands before its subject. `after` is the claim of the clause before it."""
        for it in lead:
            if it["clock"] or it["range"]:
                claim = self._timed(claim, it)
            elif it["length"]:
                claim = replace(claim, length=self._values[it["length"]])
            elif it["limit"]:
                claim = replace(claim, length=replace(self._values[it["limit"]], relation="under"))
            elif after:
                claim = replace(claim, length=self._values[it["later"]], since=after)
        if self._pending:
            claim = self._apart(claim, *self._pending)
            self._pending = None
        elif comes_then and after:
            claim = replace(claim, order="after", than=after)
        return claim

    def _timed(self, claim: Claim, found: re.Match[str]) -> Claim:
        """Add a time. Of two times nobody knows which is meant, so neither counts."""
        if claim.clock or claim.within:
            return Claim(kinds=claim.kinds)
        if found["range"]:
            begin, end = self._values[found["range"]]
            return replace(claim, within=(begin, end))
        return replace(claim, clock=self._values[found["clock"]])

    def _first_of(self, body: str, *, is_first: bool) -> Found | None:
        """Return the claim of a clause; if it begins with a verb, with the subject of the one before it."""
        tries = [body]
        if _VERB.match(body):
            subjects = [self._subject] if self._subject else _GUESSED if is_first else []
            tries = [f"{it} {body.removeprefix('was ') if it.endswith(' was') else body}" for it in subjects]
            tries += [f"{self._subject} was {body}"] if self._subject else []
        for words in tries:
            if lasting := self._lasting(words):
                return lasting
            if found := self._event(words, 0):
                self._remember(words)
                return found if _GOES_ON.match(words, found[1]) else None
        return None

    def _added(self, body: str, last: Claim) -> Found | None:
        """Return what a clause without a subject adds to the one before it: *, three minutes after the page*."""
        bare = _bare(last)
        claim, end, others = self._modified(bare, f" {body}", 0, 0)
        is_all = end == len(body) + 1 and claim != bare and not (claim.clock and last.clock)
        return (claim, end, others) if is_all else None

    def _within(self, body: str) -> Iterator[Claim]:
        """Yield what is stated on the way: *we watched it before the incident was resolved at 12:50*."""
        for word in re.finditer(r" (?:before|after) (?=\w)", body):
            if found := self._event(body, word.end()):
                yield from (found[0], *found[2])

    def _remember(self, words: str) -> None:
        found = _SUBJECT.match(words)
        self._subject = found[0] if found else ""

    def _event(self, words: str, at: int, depth: int = 0) -> Found | None:
        for form in PHRASES:
            if found := form.pattern.match(words, at):
                claim = self._made(form, found)
                claim, end, others = self._modified(claim, words, found.end(), depth)
                if form.is_whole and depth == 0 and _SLANTED.match(words, end):
                    return None
                if any(kind in claim.kinds and it.match(words, end) for kind, it in _TOLD_TO.items()):
                    return None
                if FactKind.MITIGATED in claim.kinds:
                    claim = replace(claim, who=None)  # who pressed the button need not be who did this
                return claim, end, others
        return None

    def _made(self, form: Phrase, found: re.Match[str]) -> Claim:
        named = {name: self._values[it] for name, it in found.groupdict().items() if it}
        return Claim(kinds=form.kinds, is_first=form.is_first, **named)

    def _modified(self, claim: Claim, words: str, at: int, depth: int) -> Found:
        others = list[Claim]()
        while found := _MODIFIER.match(words, at):
            end = found.end()
            if found["clock"] or found["range"]:
                claim = self._timed(claim, found)
            elif found["who"]:
                claim = replace(claim, who=self._values[found["who"]])
            elif length := found["length"] or (found["lasting"] if FactKind.LED in claim.kinds else None):
                claim = replace(claim, length=self._values[length])
            elif found["limit"]:
                claim = replace(claim, length=replace(self._values[found["limit"]], relation="under"))
            elif found["lasting"]:
                return Claim(kinds=claim.kinds), at, others
            elif found["into"]:
                claim = replace(claim, length=self._values[found["into"]], since=Claim(kinds=STARTED))
            else:
                named = _with_noun(words, end, claim)
                anchor = self._event(named, end, depth + 1) if depth == 0 else None
                if anchor is None:
                    return Claim(kinds=claim.kinds), at, others
                claim, end = self._apart(claim, found, anchor[0]), anchor[1] - len(named) + len(words)
                others.append(anchor[0])
            at = end
        return claim, at, others

    def _apart(self, claim: Claim, found: re.Match[str], anchor: Claim) -> Claim:
        if found["of"]:
            return replace(claim, length=replace(self._values[found["of"]], relation="under"), since=anchor)
        order: Literal["before", "after"] = "before" if found["order"] == "before" else "after"
        claim = replace(claim, order=order, than=anchor)
        return replace(claim, length=self._values[found["apart"]], since=anchor) if found["apart"] else claim

    def _lasting(self, words: str) -> Found | None:
        """Read how long something lasted or took."""
        if found := _LASTED.match(words):
            return None if _SLANTED.match(words, found.end()) else self._lasted(found)
        if (begun := _FROM.match(words)) and (start := self._event(words, begun.end(), 1)):
            return self._from(start, self._values[begun["length"]], words)
        if (found := _TOOK.match(words)) and _GOES_ON.match(words, found.end()):
            kind = _DONE[found["done"] or found["goal"]]
            who = found["who"] or found["whom"]
            names = self._values[who] if who and kind is FactKind.ACKNOWLEDGED else None
            length = self._values[found["length"] or found["time"]]
            return Claim(kinds=frozenset({kind}), who=names, length=length), found.end(), []
        return None

    def _lasted(self, found: re.Match[str]) -> Found:
        is_incident = found["what"] == "incident"
        over, since = Claim(kinds=OVER), Claim(kinds=STARTED if is_incident else frozenset({FactKind.IMPACT}))
        if found["range"]:
            first, last = self._values[found["range"]]
            since = replace(since, clock=first.as_point())
            return replace(over, clock=last.as_point()), found.end(), [since]
        if found["end"]:
            return replace(over, clock=self._values[found["end"]].as_point()), found.end(), []
        return replace(over, length=self._values[found["length"]], since=since), found.end(), []

    def _from(self, start: Found, length: Length, words: str) -> Found | None:
        """Read *from the declaration to the mitigation*, or *to mitigate*."""
        since, at, others = start
        found = _UNTIL.match(words, at)
        if found and found["done"]:
            claim = Claim(kinds=frozenset({_DONE[found["done"]]}), length=length, since=since)
            return claim, found.end(), others
        end = self._event(words, found.end()) if found else None
        return (replace(end[0], length=length, since=since), end[1], [*others, *end[2]]) if end else None
