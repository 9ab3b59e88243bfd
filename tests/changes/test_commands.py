"""Stories of what changed, of suspects, and of deploy locks."""

from datetime import timedelta

from bot.commands.request import Source
from bot.domain.changes.change import TOOL, Change
from bot.domain.effects import UpsertMessage
from bot.domain.message import Message
from bot.domain.subject import IncidentChannel
from bot.services.changes.changes import Changes
from bot.services.changes.locks import Locks
from bot.services.postmortem.documents import Documents
from bot.testing import SpyKit
from tests.support.times import in_utc


def hears(spy: SpyKit, title: str, *, minutes_ago: float, service: str = "checkout") -> Change:
    at = spy.clock.now() - timedelta(minutes=minutes_ago)
    news = Change(
        key=f"tool:{title}",
        source=TOOL,
        kind="deploy",
        service=service,
        title=title,
        happened_at=at,
        as_of=at,
        heard_at=spy.clock.now(),
        url="https://ci.example.com/7",
        author="kim",
        outcome="success",
    )
    with spy.tx(source="changes") as tx:
        return Changes(tx).hear(news)


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts for it in getattr(part, "buttons", ())]


def said(spy: SpyKit, words: str, *, by: str = "U0ANA", channel: str = "C0GENERAL") -> Message:
    answer = spy.say(words, by=by, channel=channel)
    assert answer.message
    return answer.message


# --- what changed -----------------------------------------------------------------------------------------


def test_the_card_offers_what_changed_in_the_hour_before(spy: SpyKit, channel: str):
    for title, ago in (("long ago", 61), ("deploy 41", 30), ("deploy 42", 5)):
        hears(spy, title, minutes_ago=ago)
    spy.clock.tick(minutes=3)
    hears(spy, "the rollback", minutes_ago=0)

    spy.press("What changed?", spy.message_type("card", 1), channel=channel)

    listed = spy.private()[-1]
    assert listed.text.index("deploy 42") < listed.text.index("deploy 41")
    assert "long ago" not in listed.text
    assert "the rollback" not in listed.text
    assert labels(listed) == ["Suspect #3", "Suspect #2"]


def test_the_hour_is_counted_from_the_stated_impact(spy: SpyKit, channel: str):
    hears(spy, "deploy 41", minutes_ago=80)
    hears(spy, "deploy 42", minutes_ago=5)
    spy.say('incident impact "no orders" since 30m', channel=channel)

    listed = said(spy, "changes", channel=channel).text

    assert "deploy 41" in listed
    assert "deploy 42" not in listed


def test_a_deploy_that_began_long_before_counts_while_it_went_on(spy: SpyKit):
    began = spy.clock.now() - timedelta(hours=2)
    hears(spy, "slow deploy", minutes_ago=10)
    with spy.tx() as tx:
        news = tx.session.changes.by_key("tool:slow deploy")
        assert news
        Changes(tx).hear(Change(**{**vars(news), "happened_at": began, "as_of": began}))

    assert "slow deploy" in said(spy, "changes 15m").text


def test_elsewhere_it_is_the_last_hour_of_a_service_or_of_all(spy: SpyKit):
    hears(spy, "deploy 41", minutes_ago=90)
    hears(spy, "deploy 42", minutes_ago=5)
    hears(spy, "other", minutes_ago=5, service="orders")

    assert [it in said(spy, "changes").text for it in ("deploy 41", "deploy 42", "other")] == [0, 1, 1]
    assert [it in said(spy, "changes 2h").text for it in ("deploy 41", "deploy 42", "other")] == [1, 1, 1]
    assert [it in said(spy, "changes :checkout").text for it in ("deploy 42", "other")] == [1, 0]
    assert "No changes found on nothing between" in said(spy, "changes 1h nothing").text


def test_a_change_of_then_that_is_told_now_is_listed_then_only(spy: SpyKit):
    spy.say("change flag on at 9:10")

    assert "flag on" not in said(spy, "changes").text
    assert "flag on" in said(spy, "changes 3h").text


def test_a_change_is_told_by_hand(spy: SpyKit, channel: str):
    told = said(spy, 'change "flag new-cart at 50 %" on checkout', channel=channel)
    spy.press("Suspect #1", told, channel=channel)

    assert "*Change #1* 12:00 UTC" in in_utc(told.text)
    assert "flag new-cart at 50 % on checkout" in told.text
    assert spy.incident(1).suspects[0].title == "flag new-cart at 50 %"


def test_what_is_told_in_a_private_incident_stays_in_it(spy: SpyKit, channel: str):
    spy.say('incident me "payroll" sev3 private', by="U0KIM")
    spy.create_channel(2, channel="C0PRIVATE")
    spy.say('change "revoked the leaked keys"', by="U0KIM", channel="C0PRIVATE")

    assert "leaked keys" in said(spy, "changes", by="U0KIM", channel="C0PRIVATE").text
    assert "leaked keys" not in said(spy, "changes").text
    assert "leaked keys" not in said(spy, "changes", channel=channel).text
    assert "There is no change 1" in said(spy, "suspect 1", channel=channel).text


def test_no_webhook_makes_spy_speak(spy: SpyKit, channel: str):
    before = len(spy.effects)

    hears(spy, "deploy 42", minutes_ago=1)

    assert len(spy.effects) == before


# --- which is suspected -----------------------------------------------------------------------------------


def test_one_press_marks_a_suspect_everywhere(spy: SpyKit, channel: str):
    hears(spy, "deploy 42", minutes_ago=5)

    spy.press("Suspect #1", said(spy, "changes", channel=channel), by="U0RAJ", channel=channel)

    assert spy.timeline(1)[-1].kind == "change_suspected"
    assert spy.timeline(1)[-1].data["happened_at"] == "2026-11-23T11:55:00Z"
    assert "*Suspected change* from Raj Patel" in spy.lines(1)[-1]
    assert (
        "*Suspected change*: <https://ci.example.com/7|deploy 42> on checkout"
        in spy.message_type("card", 1).text
    )
    assert (
        "*Suspected cause* a change: <https://ci.example.com/7|deploy 42>"
        in said(spy, "tldr", channel=channel).text
    )
    assert "suspected" in said(spy, "changes", channel=channel).text


def test_a_suspect_brings_up_the_rollback_after_ten_minutes(spy: SpyKit, channel: str):
    hears(spy, "deploy 42", minutes_ago=5)
    spy.say("suspect 1", channel=channel)

    spy.pass_time(minutes=10)

    [asked] = [it.text for it in spy.reminder_messages(to=IncidentChannel(1)) if "Roll back?" in it.text]
    assert "deploy 42" in asked
    assert "A change was suspected 12:00 UTC" in in_utc(
        said(spy, "incident why roll_back", channel=channel).text
    )


def test_a_suspect_that_is_cleared_brings_up_nothing(spy: SpyKit, channel: str):
    hears(spy, "deploy 42", minutes_ago=5)
    spy.say("suspect 1", channel=channel)
    spy.press("Clear #1", said(spy, "changes", channel=channel), channel=channel)

    spy.pass_time(minutes=11)

    assert not [it for it in spy.reminder_messages(to=IncidentChannel(1)) if "Roll back?" in it.text]
    assert spy.incident(1).suspects == ()
    assert "No longer suspected" in spy.lines(1)[-1]


def test_a_suspect_that_is_cleared_is_no_suspect_in_the_postmortem(spy: SpyKit, channel: str):
    for title in ("deploy 42", "flag new-cart"):
        hears(spy, title, minutes_ago=5)
    for words in ("suspect 1", "suspect 2", "clear 2"):
        spy.say(words, channel=channel)

    with spy.tx() as tx:
        facts = Documents(tx).document(tx.incident(1))

    assert [it["title"] for it in facts["suspects"]] == ["deploy 42"]
    assert [it["title"] for it in facts["changes"]] == ["deploy 42", "flag new-cart"]


def test_what_cannot_be_suspected_gets_a_sentence(spy: SpyKit, channel: str):
    hears(spy, "deploy 42", minutes_ago=5)
    spy.say("suspect 1", channel=channel)

    assert "already" in said(spy, "suspect 1", channel=channel).text
    assert "no change 7" in said(spy, "suspect 7", channel=channel).text
    assert "is not the number of a change" in said(spy, "suspect that", channel=channel).text
    assert "not suspected" in said(spy, "clear 7", channel=channel).text


def test_a_suspect_outlives_the_change_itself(spy: SpyKit, channel: str):
    hears(spy, "deploy 42", minutes_ago=5)
    spy.say("suspect 1", channel=channel)
    spy.clock.tick(days=31)

    with spy.tx() as tx:
        Changes(tx).forget_old(limit=100)

    assert "No changes" in said(spy, "changes 1d").text
    assert "deploy 42" in said(spy, "tldr", channel=channel).text


# --- deploy locks -----------------------------------------------------------------------------------------


def test_a_lock_is_announced_once_and_its_message_follows(spy: SpyKit, channel: str):
    spy.say('lock checkout "rolling back by hand"', by="U0RAJ")
    announced = spy.message_type("lock", 1).text
    spy.say("unlock checkout", by="U0RAJ")

    assert "*Deploy lock: checkout* (Raj Patel): rolling back by hand" in announced
    assert "Locked since 12:00 UTC" in in_utc(announced)
    assert "can be deployed again*, unlocked by Raj Patel" in spy.message_type("lock", 1).text
    assert {it.slot for it in spy.asked(UpsertMessage) if it.message_type == "lock"} == {"lock:1"}
    assert {it.to for it in spy.asked(UpsertMessage) if it.message_type == "lock"} == {"C0INCIDENTS"}


def test_a_lock_stands_on_the_card_and_in_the_tldr_of_open_incidents(spy: SpyKit, channel: str):
    spy.deliver()
    spy.say('lock checkout "rolling back by hand"', by="U0RAJ")

    assert "card:1:lock:1:set" in {it.key for it in spy.asked(UpsertMessage)}
    for text in (spy.message_type("card", 1).text, said(spy, "tldr", channel=channel).text):
        assert "*Deploy lock* checkout (Raj Patel) since 12:00 UTC" in in_utc(text)
    spy.say("unlock checkout", by="U0RAJ")
    assert "Deploy lock" not in spy.message_type("card", 1).text


def test_of_two_who_lock_one_gets_a_sentence(spy: SpyKit):
    spy.say('lock checkout "mine"', by="U0RAJ")

    refused = said(spy, 'lock :checkout "mine too"', by="U0ANA")

    assert "checkout is locked already, by <@U0RAJ> since 12:00 UTC: mine" in in_utc(refused.text)
    assert labels(refused) == ["Unlock it"]
    assert "by you since" in said(spy, 'lock checkout "again"', by="U0RAJ").text


def test_what_runs_keeps_its_lock_until_somebody_wants_it_anyway(spy: SpyKit):
    with spy.tx() as tx:
        Locks(tx).lock("checkout", "moving to the other site", by="U0ANA", holder="failover:12")

    refused = said(spy, "unlock checkout", by="U0RAJ")
    assert "locked by failover 12, which runs (moving to the other site)" in refused.text
    spy.press("Unlock anyway", refused, by="U0ANA")

    assert "No deploy locks" in said(spy, "locks").text


def test_what_runs_lets_go_of_its_own(spy: SpyKit):
    with spy.tx() as tx:
        Locks(tx).lock("checkout", "moving", by=None, holder="failover:12")
        Locks(tx).unlock("checkout", by=None, holder="failover:12")

        assert Locks(tx).of("checkout") is None
    assert "unlocked by failover 12" in spy.message_type("lock", 1).text


def test_a_forgotten_lock_is_asked_about_daily(spy: SpyKit):
    spy.say('lock checkout "for a moment"', by="U0RAJ")

    spy.pass_time(days=2, minutes=1)

    first, second = spy.reminder_messages("forgotten", to="U0RAJ")
    assert first.text == "checkout is still locked. There is a newer question below."
    assert "*Does checkout still need its deploy lock?* You set it" in second.text
    spy.press("Unlock", second, by="U0RAJ")
    spy.pass_time(days=3)
    assert [it.text[:20] for it in spy.reminder_messages("forgotten")] == ["checkout has been un"] * 2


def test_after_three_days_away_a_lock_is_asked_about_once(spy: SpyKit):
    spy.say('lock checkout "for a moment"', by="U0RAJ")

    spy.clock.tick(days=3, hours=1)
    spy.tick()
    spy.pass_time(hours=22)

    assert len(spy.reminder_messages("forgotten")) == 1


def test_what_is_not_locked_cannot_be_unlocked(spy: SpyKit):
    assert "checkout is not locked" in said(spy, "unlock checkout").text
    assert "why is missing" in said(spy, "lock checkout").text or "Usage" in said(spy, "lock checkout").text


def test_locks_are_listed_where_they_are_asked_for(spy: SpyKit):
    spy.say('lock checkout "one"')
    spy.say('lock orders "two"')

    answer = spy.say("locks", source=Source.SLASH)

    assert answer.shared
    assert answer.message
    assert answer.message.text.splitlines()[1].startswith("• checkout (Ana Lima) since")
