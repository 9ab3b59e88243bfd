"""Which version of config.yaml was taken or refused, when and by whom. People are told of a refusal once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.config_version import LISTED, ConfigVersion, last_texts, newest_of, without_old_texts
from bot.domain.effects import Notify
from bot.services.transaction import Transaction

SECTION = "configuration"
"""What is locked while one process decides."""
TOLD = 20
"""How many mistakes one message lists."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a file holds, as a process finds it."""

    hash: str
    content: str = ""
    """The hash of what it says besides a process's own settings."""
    text: str | None = None
    """None if it can't be used, or is not to be kept."""
    file: str
    by: str
    """The process, as host:pid."""


class ConfigVersions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._records = tx.session.config_versions

    def taken(self) -> Sequence[ConfigVersion]:
        """Return the versions that were taken, newest first."""
        return self._records.taken(limit=LISTED)

    def refusal(self) -> ConfigVersion | None:
        """Return the version that was refused last, if none was taken since."""
        refused, latest = self._records.last_refused(), self.latest()
        return refused if refused and _is_after(refused.refused_at, latest) else None

    def latest(self) -> ConfigVersion | None:
        return next(iter(self._records.taken(limit=1)), None)

    def agreed(self, hash: str, mistakes: Sequence[str], *, since: datetime) -> Sequence[str]:  # noqa: A002  as the record's field
        """Return why a version is refused: for these mistakes, or as another process has decided since then.

        Until the transaction ends, no other process decides.
        """
        known = self._locked(hash)
        if known is None or known.decided_at is None or known.decided_at < since:
            return mistakes
        return () if known.decided_at == known.taken_at else known.mistakes

    def take(self, it: Held, *, change: str) -> None:
        """Store that a process uses a version from now on. Nothing is new if it is the latest one.

        Nor is anything new if the latest one is another file's that says the same, and this file is as it was.
        If people know that a file was refused after that one, they also hear that a file is used again.
        """
        self._tx.session.lock(SECTION)
        versions, refused = self.taken(), self._records.last_refused()
        last, before = versions[0] if versions else None, newest_of(versions, it.file)
        is_same = last is not None and (
            last.hash == it.hash
            or (before is not None and before.hash == it.hash and before.content == last.content)
        )
        is_told = bool(
            refused
            and _is_after(refused.refused_at, last)
            and (not is_same or refused.is_of(it.file))  # another process has its own file
        )
        known = self._records.get(it.hash) or ConfigVersion(hash=it.hash)
        held = replace(known.held_by(it.file), content_hash=it.content)
        if is_same and not is_told:
            if held != known:
                self._records.put(held)
            return
        if is_same:  # only the news is new
            held = replace(held, taken_at=None)
        version = held.taken(at=self._tx.now, by=it.by, change=change, text=it.text)
        self._records.put(version)
        if is_told:
            facts = {"process": it.by, "change": change, "version": version.short}
            self._tell(version, "shared/configuration_taken", facts)
        self._prune([version, *(other for other in versions if other.hash != it.hash)])

    def begin(self, it: Held) -> None:
        """Count a process that starts with a version, until it has served or ends in order."""
        known = self._locked(it.hash)
        if known and not known.has_served:
            self._records.put(known.begun(it.by, it.file, self._tx.now))

    def end(self, it: Held) -> None:
        known = self._locked(it.hash)
        if known and known.beginnings:
            self._records.put(known.ended(it.by))

    def serve(self, hash: str) -> None:  # noqa: A002  as above
        """Store that a process has lived with a version for some time."""
        known = self._locked(hash)
        if known and not known.has_served:
            self._records.put(replace(known, has_served=True, beginnings=()))

    def _locked(self, hash: str) -> ConfigVersion | None:  # noqa: A002  as above
        self._tx.session.lock(SECTION)
        return self._records.get(hash)

    def refuse(self, it: Held, mistakes: Sequence[str], *, at_start: bool = False) -> bool:
        """Store that a process does not use a version, and tell the maintainers.

        `at_start` says that the process has just started, on an earlier version.
        Return False if they know: it was refused before, perhaps in another file, and nothing else was taken since.
        """
        known, latest = self._locked(it.hash) or ConfigVersion(hash=it.hash), self.latest()
        last = self._records.last_refused()
        refused = replace(
            known.held_by(it.file),
            content_hash=it.content,
            refused_at=self._tx.now,
            refused_by=it.by,
            mistakes=tuple(mistakes),
        )
        for other in filter(None, (known, last)):
            if other.content == refused.content and _is_after(other.refused_at, latest):
                return False
        self._records.put(refused)
        facts = {
            "mistakes": mistakes[:TOLD],
            "more": len(mistakes[TOLD:]),
            "process": it.by,
            "at_start": at_start,
            "last": latest.short if latest else None,
            "last_at": latest.taken_at if latest else None,
        }
        self._tell(refused, "shared/configuration", facts)
        return True

    def _tell(self, version: ConfigVersion, template: str, facts: Mapping[str, Any]) -> None:
        mark = int(self._tx.now.timestamp() * 1000)
        self._tx.send(
            *(
                Notify(key=f"config:{version.short}:{mark}:{to}", to=to, template=template, facts=facts)
                for to in self._tx.policy.maintainers
            )
        )

    def _prune(self, versions: Sequence[ConfigVersion]) -> None:
        for it in without_old_texts(versions, self._tx.now):
            self._records.put(it)
        before = self._tx.now - self._tx.policy.retention.messages
        self._records.forget(before=before, keep=[it.hash for it in last_texts(versions)])


def _is_after(moment: datetime | None, taken: ConfigVersion | None) -> bool:
    """Whether no version was taken after that."""
    return moment is not None and (taken is None or taken.taken_at is None or moment >= taken.taken_at)
