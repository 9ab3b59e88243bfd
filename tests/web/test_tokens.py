"""Who makes a token, what it lets a program do, and when it ends."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest

from bot.adapters.database import Database, open_engine
from bot.commands.request import Source
from bot.domain.api_token import Scope
from bot.domain.refusal import Refusal
from bot.ports import Profile
from bot.services.people import People
from bot.services.tokens import Tokens
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock, SpyKit
from tests.support.tokens import holder_of, stored, token_for


def said(spy: SpyKit, words: str, by: str = "U0ANA", source: Source = Source.SLASH) -> str:
    answer = spy.say(words, by=by, source=source).message
    return answer.text if answer else ""


def test_a_token_is_its_makers_and_its_secret_is_stored_nowhere(spy: SpyKit):
    secret = token_for(spy, "U0ANA", "say", "deploy tool")

    holder = holder_of(spy, secret)
    assert holder
    assert (holder.person, holder.name, holder.scopes) == ("U0ANA", "deploy tool", {Scope.READ, Scope.SAY})
    assert not [it for it in stored(spy) if secret in it]


def test_a_token_reads_only_unless_more_is_asked_for(spy: SpyKit):
    scopes = {scope: holder_of(spy, token_for(spy, scope=scope)) for scope in ("", "read", "say", "agent")}

    assert {scope: {*it.scopes} for scope, it in scopes.items() if it} == {
        "": {"read"},
        "read": {"read"},
        "say": {"read", "say"},
        "agent": {"read", "agent"},
    }


def test_a_repeated_request_shows_no_secret_again(spy: SpyKit):
    first = spy.say('token new "deploy tool"', id="one").message
    second = spy.say('token new "deploy tool"', id="one").message

    assert first
    assert second
    assert "spy_" in first.text
    assert second.text == "The answer was shown once. It is stored nowhere."


def test_where_the_answer_would_be_stored_no_token_is_made(spy: SpyKit):
    for source in (Source.MENTION, Source.PLAIN, Source.DM, Source.BUTTON):
        spy.say('token new "deploy tool"', source=source)

    assert "Type it as `/spy token new" in spy.private()[-1].text
    assert "You have no tokens" in said(spy, "token list")


@pytest.mark.parametrize("words", ['token new "another"', "web"])
def test_no_token_lets_a_program_make_another_way_in(spy: SpyKit, words: str):
    answer = spy.say(words, source=Source.API)

    assert answer.is_refusal
    assert "is for people: a program can't run it" in (answer.message.text if answer.message else "")


def test_a_token_ends_when_it_was_said_to(spy: SpyKit):
    short, day, long = (
        token_for(spy, name=words, ends=words) for words in ("for 2h", "until tomorrow", "for 90 days")
    )

    def open_after(**later: float) -> list[bool]:
        spy.clock.tick(**later)
        return [holder_of(spy, it) is not None for it in (short, day, long)]

    assert open_after(hours=1) == [True, True, True]
    assert open_after(hours=2) == [False, True, True]
    assert open_after(days=2) == [False, False, True]
    assert open_after(days=89) == [False, False, False]
    assert "You have no tokens" in said(spy, "token list")
    assert "can't have ended already" in said(spy, 'token new "late" until 2020-01-01')


def test_a_revoked_token_is_refused_at_once(spy: SpyKit):
    secret = token_for(spy, name="deploy tool")

    assert "is revoked" in said(spy, "token revoke deploy tool")
    assert holder_of(spy, secret) is None
    assert "You have no token called deploy tool" in said(spy, 'token revoke "deploy tool"')


def test_nobody_sees_or_revokes_the_token_of_another_but_an_admin(spy: SpyKit):
    spy.adopt(replace(spy.policy, permissions={**spy.policy.permissions, "admin": frozenset({"U0KIM"})}))
    secret = token_for(spy, "U0ANA", name="portal")

    assert "portal" not in said(spy, "token list", by="U0RAJ")
    assert "You have no token called" in said(spy, 'token revoke "portal"', by="U0RAJ")
    assert holder_of(spy, secret)
    assert "portal" in said(spy, "token list", by="U0KIM")
    said(spy, 'token revoke "Portal"', by="U0KIM")
    assert holder_of(spy, secret) is None


def test_the_tokens_of_a_deactivated_person_stop_at_once(spy: SpyKit):
    secret = token_for(spy)
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", is_deactivated=True))

    assert holder_of(spy, secret) is None
    with spy.tx() as tx:
        assert not tx.session.api_tokens.of("U0ANA")


def test_no_two_tokens_have_one_name_and_nobody_has_too_many(spy: SpyKit):
    for number in range(20):
        token_for(spy, name=f"tool {number}")

    assert "There is a token called TOOL 7 already" in said(spy, 'token new "TOOL 7"', by="U0RAJ")
    assert "You have 20 tokens" in said(spy, 'token new "one more"')
    assert "1 to 60 characters" in said(spy, f'token new "{"x" * 61}"', by="U0RAJ")


def test_a_guest_makes_no_token(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0EVE", Profile(name="Eve", is_guest=True))

    assert "you are a guest here" in said(spy, 'token new "deploy tool"', by="U0EVE")


def test_what_is_no_token_opens_nothing(spy: SpyKit):
    secret = token_for(spy)

    for wrong in ("", "spy_", secret[:-1], secret + "x", secret.removeprefix("spy_"), "spy_" + "x" * 10_000):
        assert holder_of(spy, wrong) is None


def test_the_last_use_is_stored_every_few_minutes(spy: SpyKit):
    secret = token_for(spy)

    def used() -> list[datetime | None]:
        with spy.tx() as tx:
            Tokens(tx).note_use(secret)
        with spy.tx() as tx:
            return [it.used_at for it in tx.session.api_tokens.all()]

    first = spy.clock.now()
    assert used() == [first]
    spy.clock.tick(minutes=1)
    assert used() == [first]
    spy.clock.tick(minutes=4)
    assert used() == [spy.clock.now()]
    assert "last used" in said(spy, "token list")


def test_a_token_that_is_revoked_while_it_is_used_stays_revoked(database_url: str):
    database, clock, together = Database(open_engine(database_url)), FrozenClock(), Barrier(2, timeout=10)

    def tokens(session: object) -> Tokens:
        return Tokens(Transaction(session=session, now=clock.now(), policy=POLICY))  # type: ignore[arg-type]

    with database.begin() as session:
        secrets = [
            tokens(session).make(name, Scope.SAY, by="U0ANA", ends_at=ends).secret
            for name, ends in (("a tool", None), ("another", datetime(2999, 1, 1, tzinfo=UTC)))
        ]

    def use(_: int) -> None:
        together.wait()
        with database.begin() as session:
            tokens(session).note_use(secrets[0])

    def revoke(_: int) -> None:
        together.wait()
        with database.begin() as session:
            tokens(session).revoke("a tool", by="U0ANA")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda do: do(0), (use, revoke))) == [None, None]
    with database.read() as session:
        assert [tokens(session).person_of(it) is None for it in secrets] == [True, False]
        assert [it.name for it in tokens(session).seen_by("U0ANA")] == ["another"]
    with database.begin() as session, pytest.raises(Refusal, match="already"):
        tokens(session).make("ANOTHER", Scope.READ, by="U0RAJ")
    with database.begin() as session:
        assert session.api_tokens.forget(before=clock.now(), limit=10) == 0
        assert session.api_tokens.forget(before=datetime(3000, 1, 1, tzinfo=UTC), limit=10) == 1
    database.engine.dispose()
