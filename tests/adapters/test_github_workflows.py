"""Workflows of a failover, through PyGithub against the box: dispatched once, and no other run ever taken for ours."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event, Timer

import pytest

from bot.adapters.actions.variables import Variables
from bot.adapters.github.workflows import Pace, Workflows
from bot.domain.failover.plan import End, Outcome, Workflow
from bot.sandbox.box import Box
from bot.sandbox.faults import Fault, http, rate_limited, reset_after, reset_before
from bot.sandbox.recorder import Exchange
from tests.adapters.conftest import StandIn
from tests.support.vendors import problems

PROMOTE = Workflow(repository="acme/infra", file="promote.yml", inputs={"pod": "7", "location": "east"})
RESTART = Workflow(repository="acme/infra", file="restart.yml", inputs={"pod": "7"})
DISPATCH = "POST /repos/acme/infra/actions/workflows/promote.yml/dispatches"
MARK = "fo12-3"
QUICK = Pace(
    first=timedelta(seconds=0.02),
    longest=timedelta(seconds=0.1),
    search=timedelta(seconds=0.2),
    grace=timedelta(seconds=0.3),
)
LONG = timedelta(seconds=10)


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        box.github.actions.queued, box.github.actions.running = 0.05, 0.1
        yield box
        said = [it for exchange in box.exchanges for it in problems(exchange)]
    assert said == []


@pytest.fixture
def heard() -> list[str]:
    return []


def workflows(box: Box, token: str | None = None) -> Workflows:
    environment = {**box.environment(), "LOCATION": "somewhere-secret"}
    given = environment["GITHUB_TOKEN"] if token is None else token
    return Workflows(given, variables=Variables(environment), url=environment["GITHUB_API_URL"], pace=QUICK)


def dispatch(
    box: Box,
    instruction: Workflow = PROMOTE,
    *,
    timeout: timedelta = LONG,
    heard: list[str] | None = None,
    stopped: Event | None = None,
) -> Outcome:
    hear = (heard if heard is not None else []).append
    return workflows(box).dispatch(
        instruction, mark=MARK, timeout=timeout, hear=hear, stopped=stopped or Event()
    )


def look(box: Box, instruction: Workflow = PROMOTE, mark: str = MARK) -> Outcome:
    return workflows(box).look(instruction, mark=mark, timeout=LONG, hear=len, stopped=Event())


# --- a run, from beginning to end ---------------------------------------------------------------------------


def test_a_workflow_is_dispatched_once_and_followed_to_its_end(box: Box, heard: list[str]):
    outcome = dispatch(box, heard=heard)

    [run] = box.github.actions.runs.values()
    assert (outcome.end, outcome.says) == (End.OK, "success")
    assert run.inputs == {"pod": "7", "location": "east", "spy": MARK}
    assert "".join(heard) == outcome.output
    assert outcome.output.splitlines()[0] == f"https://github.com/acme/infra/actions/runs/{run.id}"
    assert {"run: success", "promote, Promote: success", "promote: success"} < set(
        outcome.output.splitlines()
    )


def test_a_workflow_without_an_input_for_the_mark_is_dispatched_without(box: Box):
    outcome = dispatch(box, RESTART)

    [run] = box.github.actions.runs.values()
    assert (outcome.end, run.inputs) == (End.OK, {"pod": "7"})


def test_a_run_that_fails_is_red(box: Box):
    box.github.actions.fates.append("fail")

    outcome = dispatch(box)

    assert (outcome.end, outcome.says) == (End.RED, "failure")


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        (replace(PROMOTE, inputs={"pod": "7", "colour": "red"}), 'Unexpected inputs provided: ["colour"'),
        (replace(PROMOTE, inputs={}), "Required input 'pod' not provided"),
        (replace(PROMOTE, ref="nowhere"), "No ref found for: nowhere"),
        (replace(PROMOTE, file="none.yml"), "GitHub has no such repository or workflow"),
        (replace(PROMOTE, repository="acme/none"), "GitHub has no such repository or workflow"),
        (replace(PROMOTE, inputs={"pod": "{{ env.NOWHERE }}"}), "NOWHERE is not set"),
    ],
)
def test_what_github_refuses_is_red_and_nothing_runs(box: Box, instruction: Workflow, words: str):
    outcome = dispatch(box, instruction)

    assert outcome.end is End.RED
    assert words in outcome.says
    assert box.github.actions.runs == {}


@pytest.mark.parametrize(
    ("token", "words"), [("", "put one in GITHUB_TOKEN"), ("wrong", "refuses the token")]
)
def test_a_token_that_is_missing_or_wrong_is_told(box: Box, token: str, words: str):
    outcome = workflows(box, token).dispatch(PROMOTE, mark=MARK, timeout=LONG, hear=len, stopped=Event())

    assert outcome.end is End.RED
    assert words in outcome.says


def test_a_variable_of_an_input_is_passed_and_not_shown(box: Box):
    instruction = replace(PROMOTE, inputs={"pod": "{{ env.LOCATION }}"})
    box.github.actions.fates.append("fail")

    outcome = dispatch(box, instruction)

    [run] = box.github.actions.runs.values()
    assert run.inputs["pod"] == "somewhere-secret"
    assert "somewhere-secret" not in outcome.output + outcome.says


# --- abort and time -----------------------------------------------------------------------------------------


def test_an_abort_cancels_the_run(box: Box):
    box.github.actions.fates.append("hang")
    stopped = Event()
    Timer(0.1, stopped.set).start()

    outcome = dispatch(box, stopped=stopped)

    [run] = box.github.actions.runs.values()
    assert (outcome.end, outcome.says, run.is_cancelled) == (End.RED, "stopped", True)


def test_a_run_that_takes_too_long_is_cancelled(box: Box):
    box.github.actions.fates.append("hang")

    outcome = dispatch(box, timeout=timedelta(seconds=0.2))

    assert (outcome.end, outcome.says) == (End.RED, "ended after 0 s")


def test_a_run_that_will_not_be_cancelled_is_unknown(box: Box):
    box.github.actions.fates.append("hang on")

    outcome = dispatch(box, timeout=timedelta(seconds=0.2))

    assert outcome.end is End.UNKNOWN
    assert "GitHub has not ended it: https://github.com/acme/infra/actions/runs/" in outcome.says


def test_a_run_that_ends_well_before_its_cancelling_is_well(box: Box):
    box.github.actions.fates.append("hang")
    cancel = "POST /repos/acme/infra/actions/runs/{id}/cancel"
    box.faults.before("github", cancel, lambda _: box.github.actions.end(90_001, "success"))

    outcome = dispatch(box, timeout=timedelta(seconds=0.2))

    assert (outcome.end, outcome.says) == (End.OK, "success")


def test_what_was_aborted_before_it_began_is_not_dispatched(box: Box):
    stopped = Event()
    stopped.set()

    outcome = dispatch(box, stopped=stopped)

    assert (outcome.end, outcome.says, box.calls("github")) == (End.RED, "stopped", [])


# --- when the answer is lost --------------------------------------------------------------------------------


def test_a_run_whose_dispatch_was_not_answered_is_found_by_its_mark(box: Box):
    box.faults.inject("github", DISPATCH, reset_after)

    outcome = dispatch(box)

    assert (outcome.end, outcome.says, len(box.github.actions.runs)) == (End.OK, "success", 1)
    assert box.calls("github").count(DISPATCH) == 1


@pytest.mark.parametrize("fault", [reset_before, http(502)])
def test_a_dispatch_that_may_have_been_lost_is_unknown_and_not_repeated(box: Box, fault: Fault):
    box.faults.inject("github", DISPATCH, fault)

    outcome = dispatch(box)

    assert outcome.end is End.UNKNOWN
    assert outcome.says == "whether it was dispatched is not known: no run shows its mark"
    assert (box.calls("github").count(DISPATCH), box.github.actions.runs) == (1, {})


def test_anothers_run_is_never_taken_for_ours(box: Box):
    dispatch(box)
    dispatch(box, RESTART)
    box.faults.inject("github", DISPATCH, reset_before)

    like_ours = workflows(box).dispatch(PROMOTE, mark="fo12-31", timeout=LONG, hear=len, stopped=Event())

    assert like_ours.end is End.UNKNOWN
    assert look(box, mark="fo12").end is End.UNKNOWN
    assert look(box, RESTART).end is End.UNKNOWN


def test_two_runs_of_one_mark_are_told_and_neither_is_taken(box: Box):
    dispatch(box)
    dispatch(box)

    outcome = look(box)

    assert outcome.end is End.UNKNOWN
    assert outcome.says.startswith("2 runs show its mark: https://github.com/acme/infra/actions/runs/90002")


def test_a_run_is_found_and_followed_by_who_comes_after(box: Box):
    box.github.actions.fates.append("hang")
    dispatch(box, timeout=timedelta(seconds=0.1))
    [run] = box.github.actions.runs.values()
    run.is_cancelled, run.ended = False, "success"

    outcome = look(box)

    assert (outcome.end, outcome.says) == (End.OK, "success")
    assert str(run.id) in outcome.output


def test_a_look_does_not_cancel_what_it_looks_at(box: Box):
    box.github.actions.fates.append("hang on")
    dispatch(box, timeout=timedelta(seconds=0.1))
    [run] = box.github.actions.runs.values()
    run.is_cancelled, stopped = False, Event()
    stopped.set()

    outcome = workflows(box).look(PROMOTE, mark=MARK, timeout=LONG, hear=len, stopped=stopped)

    assert outcome.end is End.UNKNOWN
    assert outcome.says == f"stopped; its run goes on: https://github.com/acme/infra/actions/runs/{run.id}"
    assert not run.is_cancelled


def test_a_server_that_does_not_name_the_run_is_searched_for_its_mark(box: Box):
    box.github.actions.names_runs = False

    assert dispatch(box).end is End.OK
    assert dispatch(box, RESTART).end is End.UNKNOWN


def test_trouble_on_the_way_is_outlasted(box: Box):
    def is_of_a_run(exchange: Exchange) -> bool:
        return "/actions/runs/" in exchange.path

    box.faults.inject("github", "*", http(503), times=2, match=is_of_a_run)
    box.faults.inject("github", "*", reset_before, times=1, match=is_of_a_run)
    box.faults.inject("github", "GET /repos/acme/infra/actions/runs/{id}/jobs", http(503), times=100)

    outcome = dispatch(box)

    assert (outcome.end, "GitHub does not answer" in outcome.output) == (End.OK, True)


def test_a_pause_that_github_asks_for_is_kept(box: Box):
    watched = "GET /repos/acme/infra/actions/runs/{id}"
    box.faults.inject("github", watched, rate_limited(retry_after=60))

    outcome = dispatch(box, timeout=timedelta(seconds=0.3))

    cancel = "POST /repos/acme/infra/actions/runs/{id}/cancel"
    assert box.calls("github")[2:5] == [watched, watched, cancel]  # the second look is for where to cancel
    assert "GitHub asks for a pause of 1 min" in outcome.output


def test_a_dispatch_that_github_puts_off_is_red_and_says_until_when(box: Box):
    box.faults.inject("github", DISPATCH, rate_limited(retry_after=40))

    outcome = dispatch(box)

    assert (outcome.end, outcome.says) == (
        End.RED,
        "nothing was dispatched: GitHub asks for a pause of 40 s",
    )


def test_a_github_that_cannot_be_reached_is_red() -> None:
    lost = Workflows("token", variables=Variables({}), url="http://127.0.0.1:1", pace=QUICK)

    outcome = lost.dispatch(replace(PROMOTE, ref="main"), mark=MARK, timeout=LONG, hear=len, stopped=Event())

    assert (outcome.end, outcome.says) == (End.RED, "nothing was dispatched: GitHub does not answer")


@pytest.mark.parametrize("said", [b"<html>Sign in</html>", b"", b"null", b"[]", b"{}", b'["no"]'])
@pytest.mark.parametrize("status", [200, 302])
def test_what_is_not_githubs_answer_leaves_a_dispatch_unknown(stand_in: StandIn, status: int, said: bytes):
    odd = Workflows("t", variables=Variables({}), url=stand_in(lambda *_: (status, {}, said)), pace=QUICK)
    instruction = replace(PROMOTE, ref="main")

    outcome = odd.dispatch(instruction, mark=MARK, timeout=LONG, hear=len, stopped=Event())

    assert outcome.end is End.UNKNOWN
