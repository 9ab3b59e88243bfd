"""What `spy check` finds."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One line of `spy check`: what was checked, whether it is fine, and how to fix it if not."""

    what: str
    well: bool
    cure: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)
