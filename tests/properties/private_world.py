"""A world with a private incident that has words in every field it can have, and two other incidents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.adapters.runbooks import FolderRunbooks
from bot.commands.request import Joined, Reacted, Request, Response, Shared, Source
from bot.domain.effects import (
    Effect,
    Notify,
    OpenForm,
    Post,
    PostEphemeral,
    PostEvent,
    Respond,
    UpsertMessage,
)
from bot.domain.failover.plan import End as Ends
from bot.domain.failover.plan import Outcome, Param, Plan, Program, Step
from bot.domain.paging.effects import SendPage
from bot.domain.subject import IncidentChannel
from bot.ports import Profile, Ringing
from bot.services.failover.actions import FailoverActions
from bot.services.incident.notes import Notes
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit
from tests.support.folders import PLUGINS, TEMPLATES
from tests.support.templates import shipped

PLANTED = "zyzzyva"
"""It begins each planted word. Nothing else that Spy says contains it."""
OWN, OTHERS, PUBLIC, GENERAL = "C0ROOM", "C0OTHERS", "C0PUBLIC", "C0GENERAL"
"""The private incident's channel, those of another private and of a public incident, and one of no incident."""
MEMBERS = frozenset({"U0ANA", "U0RAJ"})
STRANGER = "U0KIM"
"""A member of the workspace and of the other incidents, but not of the private one."""
MOVE = Plan(
    name="move",
    usage="move <place>",
    params={"place": Param(pattern="[a-z-]{1,40}")},
    allow="everyone",
    lock="checkout",
    steps=(Step(name="drain", run=Program(args=("./drain", "{{ place }}"))),),
)
POLICY_HERE = replace(
    POLICY,
    plans={"move": MOVE},
    permissions={role: frozenset({*MEMBERS, STRANGER}) for role in ("operator", "admin")},
)
SAID: tuple[str, ...] = (
    'incident report status identified next 15m impact "{}-impact" "{}-report"',
    'incident update "{}-update"',
    'incident note "{}-note"',
    'incident cause "{}-cause"',
    'incident link https://example.com/{}-url "{}-link"',
    'incident role "{}-role" <@U0RAJ> anyway',
    'incident tell :payments "{}-notice"',
    'incident action "{}-follow-up" <@U0RAJ> detection by friday',
    'page :payments "{}-page"',
    'change "{}-change" on checkout',
    "incident suspect 1",
    'lock search "{}-lock"',
    'postmortem write summary "{}-summary"',
    'postmortem none recovery "{}-because"',
    "failover move {}-place",
    "incident hand <@U0RAJ>",
)


def begin() -> SpyKit:
    """Return a Spy in which Ana and Raj are in the private INC-1, and Ana and Kim in INC-2 and INC-3."""
    clock = FrozenClock()
    runbooks = FolderRunbooks([TEMPLATES / "runbooks"], address="https://spy.example.com")
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock, runbooks=runbooks, policy=POLICY_HERE)
    with spy.tx() as tx:
        for person, name in {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel", "U0KIM": "Kim Park"}.items():
            People(tx).met(person, Profile(name=name))
    spy.say(f'incident me "{PLANTED}-name" sev1 private', by="U0ANA")
    spy.create_channel(1, channel=OWN)
    spy.notice(Joined(id="Ev1", channel=OWN, person="U0RAJ"))
    for words in SAID:
        answer = spy.say(words.replace("{}", PLANTED), by="U0ANA", channel=OWN)
        assert not refused(answer), f"{words}: {answer}"
    _happens(spy)
    spy.say('incident me "payroll" sev2 private', by="U0ANA")
    spy.create_channel(2, channel=OTHERS)
    spy.say('incident me "search is slow" sev3', by="U0ANA")
    spy.create_channel(3, channel=PUBLIC)
    for channel in (OTHERS, PUBLIC):
        spy.notice(Joined(id=f"Ev{channel}", channel=channel, person=STRANGER))
    spy.deliver()
    spy.confirms = False  # their profiles are known
    with spy.tx() as tx:
        tx.session.outbox.forget(before=spy.clock.now() + timedelta(days=1), limit=100)
    return spy


def _happens(spy: SpyKit) -> None:
    """Let the rest happen that no command says: the page rings, a run begins, a message is noted."""
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://pd/PD1", status="triggered"))
        said_at = datetime(2026, 11, 23, 12, tzinfo=UTC)
        noted = f"{PLANTED}-noted"
        Notes(tx).take(tx.incident(1), noted, by="U0RAJ", said_at=said_at, message="1.1", noted_by="U0RAJ")
    [note] = [it.seq for it in spy.timeline(1) if it.text == f"{PLANTED}-note"]
    spy.say(f'incident timeline edit {note} "{PLANTED}-edited"', by="U0ANA", channel=OWN)
    image = (f"{PLANTED}-image", f"https://slack/{PLANTED}")
    spy.notice(Shared(id="Ev2", channel=OWN, person="U0RAJ", ts="2.2", text=PLANTED, images=(image,)))
    spy.notice(Reacted(id="Ev3", channel=OWN, person="U0RAJ", ts="3.3", emoji="memo"))
    spy.say("failover approve 1", by="U0RAJ", channel=OWN)
    with spy.tx() as tx:
        step = FailoverActions(tx).next(1)
    assert step
    outcome = Outcome(end=Ends.RED, says=f"{PLANTED}-says", output=f"{PLANTED}-output")
    with spy.tx() as tx:
        FailoverActions(tx).finished(1, step.attempt, outcome)


def refused(answer: Response) -> bool:
    return bool(answer.message and answer.message.text.startswith(("There is no", "Usage")))


# --- what others read -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Audience:
    """The people in the private incident. What reaches anybody else is read by others."""

    members: frozenset[str] = MEMBERS

    @property
    def inside(self) -> frozenset[object]:
        return frozenset({IncidentChannel(1), OWN, *self.members, *(f"D0{it[2:]}" for it in self.members)})

    def overheard(self, spy: SpyKit, request: Request, answer: Response) -> Iterator[str]:
        """Yield what others read of an answer, and of all that was queued with it."""
        is_outside = request.user not in self.members
        if is_outside or (answer.shared and request.channel not in self.inside):
            yield f"{answer.message} {answer.complaints}"
        for effect in spy.effects:
            yield from self._read(spy, effect, request)

    def _read(self, spy: SpyKit, effect: Effect, request: Request) -> Iterator[str]:
        match effect:
            case UpsertMessage(message_type="team_notice", ref=1):
                return  # its words are for that team: a member sent them there
            case UpsertMessage(message_type=kind, ref=ref, to=to, mark=mark) if to not in self.inside:
                yield str(spy.message_type(kind, ref, mark))
            case PostEvent(to=to, facts=facts) if to not in self.inside:
                yield str(facts)
            case Post(to=to, message=message) if to not in self.inside:
                yield str(message)
            case PostEphemeral(person=person, message=message) if person not in self.members:
                yield str(message)
            case Respond(message=message) if request.user not in self.members:
                yield str(message)
            case OpenForm(facts=facts) if request.user not in self.members:
                yield str(facts)
            case Notify(to=to, person=person, facts=facts, line=line) if (person or to) not in self.inside:
                yield f"{facts} {line}"
            case SendPage(page=number):
                yield from _paged(spy, number)


def _paged(spy: SpyKit, number: int) -> Iterator[str]:
    with spy.tx() as tx:
        page = tx.session.pages.get(number)
        assert page
        incident = tx.incident(page.incident) if page.incident else None
    facts: Mapping[str, object] = {"page": page, "incident": incident}
    for template in ("paging/title", "paging/details"):
        yield spy.templates.render(template, facts).text


@dataclass(frozen=True)
class Place:
    """Where a request comes from, and how."""

    source: Source
    channel: str
    thread: str | None = None

    def __str__(self) -> str:
        return "-".join(filter(None, (self.source, self.channel, "thread" if self.thread else "")))


EVERYBODY_IN_IT = Audience()


def ask(spy: SpyKit, words: str, *, by: str, place: Place, audience: Audience = EVERYBODY_IN_IT) -> list[str]:
    """Say this, and return what people outside the private incident read because of it."""
    request = Request(
        id=f"{place}:{by}:{words}",
        text=words.replace("@raj", "<@U0RAJ>"),
        user=by,
        source=place.source,
        channel=place.channel,
        thread=place.thread,
        trigger="trigger" if place.source in {Source.SLASH, Source.BUTTON} else None,
    )
    answer = spy.request(request)
    return [*audience.overheard(spy, request, answer)]
