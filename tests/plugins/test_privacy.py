"""Nothing that anybody says makes a private incident known outside its channel."""

from collections.abc import Iterator

import pytest

from bot.commands.request import Response, Source
from bot.domain.effects import Post, PostEphemeral, PostEvent, Respond, UpsertMessage
from bot.domain.paging.effects import AnswerPage, SendPage
from bot.domain.subject import IncidentChannel
from bot.ports import Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.paging.paging import Paging
from bot.testing import SpyKit

SECRET = "payroll"
MEMBERS = {"U0ANA", "U0RAJ"}
INSIDE = {IncidentChannel(1), "C0ROOM", *MEMBERS}

SAID = [
    'me "payroll" private',
    "1 tldr",
    "1 share tldr",
    "1 timeline",
    "list",
    "1 who",
    '1 update "payroll is copied"',
    '1 note "payroll"',
    "1 sev sev1",
    "1 status identified",
    '1 impact "payroll"',
    '1 cause "payroll"',
    '1 link https://example.com/x "payroll"',
    '1 tell :payments "rotate the keys"',
    "seen 1",
    "1 take",
    "1 hand @raj",
    "1 accept",
    "1 decline",
    "1 role scribe @raj",
    '1 stop "payroll is safe"',
    "1 reopen",
    '1 cancel "payroll was never open"',
]


def outside(spy: SpyKit) -> Iterator[str]:
    """Return all that is said where others can read it."""
    for effect in spy.effects:
        match effect:
            case UpsertMessage(message_type=message_type, ref=ref, to=to) if to not in INSIDE:
                yield spy.message_type(message_type, ref).text
            case PostEvent(to=to, facts=facts) if to not in INSIDE:
                yield str(facts)
            case Post(to=to, message=message) if to not in INSIDE:
                yield message.text
            case PostEphemeral(person=person, message=message) if person not in MEMBERS:
                yield message.text
            case SendPage(page=page):
                yield from paged(spy, page)


def paged(spy: SpyKit, number: int) -> Iterator[str]:
    with spy.tx() as tx:
        page = Paging(tx).find(str(number), incident=None, asker="U0ANA")
        facts = {"page": page, "incident": tx.incident(page.incident or 0)}
    for template in ("paging/title", "paging/details"):
        yield spy.templates.render(template, facts).text


def overheard(answer: Response) -> str:
    return answer.message.text if answer.message and answer.shared else ""


@pytest.mark.parametrize("opened", [True, False], ids=["with a channel", "without a channel"])
@pytest.mark.parametrize("source", [Source.SLASH, Source.MENTION, Source.PLAIN, Source.BUTTON, Source.DM])
def test_what_its_members_say_elsewhere_is_not_overheard(spy: SpyKit, source: Source, opened: bool):  # noqa: FBT001  a column
    spy.say(f"incident {SAID[0]} sev1", by="U0ANA")
    if opened:
        spy.create_channel(1, channel="C0ROOM")

    channel = "U0ANA" if source is Source.DM else "C0GENERAL"
    heard = [overheard(spy.say(f"incident {it}", by="U0ANA", channel=channel, source=source)) for it in SAID]

    assert SECRET not in " ".join((*heard, *outside(spy)))


@pytest.mark.parametrize("source", [Source.SLASH, Source.MENTION, Source.BUTTON, Source.DM])
def test_a_stranger_learns_nothing_by_asking(spy: SpyKit, source: Source):
    spy.say(f"incident {SAID[0]}", by="U0ANA")
    spy.create_channel(1, channel="C0ROOM")
    before = spy.timeline(1)

    answers = [spy.say(f"incident {it}", by="U0ZOE", source=source) for it in SAID[1:]]

    replies = [it.message for it in spy.effects if isinstance(it, PostEphemeral | Post | Respond)]
    assert SECRET not in f"{answers} {replies}"
    assert spy.timeline(1) == before


@pytest.mark.parametrize("words", ["pager ack 1", "pager resolve 1", "pager ack PD1", "why page 1"])
def test_nobody_outside_silences_a_private_incidents_page_or_hears_of_it(spy: SpyKit, words: str):
    spy.say('incident me "payroll" sev1 private', by="U0ANA")
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://pd/PD1", status="triggered"))

    answer = spy.say(words, by="U0KIM").message

    assert answer
    assert answer.text == f"There is no page {words.rsplit(' ', 1)[1]}. Ringing now: none here."
    assert not spy.asked(AnswerPage)
