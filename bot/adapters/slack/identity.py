"""Spy's own identity in the workspace, from Slack's auth.test."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Spy in this workspace. `user` is the id that people mention; `bot` is the bot id in its messages.

    `url` is the workspace's and ends in a slash. `enterprise` is the organisation's id on Enterprise Grid, else "".
    """

    team: str
    team_name: str
    url: str
    user: str
    bot: str
    name: str
    enterprise: str = ""
