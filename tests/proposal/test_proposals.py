"""A machine reads what its person may read, and does nothing by itself: what it proposes, a person approves."""

from dataclasses import replace
from typing import Any

from bot.app.samples.failover_play import PLANS
from bot.commands.proposing import approved, as_slack_sends
from bot.commands.request import Request, Response, Source
from bot.domain.audit import AuditLine
from bot.domain.effects import UpsertMessage
from bot.domain.failover.run import Failover
from bot.domain.incident.timeline import Entry
from bot.domain.message import Message
from bot.domain.proposal import IN_A_WHILE, OPEN_AT_MOST, CarryOut, Proposal, ProposalState
from bot.domain.subject import IncidentChannel
from bot.ports import Profile
from bot.services.audit import AuditLog
from bot.services.people import People
from bot.services.proposals import Proposals
from bot.testing import SpyKit
from bot.web.mcp.caller import McpCaller
from bot.web.mcp.site import McpSite

UPDATE = 'inc-1 incident update "rolling back"'


def asks(spy: SpyKit, words: str, *, by: str = "U0ANA", agent: str = "Claude", **more: Any) -> Response:
    """Ask as a machine that speaks for a person."""
    number = len(audit(spy))
    return spy.request(
        Request(
            id=f"mcp:{number}", text=as_slack_sends(words), user=by, source=Source.AGENT, agent=agent, **more
        )
    )


def text(response: Response) -> str:
    assert response.message
    return response.message.text


def audit(spy: SpyKit) -> list[AuditLine]:
    with spy.tx() as tx:
        return [line for _, line in AuditLog(tx).find()]


def proposal(spy: SpyKit, number: int = 1) -> Proposal:
    with spy.tx() as tx:
        found = tx.session.proposals.get(number)
    assert found
    return found


def failover(spy: SpyKit) -> Failover:
    with spy.tx() as tx:
        found = tx.session.failovers.get(1)
    assert found
    return found


def updates(spy: SpyKit) -> list[Entry]:
    return [it for it in spy.timeline(1) if it.kind == "update_posted"]


def shown(spy: SpyKit, number: int = 1) -> Message:
    return spy.message_type("proposal", number)


def press(spy: SpyKit, label: str, *, by: str, number: int = 1) -> str:
    """Press a button of a proposal, and return what only this person then reads."""
    before = len(spy.private())
    spy.press(label, shown(spy, number), by=by, channel="C0ROOM")
    return "".join(it.text for it in spy.private()[before:])


def carry_out(spy: SpyKit) -> None:
    """Run what was approved, as delivery does."""
    for effect in spy.asked(CarryOut):
        if (found := proposal(spy, effect.proposal)).state is ProposalState.APPROVED:
            spy.request(approved(found))


def test_a_machine_reads_at_once(spy: SpyKit, channel: str):
    assert "checkout is down" in text(asks(spy, "inc-1 incident tldr"))
    assert (audit(spy)[-1].source, audit(spy)[-1].person) == ("agent", "U0ANA")


def test_what_changes_something_is_shown_letter_by_letter_and_not_done(spy: SpyKit, channel: str):
    answer = text(asks(spy, 'inc-1 incident update "40 % <of> carts & @raj"'))

    assert "Not done yet. Proposal 1 waits for a person in the channel of INC-1" in answer
    assert not updates(spy)
    assert proposal(spy).place == IncidentChannel(1)
    assert "*Claude*, an agent for Ana Lima, proposes:" in shown(spy).text
    assert '```\ninc-1 incident update "40 % &lt;of&gt; carts &amp; @raj"\n```' in shown(spy).text


def test_a_person_approves_it_and_it_runs_once_in_the_name_of_whom_it_speaks_for(spy: SpyKit, channel: str):
    asks(spy, UPDATE)

    press(spy, "Approve", by="U0RAJ")
    for _ in range(2):
        carry_out(spy)
        spy.request(approved(replace(proposal(spy), state=ProposalState.APPROVED)))

    assert proposal(spy).state is ProposalState.DONE
    assert [(it.actor, it.source) for it in updates(spy)] == [("U0ANA", "agent")]
    assert (
        "Agent for Ana Lima, approved by Raj Patel · *Update* from Ana Lima: rolling back" in spy.lines(1)[-1]
    )
    assert "Done. Approved by Raj Patel" in shown(spy).text
    assert not [it for part in shown(spy).parts for it in getattr(part, "buttons", ())]


def test_the_audit_log_says_for_whom_a_machine_did_it_and_who_approved(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    press(spy, "Approve", by="U0RAJ")
    carry_out(spy)

    ran = audit(spy)[-1]
    assert (ran.source, ran.person, ran.command, ran.outcome) == ("agent", "U0ANA", UPDATE, "allowed")
    assert ran.why == "proposal 1 of Claude for <@U0ANA>, approved by <@U0RAJ>"
    assert [it.split()[1] for it in ran.events] == ["update_posted"]


def test_who_approves_needs_the_role_and_who_has_it_may_although_the_asker_lacks_it(
    spy: SpyKit, channel: str
):
    spy.adopt(replace(spy.policy, permissions={"operator": frozenset({"U0RAJ"})}))
    asks(spy, 'inc-1 lock checkout "until it is fixed"')

    assert "is for the role operator: ask <@U0RAJ>" in press(spy, "Approve", by="U0KIM")
    assert "is for the role operator" in press(spy, "Approve", by="U0ANA")
    press(spy, "Approve", by="U0RAJ")
    carry_out(spy)

    with spy.tx() as tx:
        assert [it.by for it in tx.session.locks.held()] == ["U0ANA"]


def test_who_is_asked_to_approve_reads_it_first(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    spy.say(f"ask member proposal approve 1 {proposal(spy).fingerprint}", by="U0ANA", channel="C0ROOM")

    asked = next(it for it in spy.asked(UpsertMessage) if it.message_type == "ask")
    spy.press("Do it", spy.message_type("ask", asked.ref, asked.mark), by="U0RAJ")

    assert "a person has read it" in spy.private()[-1].text
    assert proposal(spy).open


def test_a_guest_approves_nothing_that_is_for_members(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="Zoe", is_guest=True))
    asks(spy, UPDATE)

    assert "you are a guest here" in press(spy, "Approve", by="U0ZOE")


def test_a_failover_takes_two_people_whatever_machines_propose(spy: SpyKit, channel: str):
    operators = {"operator": frozenset({"U0ANA", "U0RAJ", "U0KIM"})}
    spy.adopt(replace(PLANS, permissions=operators))

    asks(spy, "inc-1 failover pod 7 to east")
    assert "asks for a second person. Someone else has to approve it." in press(spy, "Approve", by="U0ANA")
    press(spy, "Approve", by="U0RAJ")
    carry_out(spy)
    assert failover(spy).proposed_by == "U0RAJ"

    asks(spy, "failover approve 1")
    assert "asks for a second person" in press(spy, "Approve", by="U0ANA", number=2)
    press(spy, "Approve", by="U0RAJ", number=2)
    carry_out(spy)
    assert "You proposed Failover 1 yourself" in proposal(spy, 2).why
    assert not failover(spy).approvals

    asks(spy, "failover approve 1")
    press(spy, "Approve", by="U0KIM", number=3)
    carry_out(spy)
    assert [it.by for it in failover(spy).approvals] == ["U0KIM"]


def test_two_people_press_and_one_decides(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    message = shown(spy)
    press(spy, "Approve", by="U0RAJ")
    spy.press("Approve", message, by="U0KIM", channel="C0ROOM")
    spy.press("Decline", message, by="U0KIM", channel="C0ROOM")

    assert [it.text.partition(" Ask")[0] for it in spy.private()[-2:]] == [
        "Proposal 1 was approved by <@U0RAJ> already. It runs once."
    ] * 2
    assert len(spy.asked(CarryOut)) == 1


def test_a_declined_one_is_not_run(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    press(spy, "Decline", by="U0RAJ")
    carry_out(spy)

    assert "Declined by Raj Patel" in shown(spy).text
    assert not updates(spy)


def test_it_ends_after_an_hour(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    message = shown(spy)
    spy.pass_time(minutes=61)
    spy.press("Approve", message, by="U0RAJ", channel="C0ROOM")

    assert "ended at 13:00 UTC: nobody approved it in time" in spy.private()[-1].text
    assert "Nobody approved it in time" in shown(spy).text


def test_what_is_not_possible_any_more_is_refused_with_its_sentence(spy: SpyKit, channel: str):
    asks(spy, "inc-1 incident sev sev2")
    press(spy, "Approve", by="U0RAJ")
    spy.say("incident resolve", channel="C0ROOM")
    carry_out(spy)

    assert proposal(spy).state is ProposalState.REFUSED
    assert "not done: INC-1 is resolved" in shown(spy).text
    assert audit(spy)[-1].outcome == "refused"


def test_what_opens_a_form_asks_for_more_words(spy: SpyKit, channel: str):
    asks(spy, "inc-1 incident update")
    press(spy, "Approve", by="U0RAJ")
    carry_out(spy)

    assert "It opens a form for the words that are missing" in shown(spy).text


def test_bad_input_gets_its_sentence_before_anybody_is_asked(spy: SpyKit, channel: str):
    answer = asks(spy, "inc-1 incident sev sev9")

    assert answer.is_refusal
    assert "sev9" in text(answer)
    with spy.tx() as tx:
        assert not tx.session.proposals.undecided()


def test_no_machine_approves_and_none_proposes_to(spy: SpyKit, channel: str):
    asks(spy, UPDATE)

    for words in (f"proposal approve 1 {proposal(spy).fingerprint}", "proposal decline 1", "web"):
        assert "is for people" in text(asks(spy, words))
    assert proposal(spy).open


def test_a_key_that_only_reads_proposes_nothing(spy: SpyKit, channel: str):
    assert "this key only reads" in text(asks(spy, UPDATE, only_reads=True))
    assert "checkout" in text(asks(spy, "inc-1 incident tldr", only_reads=True))


def test_words_that_mean_another_command_than_the_tool_are_refused(spy: SpyKit, channel: str):
    answer = asks(spy, "inc-1 incident tldr", means='incident note "text" [(at <at>|<when>)]')

    assert "These words would mean `incident tldr|summary" in text(answer)


def test_the_same_is_shown_once_and_a_flood_is_limited(spy: SpyKit, channel: str):
    for _ in range(3):
        asks(spy, UPDATE)
    for number in range(1, OPEN_AT_MOST):
        asks(spy, f'inc-1 incident note "{number}"')
    flood = text(asks(spy, 'inc-1 incident note "one more"'))

    assert f"{OPEN_AT_MOST} proposals of agents for <@U0ANA> wait for a person: 1, 2, 3, 4, 5" in flood
    assert "Not done yet" in text(asks(spy, 'inc-1 incident note "kim\'s"', by="U0KIM"))


def test_so_many_in_an_hour_are_too_many_although_people_decide(spy: SpyKit, channel: str):
    for number in range(IN_A_WHILE):
        asks(spy, f'inc-1 incident note "{number}"')
        with spy.tx() as tx:
            Proposals(tx).decline(number + 1, by="U0RAJ")

    assert "have proposed 30 commands in an hour" in text(asks(spy, UPDATE))
    spy.pass_time(minutes=61)
    assert "Not done yet" in text(asks(spy, UPDATE))


def test_without_an_incident_it_waits_in_a_direct_message_that_others_do_not_see(spy: SpyKit):
    asks(spy, 'incident me "payroll was stolen" private')

    assert proposal(spy).place == "U0ANA"
    assert "payroll" not in text(spy.say("proposals", by="U0RAJ"))
    assert "There is no proposal 1 that you can see" in text(spy.say("proposal 1", by="U0RAJ"))
    assert "payroll" in text(spy.say("proposal 1", by="U0ANA"))


def test_an_outsider_sees_no_proposal_of_a_private_incident_and_no_count_of_it(spy: SpyKit):
    spy.say('incident me "payroll was stolen" private', by="U0ANA")
    spy.create_channel(1, channel="C0SECRET")
    asks(spy, 'inc-1 incident note "it was mallory"')

    assert proposal(spy).place == "U0ANA"
    assert text(spy.say("proposals", by="U0RAJ")) == "No agent proposes anything now."
    assert "There is no proposal 1 that you can see" in press(spy, "Approve", by="U0RAJ")
    assert "There is no INC-1" in text(asks(spy, "inc-1 incident tldr", by="U0RAJ"))
    spy.press("Approve", shown(spy), by="U0ANA", channel="D0ANA")
    carry_out(spy)
    assert [it.text for it in spy.timeline(1)][-1] == "it was mallory"
    assert "mallory" not in str(audit(spy))


def test_a_command_that_means_something_else_by_now_is_not_approved(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    message = shown(spy)
    changed = [
        replace(it, usage=f"{it.usage} [loudly]") if it.words == "incident update" else it
        for it in spy.registry.commands
    ]
    later = spy.restarted()
    later.registry = replace(spy.registry, commands=tuple(changed))
    later.adopt(later.policy)
    later._router = replace(later._router, registry=later.registry)  # noqa: SLF001  as a swap of plugins does

    later.press("Approve", message, by="U0RAJ", channel="C0ROOM")

    assert "Spy's commands have changed" in later.private()[-1].text


def test_an_agent_does_not_learn_the_words_with_which_a_person_approves(spy: SpyKit, channel: str):
    del channel
    asks(spy, UPDATE)
    site = McpSite(answer=spy.request, registry=lambda: spy.registry, plain=lambda it: it.text)

    answer = site.call(
        "proposal", {"number": "1"}, McpCaller(person="U0ANA", name="Claude", may_propose=True)
    )

    assert "rolling back" in answer.words
    assert answer.commands == ()


def test_nothing_runs_in_the_name_of_who_is_gone(spy: SpyKit, channel: str):
    asks(spy, UPDATE)
    with spy.tx() as tx:
        People(tx).met("U0ANA", Profile(name="Ana Lima", is_deactivated=True))

    answer = spy.say("proposal approve 1", by="U0RAJ", channel=channel)

    assert "was deactivated" in text(answer)
    assert updates(spy) == []
