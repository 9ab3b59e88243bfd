"""Who is on call, and what Spy can do."""

import html
import re
from datetime import timedelta

import pytest

from bot.app.manifest import HINTS
from bot.commands.interpreter import Interpreter
from bot.commands.request import Automated, Response
from bot.domain.effects import Notify
from bot.domain.incident.effects import CreateChannel
from bot.domain.message import Buttons
from bot.ports import OnCallShift
from bot.services.oncall.oncall import OnCall
from bot.testing import SpyKit
from tests.support.times import in_utc


def text(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def sync(spy: SpyKit) -> None:
    on_calls = (
        OnCallShift(policy="PPOL1", level=2, name="Kim Park"),
        OnCallShift(policy="PPOL1", level=1, name="Ana Lima", end=spy.clock.now() + timedelta(hours=1)),
    )
    with spy.tx() as tx:
        OnCall(tx).synced(on_calls)


def test_who_is_on_call_is_told_with_the_age_of_the_copy(spy: SpyKit):
    sync(spy)
    spy.clock.tick(seconds=40)

    said = text(spy.say("oncall")).splitlines()

    assert in_utc(said[0]).startswith("*:imoc* Ana Lima until 13:00 UTC")
    assert said[0].endswith("Kim Park (level 2)")
    assert said[1] == "*:payments* nobody is on call now; reach it in <#C0PAY>"
    assert said[-1] == "From PagerDuty, 40 s ago."


def test_one_team_may_be_asked_for(spy: SpyKit):
    sync(spy)

    assert "payments" not in text(spy.say("oncall :imoc"))
    assert "There is no team :imox. Did you mean :imoc?" in text(spy.say("oncall :imox"))


def test_a_copy_that_ages_says_why(spy: SpyKit):
    sync(spy)
    with spy.tx() as tx:
        OnCall(tx).not_synced("PagerDuty is down")

    assert "PagerDuty does not answer (PagerDuty is down)." in text(spy.say("oncall"))


def test_before_the_first_sync_that_is_said(spy: SpyKit):
    assert "Spy has no answer from PagerDuty yet." in text(spy.say("oncall"))


def test_help_lists_every_command_in_one_line(spy: SpyKit):
    said = text(spy.say("help all"))

    for it in spy.registry.commands:
        assert it.help.splitlines()[0] in said
    assert said.startswith("*incident*")


def test_help_is_eight_lines_and_buttons_for_the_families(spy: SpyKit):
    answer = spy.say("help")

    lines = [line for line in text(answer).splitlines() if line.startswith("`")]
    pressed = [it.say for part in answer.message.parts if isinstance(part, Buttons) for it in part.buttons]
    assert len(lines) == 8
    assert pressed[0] == "help incident"
    assert pressed[-1] == "help all"
    for said in (it for it in pressed if it):
        assert "I know no command" not in text(spy.say(said))


def test_every_example_in_help_is_a_command(spy: SpyKit, channel: str):
    examples = re.findall("`([a-z][^`…]+)`", text(spy.say("help")))

    for it in examples:
        assert "I don't know" not in text(spy.say(it, channel=channel))
    assert len(examples) > 8


def test_every_hint_in_slacks_list_is_a_command(spy: SpyKit):
    with spy.tx() as tx:
        for name, hint in HINTS.items():
            meant = Interpreter(spy.registry).understand(f"{name} {hint}", tx, asker="U0ANA")

            assert meant.command.words.split()[0] == name


def test_help_tells_more_of_what_was_asked_for(spy: SpyKit):
    said = text(spy.say("help pager"))

    assert "`pager resolve [&lt;page&gt;]`\nResolve a page." in said
    assert "tldr" not in said


def shown(spy: SpyKit, words: str, channel: str = "C0GENERAL") -> list[str]:
    """Return the usage lines that a command is answered with."""
    lines = html.unescape(text(spy.say(words, channel=channel))).splitlines()
    return [line.strip("`") for line in lines if line.startswith("`") and line.endswith("`")]


@pytest.mark.parametrize("asked", ["help", "?", "-h", "--help", "—help", "Help!"])
def test_every_command_shows_its_help_and_does_nothing(spy: SpyKit, channel: str, asked: str):
    before = len(spy.effects)

    for it in spy.registry.commands:
        for said in it.prefixes if it.words != "help" else ():
            assert it.usage in shown(spy, f"{' '.join(said)} {asked}", channel)
    assert len(spy.effects) == before


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ("page @raj --help", 'page (:team|@person) "message"'),
        ("tell :payments -h", 'incident tell :team "message"'),
        ('note "we look" --help', 'incident note "text" [(at <at>|<when>)]'),
        ("inc-1 stop --help", 'incident (stop|resolve|close) ["how"] [anyway]'),
        ("cancel ?", 'incident (cancel|false alarm) ["why"] [anyway]'),
        ("incident page help", 'page (:team|@person) "message"'),
        ("incident timeline move 3 --help", "incident timeline move <number> to|at <moment>"),
        ("follow-up due 12 -h", "follow-up due <number> <due>"),
        ("help stop", 'incident (stop|resolve|close) ["how"] [anyway]'),
    ],
)
def test_one_command_is_shown_where_one_is_meant(spy: SpyKit, channel: str, said: str, usage: str):
    before = len(spy.effects)

    assert shown(spy, said, channel) == [usage]
    assert len(spy.effects) == before


@pytest.mark.parametrize("family", ["pager", "runbook", "postmortem", "oncall", "failover", "change", "page"])
def test_a_family_is_shown_by_its_name(spy: SpyKit, family: str):
    for said in (f"{family} help", f"{family} --help", f"help {family}", f"incident {family} ?"):
        families = {it.split()[0].strip("(").split("|")[0] for it in shown(spy, said)}

        assert families == {family}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("note we asked for help", "we asked for help"),
        ("note we tried kubectl get pods --help", "we tried kubectl get pods --help"),
        ('note "help"', "help"),
        ("note is it the database ?", "is it the database ?"),
    ],
)
def test_what_only_ends_like_a_call_for_help_is_text(spy: SpyKit, channel: str, said: str, words: str):
    spy.say(said, channel=channel)

    assert spy.timeline(1)[-1].text == words


def test_help_says_when_it_knows_nothing_of_the_kind(spy: SpyKit):
    assert text(spy.say("help teleport")).startswith("I know no command `teleport`.")


def test_plugins_are_named(spy: SpyKit):
    named = text(spy.say("plugins")).splitlines()[0].removeprefix("*Plugins* ").split(", ")

    assert {
        "changes",
        "failover",
        "guide",
        "help",
        "incident",
        "oncall",
        "page",
        "postmortem",
        "runbook",
    } <= set(named)


def test_help_knows_every_way_in_which_a_command_is_called(spy: SpyKit):
    for words in ("incident start", "help incident declare", "help incident start"):
        said = text(spy.say(words))

        assert "Open an incident with you in command" in said
        assert "I know no command" not in said


def test_what_a_workflow_asks_for_is_offered_to_who_reads_it(spy: SpyKit):
    spy.notice(Automated(id="Ev1", channel="C0GENERAL", words='incident me "nightly check failed"'))

    [offer] = spy.asked(Notify)
    assert (offer.to, offer.facts["words"]) == ("C0GENERAL", 'incident me "nightly check failed"')
    shown = spy.templates.render(offer.template, offer.facts)
    assert "from people, not from workflows" in shown.text
    assert spy.asked(CreateChannel) == []
