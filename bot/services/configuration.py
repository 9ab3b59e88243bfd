"""Which version of config.yaml was taken or refused, when and by whom. People are told of a refusal once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.config_version import LAST, LISTED, ConfigVersion, without_old_texts
from bot.domain.effects import Notify
from bot.services.transaction import Transaction

SECTION = "configuration"
"""What is locked while one process decides."""
TOLD = 20
"""How many mistakes one message lists."""


@dataclass(frozen=True, kw_only=True)
class Refusing:
    """A version that a process does not use."""

    hash: str
    by: str
    mistakes: Sequence[str]
    at_start: bool = False
    """Whether the process has just started, on an earlier version."""


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
        return refused if refused and refused.refused_at and _is_after(refused.refused_at, latest) else None

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

    def take(self, hash: str, text: str | None, *, by: str, change: str) -> None:  # noqa: A002  as above
        """Store that a process uses a version from now on. Nothing is new if it is the latest one.

        If people know that a file was refused after that one, they also hear that a file is used again.
        """
        self._tx.session.lock(SECTION)
        versions, refused = self.taken(), self._records.last_refused()
        last = versions[0] if versions else None
        is_same = last is not None and last.hash == hash
        is_told = bool(
            refused
            and refused.refused_at
            and _is_after(refused.refused_at, last)
            and (not is_same or _host(by) == _host(refused.refused_by))  # another machine has its own file
        )
        if is_same and not is_told:
            return
        known = self._records.get(hash) or ConfigVersion(hash=hash)
        if is_same:  # only the news is new
            known = replace(known, taken_at=None)
        version = known.taken(at=self._tx.now, by=by, change=change, text=text)
        self._records.put(version)
        if is_told:
            facts = {"process": by, "change": change, "version": version.short}
            self._tell(version, "shared/configuration_taken", facts)
        self._prune([version, *(it for it in versions if it.hash != hash)])

    def begin(self, hash: str) -> None:  # noqa: A002  as above
        """Count a process that starts with a version, until it has served or ends in order."""
        self._count(hash, 1)

    def end(self, hash: str) -> None:  # noqa: A002  as above
        self._count(hash, -1)

    def serve(self, hash: str) -> None:  # noqa: A002  as above
        """Store that a process has lived with a version for some time."""
        known = self._locked(hash)
        if known and not known.has_served:
            self._records.put(replace(known, has_served=True, starts=0))

    def _count(self, hash: str, by: int) -> None:  # noqa: A002  as above
        known = self._locked(hash)
        if known and not known.has_served:
            self._records.put(replace(known, starts=max(known.starts + by, 0)))

    def _locked(self, hash: str) -> ConfigVersion | None:  # noqa: A002  as above
        self._tx.session.lock(SECTION)
        return self._records.get(hash)

    def refuse(self, it: Refusing) -> bool:
        """Store that a process does not use a version, and tell the maintainers.

        Return False if they know: it was refused before, and nothing else was taken since.
        """
        known, latest = self._locked(it.hash) or ConfigVersion(hash=it.hash), self.latest()
        if known.refused_at and _is_after(known.refused_at, latest):
            return False
        refused = replace(known, refused_at=self._tx.now, refused_by=it.by, mistakes=tuple(it.mistakes))
        self._records.put(refused)
        facts = {
            "mistakes": it.mistakes[:TOLD],
            "more": len(it.mistakes[TOLD:]),
            "process": it.by,
            "at_start": it.at_start,
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
        self._records.forget(before=before, keep=[it.hash for it in versions[:LAST]])


def _is_after(moment: datetime, taken: ConfigVersion | None) -> bool:
    """Whether no version was taken after that."""
    return taken is None or taken.taken_at is None or moment >= taken.taken_at


def _host(process: str) -> str:
    return process.rpartition(":")[0]
