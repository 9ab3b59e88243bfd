"""What people and programs type outside Slack."""

from bot.domain.markup import as_slack_sends


def as_typed_in_slack(typed: str) -> str:
    """Return the words without `/spy` in front, as Slack sends what people type."""
    words = typed.strip().removeprefix("/")
    return as_slack_sends(words.removeprefix("spy ") if words != typed.strip() else words)
