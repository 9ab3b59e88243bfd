"""A sentence of a postmortem, and where it stands."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A sentence in people's words. `place` is its part of the postmortem, or its section of the issue."""

    sentence: str
    place: str
    is_on_issue: bool = False
    """Whether people wrote it on the issue itself, so that Spy knows it only from the last look there."""
