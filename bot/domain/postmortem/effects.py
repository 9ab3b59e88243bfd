"""What a postmortem needs written in the issue tracker."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.effects import Effect
from bot.domain.postmortem.follow_up import Filed, FollowUp


@dataclass(frozen=True, kw_only=True)
class PostmortemEffect(Effect):
    """Something to write to the tracker, one at a time per incident. Spy reports the result to `by`."""

    incident: int
    by: str | None = None
    is_audited: ClassVar[bool] = True

    @property
    def lane(self) -> str:
        return f"postmortem:{self.incident}"


@dataclass(frozen=True, kw_only=True)
class FileFollowUp(PostmortemEffect):
    """Create or update the issue of a follow-up."""

    follow_up: int
    reopens: bool = False
    """Whether it was reopened in chat. Otherwise an issue that people closed stays closed."""
    label: ClassVar[str] = "Follow-up {follow_up}, as an issue"


@dataclass(frozen=True, kw_only=True)
class AttachFollowUp(PostmortemEffect):
    """Put the issue of a follow-up below the postmortem's issue."""

    follow_up: int
    label: ClassVar[str] = "Follow-up {follow_up}, below the postmortem's issue"

    @classmethod
    def of(cls, follow_up: FollowUp, child: Filed, parent: Filed, *, origin: str = "") -> "AttachFollowUp":
        """Return the effect for these two issues: another issue of either is put there too, and so with an `origin`."""
        issues = f"{child.repository}#{child.number}:{parent.repository}#{parent.number}"
        return cls(
            key=f"attach:{follow_up.number}:{issues}:{origin}",
            incident=follow_up.incident,
            follow_up=follow_up.number,
        )


@dataclass(frozen=True, kw_only=True)
class ExportPostmortem(PostmortemEffect):
    """Create or update the postmortem's issue. What people wrote in it is kept."""

    label: ClassVar[str] = "The export of the postmortem"


@dataclass(frozen=True, kw_only=True)
class CheckClaims(PostmortemEffect):
    """Comment on the issue which sentences the timeline contradicts, or change that comment."""

    label: ClassVar[str] = "The check of the postmortem against the timeline"


@dataclass(frozen=True, kw_only=True)
class FileLog(PostmortemEffect):
    """Put the full log into comments of the issue, if it did not fit into its text (`overflow`)."""

    overflow: bool = True
    label: ClassVar[str] = "The full log of the postmortem"


@dataclass(frozen=True, kw_only=True)
class CopyPostmortem(PostmortemEffect):
    """Open a pull request with a copy of the document in another repository."""

    label: ClassVar[str] = "The copy of the postmortem"
