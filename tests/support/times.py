"""Times as a reader in UTC sees them in Slack."""

import re

_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


def in_utc(text: str) -> str:
    """Put what stands for a time where Slack can't draw it, which is in UTC."""
    return _DATE.sub(r"\1", text)
