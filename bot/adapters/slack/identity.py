"""Who Spy is in this workspace, as Slack's auth.test says."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """`user` is the bot user that people mention; `bot` marks its messages; `url` ends in a slash.

    `enterprise` is the organisation on Enterprise Grid, "" elsewhere.
    """

    team: str
    team_name: str
    url: str
    user: str
    bot: str
    name: str
    enterprise: str = ""
