"""Sample facts of what is said about versions of config.yaml."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.domain.config_version import ConfigVersion

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MISTAKES = ("config.yaml:5: milestones.when: must be a length of time.",)
REFUSED = {
    "mistakes": MISTAKES,
    "more": 0,
    "process": "spy-1:7",
    "at_start": False,
    "last": None,
    "last_at": None,
}
LAST = {"last": "1a2b3c4d", "last_at": NOON}
TAKEN = ConfigVersion(
    hash="1a2b3c4d5e6f",
    text="web: {port: 3001}",
    taken_at=NOON,
    taken_by="spy-1:7",
    change="web.port 3000 → 3001",
)
OLDER = ConfigVersion(hash="9f8e7d6c5b4a", taken_at=NOON, taken_by="spy-2:7", change="the first one")
UNUSED = ConfigVersion(hash="0a1b2c3d4e5f", refused_at=NOON, refused_by="spy-1:7", mistakes=MISTAKES)
CASES: dict[str, Sequence[Mapping[str, Any]]] = {
    "shared/configuration": [
        REFUSED,
        REFUSED | LAST,
        REFUSED | LAST | {"at_start": True, "more": 3},
    ],
    "shared/configuration_taken": [
        {"process": "spy-1:7", "version": "1a2b3c4d", "change": "web.port 3000 → 3001"}
    ],
    "shared/config_history": [
        {"versions": (), "refused": None},
        {"versions": (TAKEN, OLDER), "refused": UNUSED},
    ],
}
