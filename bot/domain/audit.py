"""The audit log: what a line contains, and how its lines are chained so that a change of them is found."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

ALLOWED, REFUSED, FAILED = "allowed", "refused", "failed"
"""What became of a request. A failed one was undone because of an error."""
DONE, GIVEN_UP = "done", "given up"
"""What became of something that Spy does outside."""
SPY = "spy"
"""The source of what Spy does without being asked in chat. No request has it."""
FORGET, PRUNE = "spy forget", "spy prune"
"""The commands of lines that tell of the audit log itself."""
NOT_SPY = "not spy"
"""The source that the sealer writes into a row that claims to be one of these, and that Spy did not write."""
HIDDEN = "***"


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One request, one delivery of a webhook, or one thing that Spy did outside. `at` is in UTC."""

    at: datetime
    source: str
    """Where the request came from (slash, button, terminal, pagerduty, …); `spy` for what nobody asked for."""
    command: str
    outcome: str
    person: str | None = None
    place: str | None = None
    """The Slack id of the channel where the person asked."""
    why: str = ""
    """Why it was refused, failed or given up."""
    result: str = ""
    """The template of the answer, or what Spy has to say of what it did."""
    incident: int | None = None
    events: tuple[str, ...] = ()
    """The entries of timelines that it made: `12.3 update_posted` is entry 3 of INC-12."""

    @property
    def is_upkeep(self) -> bool:
        """Whether it tells of the audit log itself. Spy seals such a line in the transaction that writes it."""
        return self.source == SPY and self.command in {FORGET, PRUNE}


@dataclass(frozen=True, kw_only=True)
class SealedLine:
    """A line in its place in the chain.

    The hash covers the line before it, the facts of this one, and the `digest` of its words: who asked, where, and
    what. With the `salt` the digest can be checked. `spy forget` removes the salt, changes the words, and adds a row
    with the digest of the new words, so the chain still holds.
    """

    line: AuditLine
    id: int
    seq: int
    salt: str | None
    digest: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class ChainMark:
    """A row of the chain that is kept elsewhere too: the last one (head), or the last pruned one (checkpoint)."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What is kept of the audit log: sealed lines in order, what waits to be sealed, and the two marks."""

    sealed: Iterable[SealedLine]
    unsealed: Iterable[AuditLine] = ()
    head: ChainMark | None = None
    checkpoint: ChainMark | None = None


@dataclass(frozen=True, kw_only=True)
class AuditCheck:
    """The result of a check: how many rows were looked at, and the first fault in a sentence."""

    sealed: int = 0
    unsealed: int = 0
    forgotten: int = 0
    """How many rows have words that `spy forget` changed, so that only their facts can be checked."""
    head: ChainMark = ChainMark()
    checkpoint: ChainMark = ChainMark()
    fault: str = ""
    upkeep: tuple[AuditLine, ...] = ()
    """The rows by which Spy says what it pruned and forgot."""
    claims: int = 0
    """How many rows claim that Spy pruned or forgot something, but Spy did not write them."""


# --- sealing ----------------------------------------------------------------------------------------------


def digest_of(line: AuditLine, salt: str) -> str:
    """Return the digest of the words of a line."""
    words = {
        "person": line.person,
        "place": line.place,
        "command": line.command,
        "why": line.why,
        "result": line.result,
    }
    return _sha(salt + _canonical(words))


def hash_of(line: AuditLine, *, seq: int, digest: str, before: str) -> str:
    """Return the hash of a line in its place, after the line with the hash `before`."""
    facts = {
        "seq": seq,
        "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "source": line.source,
        "outcome": line.outcome,
        "incident": line.incident,
        "events": list(line.events),
        "words": digest,
    }
    return _sha(before + _canonical(facts))


def sealed(line: AuditLine, *, id: int, salt: str, after: ChainMark) -> SealedLine:  # noqa: A002  its row
    """Return a line in the next place of the chain."""
    seq, digest = after.seq + 1, digest_of(line, salt)
    made = hash_of(line, seq=seq, digest=digest, before=after.hash)
    return SealedLine(line=line, id=id, seq=seq, salt=salt, digest=digest, hash=made)


def _canonical(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# --- verifying --------------------------------------------------------------------------------------------


def verified(chain: Chain) -> AuditCheck:
    """Check every row against the one before it, and the last one against the head. Stop at the first fault."""
    return _Walk(chain).check()


@dataclass
class _Walk:
    chain: Chain
    at: ChainMark = ChainMark()
    forgotten: dict[int, str] = field(default_factory=dict)
    """The rows that have no salt, with the digest of their words as they are now."""
    told: dict[int, str] = field(default_factory=dict)
    """The same as the latest `spy forget` left them, as a later row of the chain says."""
    upkeep: list[AuditLine] = field(default_factory=list)
    claims: int = 0
    pruned: str = ""
    """Up to where rows were pruned, as the last prune says itself."""
    rows: int = 0

    def check(self) -> AuditCheck:
        checkpoint = self.chain.checkpoint or ChainMark()
        self.at = checkpoint
        fault = next(self._faults(), "")
        waiting = list(self.chain.unsealed)
        return AuditCheck(
            sealed=self.rows,
            unsealed=len(waiting),
            upkeep=tuple(self.upkeep),
            claims=self.claims + sum(it.is_upkeep for it in waiting),
            forgotten=len(self.forgotten),
            head=self.at,
            checkpoint=checkpoint,
            fault=fault,
        )

    def _faults(self) -> Iterator[str]:
        for row in self.chain.sealed:
            yield from self._faults_of(row)
            self.rows += 1
            self.at = ChainMark(seq=row.seq, hash=row.hash)
            if row.salt is not None:  # otherwise nobody knows what it said
                self._hear(row)
        yield from self._faults_at_end()

    def _faults_of(self, row: SealedLine) -> Iterator[str]:
        expected = self.at.seq + 1
        if row.seq != expected:
            checkpoint = self.chain.checkpoint or ChainMark()
            hint = ", and no checkpoint says that it was pruned" if self.at == checkpoint else ""
            yield f"Row {expected} was taken out{hint}."
        if row.hash != hash_of(row.line, seq=expected, digest=row.digest, before=self.at.hash):
            yield f"Row {row.seq} was altered, or another row was put in its place."
        if row.salt is None:
            self.forgotten[row.seq] = digest_of(row.line, "")
        elif row.digest != digest_of(row.line, row.salt):
            yield f"Row {row.seq} was altered: its words can't be those that were sealed."

    def _hear(self, row: SealedLine) -> None:
        """Note what a row says of rows before it. Only a sealed row counts: anybody can add one that is not."""
        line = row.line
        self.claims += line.source == NOT_SPY
        if not line.is_upkeep:
            return
        self.upkeep.append(line)
        if line.command == FORGET:
            known = self.forgotten
            self.told.update((seq, digest) for seq, digest in named(line.result) if seq in known)
        else:
            self.pruned = line.result

    def _faults_at_end(self) -> Iterator[str]:
        head = self.chain.head
        if head is None and self.at.seq:
            yield f"The record of the last row is gone. The last row that is left is {self.at.seq}."
        if head and head.seq > self.at.seq:
            yield f"Row {self.at.seq + 1} was taken out: the log went up to row {head.seq}."
        if head and head != self.at:
            yield f"Row {head.seq + 1} was added, or the record of the last row was altered."
        if self.chain.checkpoint and pruned_up_to(self.chain.checkpoint) != self.pruned:
            yield f"The checkpoint at row {self.chain.checkpoint.seq} is not the one that the last prune names."
        if self.pruned and not self.chain.checkpoint:
            yield "The checkpoint is gone: rows were pruned, and it named the last of them."
        for seq, digest in self.forgotten.items():
            if seq not in self.told:
                yield f"Row {seq} was altered: its words can't be checked, and no `spy forget` says why."
            if self.told[seq] != digest:
                yield f"Row {seq} was altered: its words are not those that `spy forget` left."


def pruned_up_to(mark: ChainMark) -> str:
    """Return what a prune records, so that the checkpoint can be checked against it."""
    return f"up to row {mark.seq} {mark.hash}"


def ranges(seqs: Iterable[int]) -> str:
    """Return row numbers in short: `3-5,9`."""
    found: list[list[int]] = []
    for seq in sorted(set(seqs)):
        if found and seq == found[-1][1] + 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def changed(lines: Mapping[int, AuditLine]) -> str:
    """Return what a forget records: the rows whose words it changed, with the digest of the new words."""
    return ",".join(f"{seq} {digest_of(line, '')}" for seq, line in sorted(lines.items()))


def named(text: str) -> Iterator[tuple[int, str]]:
    """Yield the rows and digests that `changed` wrote."""
    for seq, digest in re.findall(r"([0-9]{1,18}) ([0-9a-f]{64})", text):
        yield int(seq), digest
