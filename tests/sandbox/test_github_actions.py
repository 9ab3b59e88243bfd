"""The stand-in for GitHub Actions, called by the real client."""

from collections.abc import Callable, Iterator

import pytest
from github import Auth, Github, GithubException
from github.Workflow import Workflow
from github.WorkflowRun import WorkflowRun

from bot.sandbox import Box


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def workflow(box: Box) -> Iterator[Workflow]:
    quick = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0}
    token = Auth.Token(box.environment()["GITHUB_TOKEN"])
    with Github(base_url=f"{box.url}/github", auth=token, per_page=2, **quick) as client:
        yield client.get_repo("acme/infra").get_workflow("promote.yml")


@pytest.fixture
def wait(box: Box) -> Callable[[float], None]:
    """Move the clock of the runs."""
    now = [0.0]
    box.github.actions.monotonic = lambda: now[0]
    return lambda seconds: now.append(now.pop() + seconds)


def dispatched(workflow: Workflow, **inputs: str) -> WorkflowRun:
    run = workflow.create_dispatch("main", inputs, throw=True, return_run_details=True)
    assert isinstance(run, WorkflowRun)
    return run


def test_a_run_is_queued_runs_and_ends(workflow: Workflow, wait: Callable[[float], None]):
    run = dispatched(workflow, pod="7")

    seen = [(run.status, run.conclusion, len(next(iter(run.jobs())).steps))]
    for _ in range(2):
        wait(0.7)
        run.update()
        seen.append((run.status, run.conclusion, len(next(iter(run.jobs())).steps)))

    assert seen == [("queued", None, 0), ("in_progress", None, 2), ("completed", "success", 2)]


def test_a_runs_title_shows_its_inputs(workflow: Workflow):
    assert dispatched(workflow, pod="7", spy="m1").display_title == "Promote pod 7 (m1)"


def test_runs_are_listed_newest_first_page_by_page(workflow: Workflow):
    made = [dispatched(workflow, pod=str(pod)).id for pod in range(5)]

    assert [run.id for run in workflow.get_runs(event="workflow_dispatch")] == made[::-1]
    assert list(workflow.get_runs(event="push")) == []


def test_a_run_is_cancelled_once(box: Box, workflow: Workflow):
    box.github.actions.fates.append("hang")
    run = dispatched(workflow, pod="7")

    assert (run.cancel(), run.cancel()) == (True, False)
    run.update()
    assert run.conclusion == "cancelled"


@pytest.mark.parametrize(
    ("ref", "inputs", "message"),
    [
        ("main", {"pod": "7", "colour": "red"}, 'Unexpected inputs provided: ["colour"]'),
        ("main", {}, "Required input 'pod' not provided"),
        ("nowhere", {"pod": "7"}, "No ref found for: nowhere"),
    ],
)
def test_a_dispatch_that_does_not_fit_is_refused(
    workflow: Workflow, ref: str, inputs: dict[str, str], message: str
):
    with pytest.raises(GithubException) as refused:
        workflow.create_dispatch(ref, inputs, throw=True)

    assert (refused.value.status, refused.value.message) == (422, message)
