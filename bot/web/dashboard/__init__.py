"""The dashboard: web pages for people who signed in by Slack. One module declares one page."""

from bot.web.answer import NotHere
from bot.web.dashboard.page import Download, PageReply, PageRequest, PublicRequest, Viewer, page, public_page

__all__ = [
    "Download",
    "NotHere",
    "PageReply",
    "PageRequest",
    "PublicRequest",
    "Viewer",
    "page",
    "public_page",
]
