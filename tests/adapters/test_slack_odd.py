"""What Slack answers may lack anything: what can be read is read, and the rest leaves the outcome unknown."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.check import results
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import retry_after
from bot.domain.message import Message
from bot.ports import PersonMessage, Posted, Rejected, Unreachable
from tests.adapters.conftest import StandIn
from tests.fakes.chat import WallClock

ME = {"ok": True, "team_id": "T1", "team": "acme", "url": "https://a/", "user_id": "U0SPY", "user": "spy"}
HELLO = Message(text="hello")
RECENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
Connect = Callable[..., SlackChat]


@pytest.fixture
def connect(stand_in: StandIn) -> Iterator[Connect]:
    """Make a chat whose Slack says who Spy is, and to all else the same."""
    webs: list[PooledWebClient] = []

    def make(said: Any, status: int = 200) -> SlackChat:
        url = stand_in(
            lambda _, path, __: (200, {}, ME) if path.endswith("auth.test") else (status, {}, said)
        )
        webs.append(PooledWebClient("xoxb-1", base_url=f"{url}/api/"))
        chat = SlackChat(webs[-1], WallClock())
        chat.remember_channel("C0INC", "inc-1-x")
        return chat

    yield make
    for web in webs:
        web.close()


CALLS: dict[str, Callable[[SlackChat], object]] = {
    "create": lambda chat: chat.create_channel("inc-1-x", private=False),
    "find a channel": lambda chat: chat.find_channel("inc-1-x", private=False, since=RECENT),
    "look for a bookmark": lambda chat: chat.has_bookmark("C0INC", "https://x"),
    "post": lambda chat: chat.post("C0INC", HELLO, key="k"),
    "post a long one": lambda chat: chat.post("C0INC", Message(text="word " * 20_000), key="k"),
    "find a post": lambda chat: chat.find_post("C0INC", key="k", since=RECENT),
    "find a post in a thread": lambda chat: chat.find_post("C0INC", key="k", since=RECENT, thread="1.1"),
    "find a post to a person": lambda chat: chat.find_post("U0ANA", key="k", since=RECENT),
    "read": lambda chat: chat.read("C0INC", "1.1"),
    "profile": lambda chat: chat.profile("U0ANA"),
    "e-mail": lambda chat: chat.find_by_email("ana@acme.test"),
    "group": lambda chat: chat.group_members("S0SRE"),
    "members": lambda chat: chat.channel_members("C0INC"),
}
NAMES = (
    "channel",
    "members",
    "messages",
    "bookmarks",
    "user",
    "users",
    "ts",
    "scheduled_message_id",
    "errors",
)
ODD: dict[str, Any] = {
    "nothing": {"ok": True},
    "nulls": {"ok": True, **dict.fromkeys(NAMES), "response_metadata": None},
    "texts": {"ok": True, **dict.fromkeys(NAMES, ""), "response_metadata": "x"},
    "numbers": {"ok": True, **dict.fromkeys(NAMES, 7), "response_metadata": 7},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("odd", ODD)
def test_an_answer_without_what_slack_promises_leaves_the_outcome_unknown(
    connect: Connect, call: str, odd: str
):
    with pytest.raises(Unreachable):
        CALLS[call](connect(ODD[odd]))


@pytest.mark.parametrize("call", [*CALLS, "edit", "invite", "whisper", "respond"])
@pytest.mark.parametrize("code", [{}, {"error": None}, {"error": ""}, {"error": {"a": 1}}, {"error": 7}])
def test_a_no_without_a_code_leaves_the_outcome_unknown(
    stand_in: StandIn, connect: Connect, call: str, code: Any
):
    chat, url = connect({"ok": False, **code}), stand_in(lambda *_: (200, {}, {"ok": False, **code}))
    more: dict[str, Callable[[SlackChat], object]] = {
        "edit": lambda chat: chat.edit(Posted(channel="C0INC", ts="1.1", permalink=""), HELLO),
        "invite": lambda chat: chat.invite("C0INC", ["U0ANA", "U0KIM"]),
        "whisper": lambda chat: chat.post_ephemeral("C0INC", "U0ANA", HELLO),
        "respond": lambda chat: chat.respond(url, HELLO),
    }

    with pytest.raises(Unreachable):
        (CALLS | more)[call](chat)


@pytest.mark.parametrize(
    "errors", [None, "x", 7, {}, ["x", None, {}, {"user": None, "error": "cant_invite"}]]
)
def test_an_invitation_is_not_undone_by_odd_words_about_it(connect: Connect, errors: object):
    connect({"ok": True, "errors": errors}).invite("C0INC", ["U0ANA", "U0KIM"])


@pytest.mark.parametrize(
    "answer",
    [
        {"members": []},
        {"members": ["U0ANA", "U0RAJ"]},
        {"members": ["U0SPY"], "response_metadata": {"next_cursor": "again"}},
    ],
    ids=["empty", "without Spy", "without an end"],
)
def test_a_list_of_members_that_is_not_whole_is_not_believed(connect: Connect, answer: Any):
    with pytest.raises(Unreachable, match="not whole"):
        connect({"ok": True, **answer}).channel_members("C0INC")


ODD_MARKS = [None, "x", 7, [], {"event_type": "spy"}, {"event_type": "spy", "event_payload": None}]
ODD_MARKS += [{"event_type": "spy", "event_payload": it} for it in ("k", ["k"], {"key": None}, {"key": 7})]


@pytest.mark.parametrize("mark", ODD_MARKS)
def test_an_odd_mark_on_one_message_hides_no_other(connect: Connect, mark: object):
    ours = {"ts": "1.2", "metadata": {"event_type": "spy", "event_payload": {"key": "k", "first": None}}}
    odd = {"ts": "1.1", "text": None, "metadata": mark}

    found = connect({"ok": True, "messages": [None, "x", odd, ours]}).find_post(
        "C0INC", key="k", since=RECENT
    )

    assert found
    assert found.ts == "1.2"


@pytest.mark.parametrize("text", [None, "", " ", 7, []])
def test_a_message_without_text_is_read_from_its_blocks_or_refused(connect: Connect, text: object):
    bare = {"ts": "1.1", "text": text, "user": None}
    alert = bare | {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "CPU high"}}]}

    assert connect({"ok": True, "messages": [None, alert]}).read("C0INC", "1.1") == PersonMessage(
        text="CPU high", person=None
    )
    with pytest.raises(Rejected, match="has no text"):
        connect({"ok": True, "messages": [bare]}).read("C0INC", "1.1")


@pytest.mark.parametrize("entry", [None, "x", 7, [], {"link": None}])
def test_an_odd_bookmark_hides_no_other(connect: Connect, entry: object):
    assert connect({"ok": True, "bookmarks": [entry, {"link": "https://x"}]}).has_bookmark(
        "C0INC", "https://x"
    )


@pytest.mark.parametrize("odd", [None, "x", 7, [], ["x"]])
def test_a_person_is_read_as_far_as_slack_describes_them(connect: Connect, odd: object):
    said = {"id": odd, "name": "ana", **dict.fromkeys(("profile", "enterprise_user", "team_id", "tz"), odd)}

    found = connect({"ok": True, "user": said}).profile("U0ANA")

    assert (found.name, found.email, found.zone, found.is_bot) == ("ana", None, None, False)


@pytest.mark.parametrize("created", [None, "x", [], {}])
def test_a_channel_of_unknown_age_is_not_taken_for_spys_own(connect: Connect, created: object):
    told = {"creator": "U0SPY", "name": "inc-1-x", "is_private": False, "created": created}
    answer = {"ok": True, "channel": told, "scheduled_message_id": "Q1"}

    with pytest.raises(Unreachable):  # the probe that follows is answered oddly, too
        connect(answer).find_channel("inc-1-x", private=False, since=RECENT)


@pytest.mark.parametrize("meta", [None, "x", 7, {}, {"messages": None}, {"messages": [None, 7]}])
def test_a_refusal_is_told_whatever_stands_beside_it(connect: Connect, meta: object):
    said = {"ok": False, "error": "odd_thing", "needed": None, "response_metadata": meta}

    with pytest.raises(Rejected, match=r"^Slack refused chat\.postMessage: odd_thing\.$"):
        connect(said).post("C0INC", HELLO, key="k")


@pytest.mark.parametrize("said", ["", "soon", "nan", "inf", "1e300", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_pause_that_makes_no_sense_is_none(said: str):
    assert retry_after({"Retry-After": said}) is None
    assert retry_after({"retry-AFTER": "1.5"}) == 1.5


@pytest.mark.parametrize("odd", ODD)
def test_the_check_names_what_answers_instead_of_slack(stand_in: StandIn, odd: str):
    web = PooledWebClient("xoxb-1", base_url=stand_in(lambda *_: (200, {}, ODD[odd])) + "/api/")

    found = list(results(web, app_token=None, channels={"announce": "C0ANN"}))

    web.close()
    assert [it.well for it in found] == [False]
    assert "SLACK_API_URL" in found[0].cure
