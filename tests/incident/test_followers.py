"""Stakeholders follow an incident without its channel: by direct message, and by e-mail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Joined, Left, Source
from bot.domain.incident.following import TellFollower, TellFollowers
from bot.domain.policy import DashboardSettings, MailSettings
from bot.ports import Deferred, Profile, Rejected, Throttled, Unconfirmed, Unreachable
from bot.ports.mail import NO_SUCH_ADDRESS
from bot.services.incident.followings import Followings
from bot.services.people import People
from bot.testing import POLICY, SpyKit
from tests.support.followers import Outside

SETTINGS = {
    "mail": MailSettings(domains=("example.com",)),
    "dashboard": DashboardSettings(address="https://spy.example.com"),
}
CEO = "ceo@example.com"


@pytest.fixture
def spy(spy: SpyKit) -> SpyKit:
    """Return a Spy that sends mail, with INC-1: a sev3 that Ana leads."""
    spy.adopt(replace(POLICY, **SETTINGS))
    spy.meet(U0DIR="Dora Reyes")
    return declared(spy)


@pytest.fixture
def outside(spy: SpyKit) -> Outside:
    outside = Outside(spy)
    outside.deliver()
    return outside


def declared(spy: SpyKit, words: str = '"checkout is down" sev3', number: int = 1) -> SpyKit:
    spy.say(f"incident me {words}", by="U0ANA")
    spy.create_channel(number, channel=f"C0ROOM{number}")
    return spy


def say(spy: SpyKit, words: str, *, by: str = "U0ANA", number: int = 1) -> str:
    answer = spy.say(f"incident {number} {words}", by=by)
    assert answer.message
    return answer.message.text


# --- by direct message ---


def test_a_follower_hears_each_update_whole_by_itself(spy: SpyKit, outside: Outside):
    answer = say(spy, "follow", by="U0DIR")
    spy.clock.tick(minutes=10)
    say(spy, 'update "payments fail in EU"')
    outside.deliver()

    assert "You follow INC-1" in answer
    assert "checkout is down" in answer
    [heard] = outside.heard("U0DIR")
    assert "🔴 *INC-1 checkout is down* · sev3 · triage · open for 10 min" in heard
    assert "*Update* from Ana Lima: payments fail in EU" in heard
    assert "*Next update* due by" in heard
    assert heard.count("payments fail in EU") == 1


def test_several_changes_at_once_are_one_message(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, 'report status mitigated sev sev2 "rolled back"')
    say(spy, 'note "chatter"')
    outside.deliver()

    [heard] = outside.heard("U0DIR")
    assert "*Severity sev2*" in heard
    assert "*Mitigated*" in heard
    assert "rolled back" in heard
    assert "chatter" not in heard


def test_the_end_says_how(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, 'resolve "rolled back to 1.1"')
    outside.deliver()

    [heard] = outside.heard("U0DIR")
    assert "✅" in heard
    assert "*Resolved* by Ana Lima: rolled back to 1.1" in heard
    assert "Next update" not in heard


def test_what_waits_for_slack_becomes_one_message(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    outside.chat.fail("post", *(Throttled("wait", retry_after=timedelta(seconds=30)) for _ in range(9)))
    for words in ("one", "two", "three"):
        say(spy, f'update "{words}"')
        outside.deliver()
    outside.chat.failures.clear()
    spy.clock.tick(seconds=31)
    outside.deliver()
    spy.clock.tick(seconds=31)
    outside.deliver()

    heard = outside.heard("U0DIR")
    assert len(heard) == 2  # the first was on its way already; the others came together
    assert [it for it in ("one", "two", "three") if f": {it}" in heard[1]] == ["two", "three"]


def test_a_corrected_update_is_told_as_such(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, 'update "no data is lost"')
    line = spy.timeline(1)[-1].seq
    outside.deliver()
    outside.heard("U0DIR")
    spy.say(f'incident 1 timeline edit {line} "some data is lost"', by="U0ANA")
    spy.say(f"incident 1 timeline keep {line}", by="U0ANA")
    outside.deliver()

    [heard] = outside.heard("U0DIR")
    assert "*Corrected* *Update* from Ana Lima: some data is lost" in heard
    assert "no data is lost" not in heard


def test_a_message_whose_answer_was_lost_is_not_sent_twice(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, 'update "looking"')
    outside.chat.lost = 1
    outside.deliver()
    spy.clock.tick(seconds=31)
    outside.deliver()

    assert len(outside.heard("U0DIR")) == 1


def test_who_unfollows_hears_no_more(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, 'update "one"')
    outside.deliver()
    [message] = [it.message for it in outside.chat.posts if it.to == "U0DIR"]
    spy.press("Unfollow", message, by="U0DIR", channel="D0DIR")
    outside.heard("U0DIR")
    say(spy, 'update "two"')
    outside.deliver()

    assert outside.heard("U0DIR") == []
    assert "do not follow" in say(spy, "unfollow", by="U0DIR")


def test_the_announcement_has_a_button_to_follow(spy: SpyKit, outside: Outside):
    answer = spy.press("Follow", spy.message_type("announcement", 1), by="U0DIR", channel="C0INCIDENTS")
    say(spy, 'update "looking"')
    outside.deliver()

    assert not answer.shared
    assert len(outside.heard("U0DIR")) == 1


def test_following_said_aloud_is_answered_to_the_person_alone(spy: SpyKit):
    answer = spy.say("incident 1 follow", by="U0DIR", source=Source.PLAIN)

    assert answer.message is None
    assert not spy.posts("C0GENERAL")
    assert "You follow" in spy.private()[-1].text


def test_an_incident_that_is_over_is_not_followed(spy: SpyKit):
    say(spy, 'resolve "fixed"')

    assert "nothing more will come" in say(spy, "follow", by="U0DIR")


def test_a_second_follow_changes_nothing(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")

    assert "You follow already" in say(spy, "follow", by="U0DIR")


def test_many_followers_take_one_row_at_a_time(spy: SpyKit, outside: Outside):
    with spy.tx() as tx:
        for number in range(20):
            Followings(tx).follow(tx.incident(1), by=f"U0P{number}")
    before = len(spy.effects)
    say(spy, 'update "looking"')
    queued = spy.effects[before:]
    outside.deliver()

    assert [type(it) for it in queued if isinstance(it, TellFollowers | TellFollower)] == [TellFollowers]
    told = [it.to for it in outside.chat.posts if it.to.startswith("U0P")]
    assert sorted(told) == sorted(f"U0P{number}" for number in range(20))


# --- who may hear ---


def test_a_private_incident_is_followed_by_its_members_only(spy: SpyKit, outside: Outside):
    declared(spy, '"payroll was copied" sev3 private', number=2)
    spy.notice(Joined(id="Ev1", channel="C0ROOM2", person="U0RAJ"))

    assert "no INC-2 that you can see" in say(spy, "follow", by="U0DIR", number=2)
    assert "You follow INC-2" in say(spy, "follow", by="U0RAJ", number=2)


def test_who_is_removed_from_a_private_incident_hears_no_more_at_once(spy: SpyKit, outside: Outside):
    declared(spy, '"payroll was copied" sev3 private', number=2)
    spy.notice(Joined(id="Ev1", channel="C0ROOM2", person="U0RAJ"))
    say(spy, "follow", by="U0RAJ", number=2)
    outside.deliver()
    outside.heard("U0RAJ")
    say(spy, 'update "it was raj"', number=2)  # queued before he is removed
    spy.notice(Left(id="Ev2", channel="C0ROOM2", person="U0RAJ"))
    outside.deliver()

    assert outside.heard("U0RAJ") == []
    assert "Nobody follows" in say(spy, "followers", number=2)


def test_nothing_leaves_once_an_incident_is_private(spy: SpyKit, outside: Outside):
    say(spy, "follow", by="U0DIR")
    say(spy, f"follow by mail {CEO}")
    outside.deliver()
    outside.mail.letters.clear()
    with spy.tx() as tx:
        tx.session.incidents.put(replace(tx.incident(1), private=True))
    say(spy, 'update "secret"')
    outside.deliver()

    assert outside.heard("U0DIR") == []
    assert outside.mail.letters == []
    assert "Nobody follows" in say(spy, "followers")


def test_a_guest_follows_only_what_they_may_see(spy: SpyKit, outside: Outside):
    with spy.tx() as tx:
        People(tx).met("U0GUEST", Profile(name="Gil Guest", is_guest=True))
    refused = say(spy, "follow", by="U0GUEST")
    spy.notice(Joined(id="Ev1", channel="C0ROOM1", person="U0GUEST"))
    taken = say(spy, "follow", by="U0GUEST")
    spy.notice(Left(id="Ev2", channel="C0ROOM1", person="U0GUEST"))
    say(spy, 'update "looking"')
    outside.deliver()

    assert "no INC-1 that you can see" in refused
    assert "You follow INC-1" in taken
    assert outside.heard("U0GUEST") == []


def test_a_guest_adds_nobody_by_mail_and_sees_no_addresses(spy: SpyKit):
    with spy.tx() as tx:
        People(tx).met("U0GUEST", Profile(name="Gil Guest", is_guest=True))
    spy.notice(Joined(id="Ev1", channel="C0ROOM1", person="U0GUEST"))
    say(spy, f"follow by mail {CEO}")

    assert "guest" in say(spy, f"follow by mail {CEO}", by="U0GUEST").casefold()
    assert CEO not in say(spy, "followers", by="U0GUEST")


# --- services and severities ---


def test_each_incident_of_a_severity_is_told_from_its_beginning(spy: SpyKit, outside: Outside):
    spy.say("incident follow severity sev1", by="U0DIR")
    declared(spy, '"cart is down" sev3', number=2)
    outside.deliver()
    before = outside.heard("U0DIR")
    say(spy, "sev sev1", number=2)
    outside.deliver()

    assert before == []
    [heard] = outside.heard("U0DIR")
    assert "*INC-2 cart is down* · sev1" in heard


def test_each_incident_of_a_service_is_told_once(spy: SpyKit, outside: Outside):
    spy.say("incident follow services checkout, search", by="U0DIR")
    spy.say("incident follow severity sev3", by="U0DIR")
    spy.say('incident me "pay fails" sev3 affects checkout, search', by="U0ANA")
    outside.deliver()

    [heard] = outside.heard("U0DIR")
    assert "*Affects* checkout, search" in heard


def test_private_ones_and_drills_are_not_told_to_followers_of_a_severity(spy: SpyKit, outside: Outside):
    spy.say("incident follow severity sev3", by="U0DIR")
    spy.say('incident me "payroll was copied" sev3 private', by="U0ANA")
    spy.say('incident me "fire drill" sev3 drill', by="U0ANA")
    outside.deliver()

    assert outside.heard("U0DIR") == []


def test_one_incident_of_a_followed_severity_can_be_left_alone(spy: SpyKit, outside: Outside):
    spy.say("incident follow severity sev3", by="U0DIR")
    declared(spy, '"cart is down" sev3', number=2)
    outside.deliver()
    say(spy, "unfollow", by="U0DIR", number=2)
    outside.heard("U0DIR")
    say(spy, 'update "looking"', number=2)
    declared(spy, '"search is down" sev3', number=3)
    outside.deliver()

    [heard] = outside.heard("U0DIR")
    assert "INC-3" in heard


def test_the_end_of_a_severity_ends_its_incidents(spy: SpyKit, outside: Outside):
    spy.say("incident follow severity sev3", by="U0DIR")
    declared(spy, '"cart is down" sev3', number=2)
    outside.deliver()
    shown = spy.say("incident following", by="U0DIR").message
    spy.say("incident unfollow severity sev3", by="U0DIR")
    outside.heard("U0DIR")
    say(spy, 'update "looking"', number=2)
    outside.deliver()

    assert shown
    assert "INC-2" in shown.text
    assert "each incident of severity sev3" in shown.text
    assert outside.heard("U0DIR") == []


# --- merging ---


def test_followers_move_with_a_merge_and_are_told_once(spy: SpyKit, outside: Outside):
    declared(spy, '"cards fail" sev3', number=2)
    say(spy, "follow", by="U0DIR", number=2)
    say(spy, "follow", by="U0KIM", number=1)
    say(spy, "follow", by="U0KIM", number=2)
    outside.deliver()
    say(spy, "merge 1", number=2)
    outside.deliver()
    moved, both = outside.heard("U0DIR"), outside.heard("U0KIM")
    say(spy, 'update "one cause"', number=1)
    outside.deliver()

    [heard] = moved
    assert "INC-2, which you followed, was merged into it. You follow INC-1 from now on." in heard
    assert len(both) == 1
    assert "Merged into INC-1" in both[0]
    assert [len(outside.heard(it)) for it in ("U0DIR", "U0KIM")] == [1, 1]


def test_who_moved_with_a_merge_moves_back_with_its_end(spy: SpyKit, outside: Outside):
    declared(spy, '"cards fail" sev3', number=2)
    say(spy, "follow", by="U0DIR", number=2)
    say(spy, "merge 1", number=2)
    outside.deliver()
    outside.heard("U0DIR")
    say(spy, "unmerge", number=2)
    outside.deliver()
    reopened = outside.heard("U0DIR")
    say(spy, 'update "of one"', number=1)
    say(spy, 'update "of two"', number=2)
    outside.deliver()

    assert len(reopened) == 1
    assert "INC-2" in reopened[0]
    [heard] = outside.heard("U0DIR")
    assert "of two" in heard


def test_a_second_merge_of_the_same_two_is_told_again(spy: SpyKit, outside: Outside):
    declared(spy, '"cards fail" sev3', number=2)
    for person in ("U0DIR", "U0KIM"):
        say(spy, "follow", by=person, number=2)
    for words in ("merge 1", "unmerge", "merge 1"):
        outside.deliver()
        outside.heard("U0DIR"), outside.heard("U0KIM")
        say(spy, words, number=2)
    outside.deliver()

    assert [len(outside.heard(it)) for it in ("U0DIR", "U0KIM")] == [1, 1]


# --- by mail ---


def test_a_mail_follower_gets_the_state_then_the_news_in_one_thread(spy: SpyKit, outside: Outside):
    answer = say(spy, "follow by mail <mailto:ceo@example.com|ceo@example.com>")
    outside.deliver()
    say(spy, 'update "payments fail"')
    say(spy, 'note "chatter"')
    outside.deliver()

    assert "The first mail with its state leaves now" in answer
    first, second = outside.mail.letters
    assert first.subject == second.subject == "INC-1 checkout is down"
    assert "INC-1 checkout is down" in first.text
    assert "Ana Lima asked Spy to send this to you" in first.text
    assert first.unfollow in first.text
    assert "payments fail" in second.text
    assert "<" not in second.text
    assert (first.thread, first.first, first.number) == (second.thread, second.first, second.first)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("follow by mail ceo@evil.com", "only to addresses at example.com"),
        ("follow by mail ceo@example.com.evil.com", "only to addresses at example.com"),
        ("follow by mail ceo", "no e-mail address"),
        ("follow by mail a@example.com,b@evil.com", "no e-mail address"),
    ],
)
def test_nothing_is_sent_elsewhere(spy: SpyKit, words: str, refused: str):
    assert refused in say(spy, words)


def test_without_a_mail_server_nobody_follows_by_mail(spy: SpyKit):
    spy.adopt(POLICY)

    assert "sends no mail here" in say(spy, f"follow by mail {CEO}")


def test_nothing_about_a_private_incident_leaves_by_mail(spy: SpyKit):
    declared(spy, '"payroll was copied" sev3 private', number=2)

    assert "is private" in say(spy, f"follow by mail {CEO}", number=2)


def test_an_unknown_address_is_told_to_who_asked_and_ends(spy: SpyKit, outside: Outside):
    outside.mail.fail(Rejected("address", NO_SUCH_ADDRESS, detail=": 550 5.1.1 no such user"))
    say(spy, f"follow by mail {CEO}")
    outside.deliver()
    say(spy, 'update "looking"')
    outside.deliver()

    [told] = outside.heard("U0ANA")
    assert "550 5.1.1 no such user" in told
    assert outside.mail.letters == []
    assert "Nobody follows" in say(spy, "followers")


def test_a_server_that_refuses_mail_for_good_is_told_once(spy: SpyKit, outside: Outside):
    say(spy, f"follow by mail {CEO}")
    outside.deliver()
    for words in ("one", "two"):
        outside.mail.fail(Rejected("refused", "the mail server refuses the mail", detail=": 554 spam"))
        say(spy, f'update "{words}"')
        outside.deliver()

    assert len([it for it in outside.heard("U0ANA") if "554 spam" in it]) == 1
    assert CEO in say(spy, "followers")


def test_one_address_that_is_refused_for_now_keeps_nobody_waiting(spy: SpyKit, outside: Outside):
    for name in ("a", "b", "c"):
        say(spy, f"follow by mail {name}@example.com")
    outside.deliver()
    outside.mail.letters.clear()
    outside.mail.fail(Deferred("refused for now", detail=": 451 greylisted"), to="a@")
    say(spy, 'update "one"')
    outside.deliver()
    at_once = [it.to for it in outside.mail.letters]
    say(spy, 'update "two"')
    outside.deliver()
    spy.clock.tick(minutes=6)
    outside.deliver()

    assert at_once == ["b@example.com", "c@example.com"]
    assert [": one" in it for it in outside.mail.to("b@example.com")] == [True, False]
    late = outside.mail.to("a@example.com")
    assert len(late) == 2
    assert ": one" in late[0]
    assert ": two" in late[1]


def test_a_mail_that_is_refused_for_hours_is_given_up_and_told(spy: SpyKit, outside: Outside):
    say(spy, f"follow by mail {CEO}")
    for _ in range(60):
        outside.mail.fail(Deferred("refused for now", detail=": 452 mailbox full"))
        outside.deliver()
        spy.clock.tick(minutes=5)

    [told] = [it for it in outside.heard("U0ANA") if "452 mailbox full" in it]
    assert CEO in told


def test_a_mail_of_which_nobody_knows_whether_it_arrived_is_sent_once_more(spy: SpyKit, outside: Outside):
    for _ in range(2):
        outside.mail.lose(Unconfirmed("no answer"))
    say(spy, f"follow by mail {CEO}")
    for _ in range(4):
        outside.deliver()
        spy.clock.tick(seconds=31)

    one, other = outside.mail.letters
    assert one == other
    assert outside.heard("U0ANA") == []


def test_a_server_that_is_away_gets_each_mail_once_when_it_is_back(spy: SpyKit, outside: Outside):
    for name in ("a", "b"):
        say(spy, f"follow by mail {name}@example.com")
    for _ in range(12):
        outside.mail.fail(Unreachable("the mail server is away"))
    for _ in range(20):
        outside.deliver()
        spy.clock.tick(seconds=31)

    assert sorted(it.to for it in outside.mail.letters) == ["a@example.com", "b@example.com"]


def test_mail_that_is_away_does_not_delay_direct_messages(spy: SpyKit, outside: Outside):
    say(spy, f"follow by mail {CEO}")
    say(spy, "follow", by="U0DIR")
    outside.mail.fail(Unreachable("the mail server is away"))
    say(spy, 'update "looking"')
    outside.deliver()

    assert len(outside.heard("U0DIR")) == 1


def test_the_link_of_a_mail_ends_it(spy: SpyKit, outside: Outside):
    say(spy, f"follow by mail {CEO}")
    outside.deliver()
    token = outside.mail.letters[0].unfollow.rpartition("/")[2]
    with spy.tx() as tx:
        found = Followings(tx).of_token(token)
        wrong = [Followings(tx).of_token(it) for it in (f"{token}x", "1-", "1", "x-y", "9" * 30)]
        assert found
        Followings(tx).end(found, wholly=True)
    say(spy, 'update "looking"')
    outside.deliver()

    assert wrong == [None] * 5
    assert len(outside.mail.letters) == 1


def test_the_link_of_a_mail_about_a_followed_severity_ends_all_of_it(spy: SpyKit, outside: Outside):
    spy.say(f"incident follow severity sev3 by mail {CEO}", by="U0ANA")
    declared(spy, '"cart is down" sev3', number=2)
    outside.deliver()
    token = outside.mail.letters[-1].unfollow.rpartition("/")[2]
    with spy.tx() as tx:
        found = Followings(tx).of_token(token)
        assert found
        Followings(tx).end(found, wholly=True)
    declared(spy, '"search is down" sev3', number=3)
    outside.deliver()

    assert len(outside.mail.letters) == 1


def test_what_is_sent_by_mail_is_audited_without_the_address(spy: SpyKit, outside: Outside):
    say(spy, f"follow by mail {CEO}")
    outside.deliver()
    with spy.tx() as tx:
        lines = [line for _, line in tx.session.audit.find(since=None, people=(), incident=None)]

    [sent] = [it for it in lines if it.source == "spy" and "mail" in it.command]
    assert (sent.outcome, sent.incident) == ("done", 1)
    assert CEO not in sent.command
