"""What Spy needs of the outside world, as Protocols with their data: one file for each part of the world."""

from bot.ports.action_runner import ActionRunner, Clock
from bot.ports.calendars import Calendars, NoCalendars
from bot.ports.chat import SLACKBOT, Chat, HistoryPage, PastMessage, Person, PersonMessage, Posted, Profile
from bot.ports.check_result import CheckResult
from bot.ports.failures import Conflict, ReadsOnly, Rejected, Throttled, Unavailable, Unreachable
from bot.ports.hosted_page import HostedPage, PublicReport
from bot.ports.issue_tracker import (
    USUAL_TRACKER,
    Comment,
    Discussion,
    Issue,
    IssueDraft,
    IssueNews,
    IssueTracker,
    Moved,
    Offer,
    RepoFile,
    TrackerNews,
)
from bot.ports.mail import Deferred, Letter, Mail, Unconfirmed
from bot.ports.pager import USUAL_PAGER, OnCallShift, Pager, PagerNews, Ringing
from bot.ports.queues import Due, Queues
from bot.ports.records.alert import AlertRecords
from bot.ports.records.audit import AuditRecords
from bot.ports.records.changes import ChangeRecords, LockRecords
from bot.ports.records.failover import AuditEntry, FailoverRecords
from bot.ports.records.followings import FollowingRecords
from bot.ports.records.incident import IncidentRecords, TeamNoticeRecords, TimelineRecords
from bot.ports.records.messages import InboundRecords, MessageRecords
from bot.ports.records.oncall import (
    Contact,
    ContactRecords,
    CoverRecords,
    OnCallCopy,
    OnCallRecords,
    RingCopy,
    RingCopyRecords,
    RingRecords,
    ShiftRecords,
)
from bot.ports.records.outbox import (
    LATE,
    OutboxEntry,
    OutboxItem,
    OutboxQueued,
    OutboxRecords,
    Standstill,
    StuckLanes,
)
from bot.ports.records.paging import PageRecords
from bot.ports.records.people import PeopleRecords, UserGroup, UserGroupRecords
from bot.ports.records.postmortem import FollowUpRecords, PostmortemRecords
from bot.ports.records.relief import WorkPeriodRecords
from bot.ports.records.retention import PruningRecords
from bot.ports.records.status import DraftRecords, PublicationRecords
from bot.ports.records.timers import TimerRecords
from bot.ports.session import Session, Sessions
from bot.ports.time_limit import Late, OutOfTime, TimeLimit
from bot.ports.uptime import uptime
from bot.ports.words import FilledRunbook, Form, FormField, Runbooks, Templates, WebTemplates

__all__ = [
    "LATE",
    "SLACKBOT",
    "USUAL_PAGER",
    "USUAL_TRACKER",
    "ActionRunner",
    "AlertRecords",
    "AuditEntry",
    "AuditRecords",
    "Calendars",
    "ChangeRecords",
    "Chat",
    "CheckResult",
    "Clock",
    "Comment",
    "Conflict",
    "Contact",
    "ContactRecords",
    "CoverRecords",
    "Deferred",
    "Discussion",
    "DraftRecords",
    "Due",
    "FailoverRecords",
    "FilledRunbook",
    "FollowUpRecords",
    "FollowingRecords",
    "Form",
    "FormField",
    "HistoryPage",
    "HostedPage",
    "InboundRecords",
    "IncidentRecords",
    "Issue",
    "IssueDraft",
    "IssueNews",
    "IssueTracker",
    "Late",
    "Letter",
    "LockRecords",
    "Mail",
    "MessageRecords",
    "Moved",
    "NoCalendars",
    "Offer",
    "OnCallCopy",
    "OnCallRecords",
    "OnCallShift",
    "OutOfTime",
    "OutboxEntry",
    "OutboxItem",
    "OutboxQueued",
    "OutboxRecords",
    "PageRecords",
    "Pager",
    "PagerNews",
    "PastMessage",
    "PeopleRecords",
    "Person",
    "PersonMessage",
    "Posted",
    "PostmortemRecords",
    "Profile",
    "PruningRecords",
    "PublicReport",
    "PublicationRecords",
    "Queues",
    "ReadsOnly",
    "Rejected",
    "RepoFile",
    "RingCopy",
    "RingCopyRecords",
    "RingRecords",
    "Ringing",
    "Runbooks",
    "Session",
    "Sessions",
    "ShiftRecords",
    "Standstill",
    "StuckLanes",
    "TeamNoticeRecords",
    "Templates",
    "Throttled",
    "TimeLimit",
    "TimelineRecords",
    "TimerRecords",
    "TrackerNews",
    "Unavailable",
    "Unconfirmed",
    "Unreachable",
    "UserGroup",
    "UserGroupRecords",
    "WebTemplates",
    "WorkPeriodRecords",
    "uptime",
]
