"""The records of a workspace, and the company that every box starts with."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM_ID, TEAM_DOMAIN, TEAM_URL = "T0SPY", "acme", "https://acme.slack.com/"
APP_ID, BOT_ID, BOT_USER = "A0SPY", "B0SPY", "U0SPY"
SLACKBOT = "USLACKBOT"
BOT_TOKEN, APP_TOKEN = "xoxb-sandbox-bot", "xapp-1-A0SPY-sandbox"
SIGNING_SECRET, VERIFICATION_TOKEN = "sandbox-signing-secret", "sandbox-verification"


@dataclass(frozen=True, kw_only=True)
class SlackPerson:
    """A person. `name` is the handle. A guest sees only their own channels."""

    id: str
    name: str
    real_name: str
    tz: str
    tz_offset: int
    is_guest: bool = False
    is_bot: bool = False

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def dm(self) -> str:
        return "D" + self.id[1:]


@dataclass(kw_only=True)
class SlackMessage:
    """A message by `user`. An ephemeral one is only for `ephemeral_to`."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    subtype: str | None = None
    edited: str | None = None
    ephemeral_to: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    facts: Json = field(default_factory=dict)

    @property
    def bot(self) -> bool:
        return self.user == BOT_USER

    @property
    def pings(self) -> list[str]:
        """The mentions in it that notify a whole channel."""
        everything = f"{self.text} {self.blocks}"
        return [word for word in ("<!channel", "<!here", "<!everyone") if word in everything]


@dataclass(kw_only=True)
class SlackChannel:
    """A channel. A DM has the person's id as `im_user`. `members` are in order of joining."""

    id: str
    name: str
    creator: str = "U0ANA"
    is_private: bool = False
    is_archived: bool = False
    im_user: str | None = None
    topic: str = ""
    purpose: str = ""
    created: int = 0
    members: dict[str, None] = field(default_factory=dict)
    messages: dict[str, SlackMessage] = field(default_factory=dict)
    bookmarks: dict[str, Json] = field(default_factory=dict)
    pins: dict[str, Json] = field(default_factory=dict)
    previous_names: list[str] = field(default_factory=list)

    @property
    def is_im(self) -> bool:
        return self.im_user is not None

    @property
    def kind(self) -> str:
        """The kind in events: channel, group or im."""
        return "im" if self.is_im else "group" if self.is_private else "channel"


@dataclass(kw_only=True)
class SlackView:
    """A modal or a home tab. `body` is from the bot, `errors` from the last submission."""

    id: str
    person: str
    body: Json
    hash: str
    root: str
    previous: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.body.get("title", {}).get("text", ""))


PEOPLE = (
    SlackPerson(id=BOT_USER, name="spy", real_name="Spy", tz="Etc/UTC", tz_offset=0, is_bot=True),
    SlackPerson(id=SLACKBOT, name="slackbot", real_name="Slackbot", tz="Etc/UTC", tz_offset=0, is_bot=True),
    SlackPerson(id="U0ANA", name="ana", real_name="Ana Lima", tz="Europe/Lisbon", tz_offset=0),
    SlackPerson(id="U0RAJ", name="raj", real_name="Raj Patel", tz="Asia/Kolkata", tz_offset=19_800),
    SlackPerson(id="U0KIM", name="kim", real_name="Kim Park", tz="America/Los_Angeles", tz_offset=-28_800),
    SlackPerson(
        id="U0ZOE", name="zoe", real_name="Zoe Novak", tz="Europe/Warsaw", tz_offset=3_600, is_guest=True
    ),
)
USERGROUPS = {"S0SRE": ("sre", ["U0ANA", "U0RAJ"]), "S0PAYONCALL": ("payments-oncall", ["U0RAJ"])}
STAFF = ("U0ANA", "U0RAJ", "U0KIM")


def seeded_channels(now: int) -> dict[str, SlackChannel]:
    """Return four public channels with the bot, a private one without it, and each person's DM."""
    public = {"C0GENERAL": "general", "C0INCIDENTS": "incidents", "C0IMOC": "imoc", "C0PAY": "payments"}
    channels = {
        id_: SlackChannel(id=id_, name=name, created=now, members=dict.fromkeys((*STAFF, BOT_USER)))
        for id_, name in public.items()
    }
    channels["C0GENERAL"].members["U0ZOE"] = None
    channels["C0SECRET"] = SlackChannel(
        id="C0SECRET", name="security", creator="U0RAJ", is_private=True, created=now, members={"U0RAJ": None}
    )
    for person in PEOPLE:
        if not person.is_bot:
            channels[person.dm] = dm_with(person, now)
    return channels


def dm_with(person: SlackPerson, now: int) -> SlackChannel:
    return SlackChannel(
        id=person.dm,
        name=person.name,
        im_user=person.id,
        created=now,
        members=dict.fromkeys((person.id, BOT_USER)),
    )
