"""What people type outside Slack, as Slack would send it."""


def as_slack_sends(typed: str) -> str:
    """Return the words without `/spy` in front, escaped as Slack escapes what people type."""
    words = typed.strip().removeprefix("/")
    words = words.removeprefix("spy ") if words != typed.strip() else words
    return escaped(words)


def escaped(typed: str) -> str:
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
