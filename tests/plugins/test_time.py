"""Stories of what Spy says unasked in an incident, on a clock that jumps from one due moment to the next."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.rendering.mrkdwn import flat
from bot.domain.effects import UpsertMessage
from bot.domain.message import Message
from bot.domain.paging.effects import EscalatePage
from bot.domain.policy import Milestone, Policy
from bot.domain.subject import IncidentChannel
from bot.ports import Ringing
from bot.services.incident.incidents import Incidents
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import incident, page, time
from tests.support.templates import shipped
from tests.support.times import in_utc

CHANNEL = "C0ROOM"
NAMES = {"U0ANA": "Ana Lima", "U0RAJ": "Raj Patel"}

TeamNotices = Callable[..., SpyKit]


@pytest.fixture
def telling() -> TeamNotices:
    """Open INC-1 by Ana, with its channel: `telling("sev1", policy=…)`."""

    def notice(severity: str = "sev1", *, policy: Policy = POLICY, drill: bool = False) -> SpyKit:
        clock = FrozenClock()
        templates = shipped(clock)
        spy = SpyKit(incident, page, time, policy=policy, templates=templates, clock=clock)
        spy.meet(**NAMES)
        spy.say(f'incident me "checkout is down" {severity}{" drill" if drill else ""}')
        spy.create_channel(1, channel=CHANNEL)
        return spy

    return notice


def words(messages: list[Message] | tuple[Message, ...]) -> list[str]:
    return [flat(it.text, NAMES.get).replace("*", "") for it in messages]


def said_to(spy: SpyKit, to: str) -> list[str]:
    return words(list(spy.reminder_messages(to=to)))


def labels(message: Message) -> list[str]:
    return [it.label for part in message.parts for it in getattr(part, "buttons", ())]


# --- the update promise -----------------------------------------------------------------------------------


def test_an_update_that_is_due_is_asked_for_by_dm_and_then_before_the_channel(telling: TeamNotices):
    spy = telling()

    spy.pass_time(minutes=14, seconds=59)
    assert said_to(spy, "U0ANA") == []
    spy.pass_time(seconds=1)
    assert said_to(spy, "U0ANA") == ["Update due: INC-1 checkout is down. There is no update yet."]
    spy.pass_time(minutes=5)
    assert said_to(spy, IncidentChannel(1)) == [
        "Update 5 min overdue. @Ana Lima: what is known, what is being done? There is no update yet."
    ]


def test_the_dm_offers_to_post_to_snooze_and_to_hand_over(telling: TeamNotices):
    spy = telling()
    spy.pass_time(minutes=15)

    dm = spy.reminder_messages(to="U0ANA")[0]

    offered = ["Post update", "Snooze 5 min", "Snooze 15 min", "Snooze 30 min", "Hand over", "Why?"]
    assert labels(dm) == offered
    spy.press("Hand over", dm)
    assert "help/form" not in spy.private()[-1].text


def test_an_update_in_time_keeps_spy_silent(telling: TeamNotices):
    spy = telling()
    for _ in range(4):
        spy.pass_time(minutes=14)
        spy.say("incident update on it", channel=CHANNEL)

    assert spy.reminder_messages() == []


ROUTES: dict[str, Callable[[SpyKit], object]] = {
    "command": lambda spy: spy.say("incident update back soon", channel=CHANNEL),
    "modal": lambda spy: spy.say("incident update", given={"message": "back soon"}, incident=1, channel=None),
    "terminal": lambda spy: spy.say("incident 1 update back soon", channel=None),
}


@pytest.mark.parametrize("route", [*ROUTES, "service"])
def test_an_update_by_any_route_ends_the_nag_and_its_messages_say_so(telling: TeamNotices, route: str):
    spy = telling()
    spy.pass_time(minutes=21)

    if route == "service":
        with spy.tx(source="api") as tx:
            Incidents(tx).post_update(tx.incident(1), "back soon", by="U0ANA")
    else:
        ROUTES[route](spy)
    spy.pass_time(minutes=14)

    assert said_to(spy, "U0ANA") == ["INC-1: update posted 12:21 UTC by Ana Lima."]
    assert said_to(spy, IncidentChannel(1)) == ["INC-1: update posted 12:21 UTC by Ana Lima."]


def test_a_snooze_moves_one_nag_once_and_says_who_did_it(telling: TeamNotices):
    spy = telling()
    spy.pass_time(minutes=16)

    answer = spy.press("Snooze 15 min", spy.reminder_messages(to="U0ANA")[0], by="U0ANA", channel=None)
    assert answer.message is None
    assert "*Snoozed* by" in spy.lines(1)[-1]
    assert "Snoozed by Ana Lima until 12:31 UTC" in in_utc(said_to(spy, "U0ANA")[0])
    spy.pass_time(minutes=14, seconds=59)
    assert len(spy.reminder_messages()) == 1
    spy.pass_time(seconds=1)

    assert len(spy.reminder_messages(to="U0ANA")) == 2
    assert labels(spy.reminder_messages(to="U0ANA")[1]) == ["Post update", "Hand over", "Why?"]
    refused = spy.say("incident snooze 5m", channel=CHANNEL)
    assert refused.message
    assert "already snoozed this reminder" in refused.message.text


def test_a_new_commander_hears_what_is_due(telling: TeamNotices):
    spy = telling()
    spy.say("incident hand <@U0RAJ>", channel=CHANNEL)
    spy.say("incident accept", by="U0RAJ", channel=CHANNEL)

    spy.pass_time(minutes=15)

    assert len(said_to(spy, "U0RAJ")) == 1
    assert said_to(spy, "U0ANA") == []


def test_after_three_hours_away_each_overdue_thing_is_said_once_and_late(telling: TeamNotices):
    spy = telling()

    spy.clock.tick(hours=3)
    spy.tick()

    late = [it for it in words(list(spy.reminder_messages())) if "This comes late" in it]
    assert len(late) == 2
    assert "This comes late: it was due 12:15 UTC" in in_utc(said_to(spy, "U0ANA")[0])
    spy.pass_time(minutes=14)
    assert len(said_to(spy, "U0ANA")) == 1


def test_after_three_hours_away_nothing_moot_is_said(telling: TeamNotices):
    spy = telling()
    spy.say("incident stop", channel=CHANNEL)

    spy.clock.tick(hours=3)
    spy.tick()

    assert spy.reminder_messages() == []


# --- the others -------------------------------------------------------------------------------------------


def test_a_severity_is_asked_for_with_the_severities_as_buttons(telling: TeamNotices):
    spy = telling("")
    spy.pass_time(minutes=5)

    request = spy.reminder_messages(to=IncidentChannel(1))[0]
    assert labels(request) == ["sev1", "sev2", "sev3", "Why?"]
    spy.press("sev2", request, channel=CHANNEL)
    spy.pass_time(minutes=20)

    assert said_to(spy, IncidentChannel(1)) == ["INC-1: its severity is sev2."]


def test_without_a_commander_the_backup_is_paged_in_the_end(telling: TeamNotices):
    spy = telling("sev3")
    with spy.tx() as tx:
        tx.session.incidents.put(replace(tx.incident(1), commander=None, command_since=None))
        tx.record(tx.incident(1))

    spy.pass_time(minutes=12)

    assert [(it.team, it.requested_by) for it in spy.pages(1)] == [("imoc", None)]
    assert "Now paging the backup." in said_to(spy, IncidentChannel(1))[-1]


def test_a_drill_says_so_and_pages_nobody(telling: TeamNotices):
    spy = telling("sev1", drill=True)
    with spy.tx() as tx:
        tx.session.incidents.put(replace(tx.incident(1), commander=None, command_since=None))
        tx.record(tx.incident(1))

    spy.pass_time(minutes=20)

    assert spy.pages(1) == []
    assert all(it.startswith("DRILL · ") for it in words(list(spy.reminder_messages())))


def test_rolling_back_is_brought_up_and_settled_by_the_mitigation(telling: TeamNotices):
    spy = telling("sev2")
    spy.say("incident cause the deploy of 11:50", channel=CHANNEL)
    spy.pass_time(minutes=10)

    request = spy.reminder_messages(to=IncidentChannel(1))[0]
    assert words([request])[0].startswith("Roll back? A change is suspected (the deploy of 11:50)")
    spy.press("It is mitigated", request, channel=CHANNEL)

    assert said_to(spy, IncidentChannel(1)) == ["INC-1: mitigated 12:10 UTC."]


def test_a_page_that_nobody_answers_is_escalated_and_the_channel_told(telling: TeamNotices):
    spy = telling("sev1")
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://pd/1", status="triggered"))

    spy.pass_time(minutes=5)

    assert [(it.page, it.level) for it in spy.asked(EscalatePage)] == [(1, 2)]
    told = words(list(spy.reminder_messages("unanswered")))
    assert told == ["Page 1 to :imoc is not acknowledged after 5 min. Now paging the next level."]
    with spy.tx() as tx:
        PagerResults(tx).escalated(1, 2, Ringing(id="PD1", url="u", status="triggered", assigned="Kim Park"))
    assert spy.pages(1)[0].escalated_to == "Kim Park"
    assert words(list(spy.reminder_messages("unanswered")))[0].endswith("Now paging Kim Park.")


def test_a_person_who_does_not_answer_is_backed_by_the_command_team(telling: TeamNotices):
    spy = telling("sev3")
    spy.say("page <@U0RAJ> come", channel=CHANNEL)
    with spy.tx() as tx:
        PagerResults(tx).sent(1, Ringing(id="PD1", url="https://pd/1", status="triggered"))

    spy.pass_time(minutes=11)

    assert [(it.team, it.person) for it in spy.pages(1)] == [(None, "U0RAJ"), ("imoc", None)]
    assert words(list(spy.reminder_messages("unanswered"))) == [
        "Page 1 to Raj Patel is not acknowledged. There is a newer message below.",
        "Page 1 to Raj Patel is not acknowledged after 10 min. The command team has been paged too.",
    ]


def test_a_long_incident_is_asked_about_in_the_morning_by_dm(telling: TeamNotices):
    spy = telling(
        "sev3",
        policy=replace(POLICY, severities={"sev3": replace(POLICY.severities["sev3"], update_every=None)}),
    )

    spy.pass_time(days=2)

    first, second = said_to(spy, "U0ANA")
    assert first == "INC-1: there is a newer reminder below."
    assert second == "INC-1 checkout is down is still open after 1 d 22 h (triage). Is it still going on?"


# --- milestones -------------------------------------------------------------------------------------------

MILESTONES = replace(
    POLICY,
    milestones=(
        Milestone(
            name="status-page", when=(timedelta(seconds=30),), at_stop=True, message="Check the status page"
        ),
        Milestone(
            name="tell",
            when=(timedelta(minutes=2),),
            command='incident tell :payments "{{ id }} {{ name }}"',
            unless="told :payments",
        ),
        Milestone(
            name="support", when=(timedelta(minutes=2),), to="support", message="Fill out your document"
        ),
    ),
)


def test_milestones_are_said_and_done_in_their_time(telling: TeamNotices):
    spy = telling(policy=MILESTONES)
    spy.say("incident role support <@U0RAJ>", channel=CHANNEL)

    spy.pass_time(minutes=2)

    assert said_to(spy, "U0ANA")[0] == "INC-1 · Check the status page."
    assert said_to(spy, "U0RAJ") == ["INC-1 · Fill out your document."]
    told = [it for it in spy.asked(UpsertMessage) if it.message_type == "team_notice"]
    assert [it.to for it in told] == ["C0PAY"]
    assert "INC-1 checkout is down" in flat(spy.message_type("team_notice", 1).text, NAMES.get)
    assert spy.incident(1).told == ("payments",)


def test_the_brief_tells_what_comes_next_as_it_will_be_said(telling: TeamNotices):
    hour = Milestone(name="hour", when=(timedelta(hours=1),), message="An hour of {{ id }}: tell the press")
    spy = telling(policy=replace(POLICY, milestones=(hour,)))
    spy.pass_time(minutes=16)

    spy.say("incident hand <@U0RAJ>", channel=CHANNEL)

    brief = flat(spy.message_type("brief", 1).text)
    assert "the update, 15 min overdue" in brief.partition("Next reminders")[2]
    assert "An hour of INC-1: tell the press" in brief


def test_a_milestone_that_is_done_already_is_skipped(telling: TeamNotices):
    spy = telling(policy=MILESTONES)
    spy.say("incident tell :payments we are on it", channel=CHANNEL)

    spy.pass_time(minutes=5)

    assert len([it for it in spy.asked(UpsertMessage) if it.message_type == "team_notice"]) == 1


def test_the_stop_has_its_milestones(telling: TeamNotices):
    spy = telling(policy=MILESTONES)
    spy.pass_time(minutes=1)
    spy.say("incident stop", channel=CHANNEL)
    spy.pass_time(seconds=1)

    assert said_to(spy, "U0ANA")[-1] == "INC-1 · Check the status page."


# --- peace, and why ---------------------------------------------------------------------------------------


def test_what_the_channel_may_not_hear_is_on_the_card(telling: TeamNotices):
    spy = telling("")
    spy.say("incident quiet 15m", channel=CHANNEL)

    spy.pass_time(minutes=6)

    assert spy.reminder_messages(to=IncidentChannel(1)) == []
    assert "*Waiting for*: the severity" in spy.message_type("card", 1).text


def test_quiet_ends_by_itself(telling: TeamNotices):
    spy = telling("")
    spy.say("quiet 15m", channel=CHANNEL)

    spy.pass_time(minutes=19)

    assert len(spy.reminder_messages(to=IncidentChannel(1))) == 1


def test_two_things_at_once_are_one_post(telling: TeamNotices):
    spy = telling("sev2")
    spy.say("incident cause a bad deploy", channel=CHANNEL)
    spy.clock.tick(minutes=36)
    spy.tick()

    assert len(spy.reminder_messages(to=IncidentChannel(1))) == 1
    assert "*Waiting for*:" in spy.message_type("card", 1).text


def test_why_names_the_rule_and_the_event(telling: TeamNotices):
    spy = telling()
    spy.say("incident update looking", channel=CHANNEL)
    spy.pass_time(minutes=16)

    by_command = spy.say("why", channel=CHANNEL).message
    assert by_command
    because = "Rule: update due (sev1: 15 min). Last update 12:00 UTC by Ana Lima."
    assert words([by_command])[0].startswith(because)
    assert (
        "Rule: *update due*"
        in (spy.say("incident 1 why update_due", channel=None).message or by_command).text
    )


def test_why_says_why_somebody_was_paged(telling: TeamNotices):
    spy = telling("sev1")

    answer = spy.say("why", channel=CHANNEL).message

    assert answer
    assert "a *sev1* incident pages it" in answer.text


def test_there_is_no_why_where_nothing_was_said(telling: TeamNotices):
    answer = telling("sev3").say("why", channel=CHANNEL).message

    assert answer
    assert "has sent no reminder" in answer.text


@pytest.mark.parametrize(
    "said", ["incident snooze soon", "incident quiet 3d", "incident quiet 0m", "incident snooze 10080"]
)
def test_a_length_that_makes_no_sense_is_explained(telling: TeamNotices, said: str):
    answer = telling().say(said, channel=CHANNEL).message

    assert answer
    assert "15m" in answer.text or "Usage" in answer.text
