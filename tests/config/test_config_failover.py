"""Stories of the section `failover:`: the plans it becomes, each mistake with its line, and what `spy check` says."""

import os
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.settings import load
from bot.config import ConfigError, Reloader, Settings
from bot.config.failover import (
    BoundSection,
    CheckSection,
    CommandSection,
    ExpectSection,
    ParamSection,
    PlanSection,
    RequestSection,
    RunSection,
    StepSection,
    VerifySection,
    WorkflowSection,
)
from bot.config.plan_checks import plan_checks
from bot.domain.failover.plan import Bound, Check, Expect, HttpCall, Plan, Program, Question, Workflow
from tests.config.reading import Read
from tests.support.folders import DOCS

POD = """\
failover:
  pod:
    usage: "pod <pod> to <location>"
    params: {pod: {pattern: '[0-9]{1,3}'}, location: {choices: [east, west]}}
    allow: operator
    approvals: 2
    lock: "pod-{{ pod }}"
    blast_radius: "Shops of pod {{ pod }} stand still for a minute."
    watch: "The orders in {{ location }}."
    undo_within: 12h
    before:
      - check: replication
        http: {url: "https://db.test/lag/{{ pod }}", expect: {json: {lag_s: {max: 5}, state: {role: primary}}}}
        within: 30s
    steps:
      - name: drain
        run: {command: {args: [./bin/drain, "{{ pod }}"], folder: bin, env: [DRAIN_TOKEN]}}
        dry_run: {command: [./bin/drain, --dry-run, "{{ pod }}"]}
        verify: {http: "https://lb.test/{{ pod }}"}
        undo: {command: [./bin/undrain, "{{ pod }}"]}
        timeout: 2m
      - name: promote
        run: {workflow: {repository: acme/infra, file: promote.yml, ref: main, inputs: {pod: "{{ pod }}"}}}
        point_of_no_return: true
      - name: dns
        stages: [5, all]
        run:
          http:
            method: POST
            url: https://dns.test/weights
            headers: {Authorization: "Bearer {{ env.DNS_TOKEN }}"}
            json: {percent: "{{ stage }}"}
            expect: {status: [200, 202], text: accepted}
        verify: {name: weights, command: [./bin/weights, "{{ stage }}"], within: 1m}
        soak: 60s
      - {name: look, run: {person: "Orders arriving in {{ location }}?"}}
"""

STEP = "{name: s, run: {command: [a]}, undo: {command: [b]}}"

Complain = Callable[[str], tuple[str, ...]]


@pytest.fixture
def complain(read: Read) -> Complain:
    def complaining(text: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return caught.value.lines

    return complaining


def plan(
    *, usage: str = "a <x>", params: str = "{x: {choices: [y]}}", rest: str = "", step: str = STEP
) -> str:
    """Write a plan named a, whose usage is line 3, params 4, rest 5, and step 7."""
    return (
        f"failover:\n  a:\n    usage: {usage}\n    params: {params}\n    {rest}\n    steps:\n      - {step}\n"
    )


# --- what a plan becomes ----------------------------------------------------------------------------------


def test_a_plan_has_what_the_file_says(read: Read):
    pod = read(POD).policy().plans["pod"]

    assert (pod.name, pod.usage) == ("pod", "pod <pod> to <location>")
    assert (pod.allow, pod.approvals, pod.lock) == ("operator", 2, "pod-{{ pod }}")
    assert (pod.undo_within, pod.drill) == (timedelta(hours=12), False)
    assert pod.blast_radius == "Shops of pod {{ pod }} stand still for a minute."
    assert pod.watch == "The orders in {{ location }}."
    assert pod.params["location"].choices == ("east", "west")
    assert [step.name for step in pod.steps] == ["drain", "promote", "dns", "look"]
    assert pod.no_return == 1


def test_values_of_an_answer_are_named_by_dotted_paths_and_a_plain_value_must_be_equal(read: Read):
    (check,) = read(POD).policy().plans["pod"].before

    expect = Expect(json={"lag_s": Bound(max=5), "state.role": Bound(equals="primary")})
    url = "https://db.test/lag/{{ pod }}"
    assert check == Check(
        name="replication", by=HttpCall(url=url, expect=expect), within=timedelta(seconds=30)
    )


def test_a_command_is_a_list_or_a_section(read: Read):
    drain = read(POD).policy().plans["pod"].steps[0]

    assert drain.run == Program(args=("./bin/drain", "{{ pod }}"), folder="bin", env=("DRAIN_TOKEN",))
    assert drain.undo == Program(args=("./bin/undrain", "{{ pod }}"))
    assert drain.dry_run == Program(args=("./bin/drain", "--dry-run", "{{ pod }}"))
    assert drain.timeout == timedelta(minutes=2)


def test_a_check_of_a_step_has_the_steps_name_unless_it_has_its_own(read: Read):
    drain, _, dns, _ = read(POD).policy().plans["pod"].steps

    assert drain.verify == Check(name="drain", by=HttpCall(url="https://lb.test/{{ pod }}"))
    assert dns.verify
    assert (dns.verify.name, dns.verify.within) == ("weights", timedelta(minutes=1))


def test_a_step_runs_a_workflow_a_request_or_asks_a_person(read: Read):
    _, promote, dns, look = read(POD).policy().plans["pod"].steps

    assert promote.run == Workflow(
        repository="acme/infra", file="promote.yml", ref="main", inputs={"pod": "{{ pod }}"}
    )
    assert dns.run == HttpCall(
        url="https://dns.test/weights",
        method="POST",
        json={"percent": "{{ stage }}"},
        headers={"Authorization": "Bearer {{ env.DNS_TOKEN }}"},
        expect=Expect(status=(200, 202), text="accepted"),
    )
    assert (dns.stages, dns.soak) == ((5, "all"), timedelta(minutes=1))
    assert look.run == Question(person="Orders arriving in {{ location }}?")


def test_what_is_left_out_is_as_the_domain_has_it(read: Read):
    least = read(plan()).policy().plans["a"]

    assert (least.allow, least.approvals, least.drill, least.lock) == ("operator", 1, False, "")
    assert least.undo_within == timedelta(hours=24)
    assert (least.steps[0].timeout, least.steps[0].soak) == (timedelta(minutes=5), timedelta())


def test_an_argument_is_kept_to_the_last_space(read: Read):
    (step,) = read(plan(step=STEP.replace("[a]", "[a, ' b ']"))).policy().plans["a"].steps

    assert step.run == Program(args=("a", " b "))


def test_braces_of_json_are_no_place_to_fill_in(read: Read):
    text = plan(step=STEP.replace("[a]", """[a, '{"a": {"b": 1}}', '%{http_code}']"""))

    assert read(text).policy().plans["a"].steps


def test_a_body_may_hold_whatever_keys_it_likes(read: Read):
    body = "{command: ['{{ x }}'], folder: '{{ x }}', token: '{{ env.T }}'}"
    text = plan(step=STEP.replace("{command: [a]}", f"{{http: {{url: 'https://a.test', json: {body}}}}}"))

    assert read(text).policy().plans["a"].steps


def test_an_address_may_begin_with_a_variable(read: Read):
    text = plan(rest="before: [{check: c, http: '{{ env.LB }}/{{ x }}'}]")

    assert read(text).policy().plans["a"].before[0].by == HttpCall(url="{{ env.LB }}/{{ x }}")


# --- mistakes ---------------------------------------------------------------------------------------------

LINES = [
    # what starts it
    (plan(usage="<x> a"), "3: failover.a.usage: must begin with a bare word, such as `pod <pod>`."),
    (
        plan(usage="Status <x>"),
        "3: failover.a.usage: `failover Status` has a meaning of its own. Begin with another word.",
    ),
    (
        plan().replace("  a:", "  abort:"),
        "2: failover.abort: `failover abort` has a meaning of its own. Give the plan another name.",
    ),
    (
        plan(usage="'a [b] <x>'"),
        "3: failover.a.usage: holds only bare words, synonyms such as `move|shift`, and <params>.",
    ),
    (
        plan(usage="'a {{ x }}'"),
        "3: failover.a.usage: params stand in angle brackets here: `pod <pod> to <location>`.",
    ),
    (plan(usage="a <x> <site>"), "3: failover.a.usage: <site> is not among the params. Params: x."),
    (
        plan(usage="a <x> <x>"),
        "3: failover.a.usage: <x> stands there twice. Name the second one differently.",
    ),
    (
        plan(usage="a"),
        "4: failover.a.params.x: no <x> stands in usage, so it never gets a value.",
    ),
    (
        plan() + "  b: {usage: A now, steps: [" + STEP + "]}",
        "8: failover.b.usage: can be the same words as `a <x>` of a (line 3). Begin them differently.",
    ),
    (
        plan(usage="a|c <x>") + "  b: {usage: b|C <x>, params: {x: {choices: [y]}}, steps: [" + STEP + "]}",
        "8: failover.b.usage: can be the same words as `a|c <x>` of a (line 3). Begin them differently.",
    ),
    (
        plan(usage='a "x"'),
        "3: failover.a.usage: holds only bare words, synonyms such as `move|shift`, and <params>.",
    ),
    (plan(usage="a| <x>"), "3: failover.a.usage: a word is missing after `|`."),
    # params
    (
        plan(params="{x: {}}"),
        "4: failover.a.params.x: needs one of pattern and choices: nothing unchecked reaches a step.",
    ),
    (
        plan(params="{x: {pattern: y, choices: [y]}}"),
        "4: failover.a.params.x: has both pattern and choices. Keep one.",
    ),
    (
        plan(params="{x: {pattern: '['}}"),
        "4: failover.a.params.x.pattern: '[' is no pattern: unterminated character set at position 0.",
    ),
    (plan(params="{x: {choices: []}}"), "4: failover.a.params.x.choices: must not be empty."),
    (
        plan(params="{x: {choices: [-y]}}"),
        (
            "4: failover.a.params.x.choices: '-y' can't be a choice: "
            "it is one word, without braces or a dash before it."
        ),
    ),
    (
        plan(params="{x: {choices: [on]}}"),
        "4: failover.a.params.x.choices: must be text, in quotes, not yes or no.",
    ),
    (
        plan(usage="a <stage>", params="{stage: {choices: [y]}}"),
        (
            "4: failover.a.params.stage: 'stage' can't be a param: "
            "use small letters, digits and _, and neither stage nor env."
        ),
    ),
    # who, and how many
    (
        plan(rest="allow: boss"),
        "5: failover.a.allow: must be everyone, member, responder, commander, operator or admin, not 'boss'.",
    ),
    (plan(rest="approvals: 3"), "5: failover.a.approvals: must be 0, 1 or 2, not the number 3."),
    (plan(rest="approvals: no"), "5: failover.a.approvals: must be 0, 1 or 2, not yes or no."),
    (plan(rest="approvals: 0.0"), "5: failover.a.approvals: must be 0, 1 or 2, not the number 0.0."),
    (
        plan(rest="approvals: 0"),
        (
            "5: failover.a.approvals: 0 is for drills: "
            "write 1 or 2, or `drill: true` where nothing real moves."
        ),
    ),
    (plan(rest="drill: 'yes'"), "5: failover.a.drill: must be true or false, not 'yes'."),
    (
        plan(rest="undo_within: 1"),
        (
            "5: failover.a.undo_within: "
            "must be a length of time, such as 15m, 2h, 90s or 1d, not the number 1."
        ),
    ),
    # what is filled in
    (plan(rest="lock: 'a-{{ y }}'"), "5: failover.a.lock: there is no param y. Params: x."),
    (
        plan(rest="lock: 'a-{{ x | upper }}'"),
        (
            "5: failover.a.lock: `{{ x | upper }}` is not the name of one value: "
            "between {{ and }} stands a name, and nothing more."
        ),
    ),
    (
        plan(rest="watch: '{% if x %}'"),
        (
            "5: failover.a.watch: `{% if x %}` is not the name of one value: "
            "between {{ and }} stands a name, and nothing more."
        ),
    ),
    (
        plan(rest="blast_radius: '{{ env.TOKEN }}'"),
        (
            "5: failover.a.blast_radius: "
            "env.TOKEN is not filled in here, where people read it: only where something is done."
        ),
    ),
    (
        plan(step="{name: s, run: {person: '{{ env.TOKEN }}'}}"),
        (
            "7: failover.a.steps.run.person: "
            "env.TOKEN is not filled in here, where people read it: only where something is done."
        ),
    ),
    (
        plan(
            step=STEP.replace(
                "{command: [a]}",
                "{workflow: {repository: a/b, file: c.yml, ref: '{{ env.D }}'}}",
            )
        ),
        (
            "7: failover.a.steps.run.workflow.ref: "
            "env.D is not filled in here, where people read it: only where something is done."
        ),
    ),
    (
        plan(step=STEP.replace("[a]", "[a,\n          b,\n          '{{ xx }}']")),
        "9: failover.a.steps.run.command: there is no param xx. Did you mean x?",
    ),
    (
        plan(step=STEP.replace("[a]", "[a, '{{ env.2 }}']")),
        "7: failover.a.steps.run.command: env.2 names no variable. It looks like {{ env.DRAIN_TOKEN }}.",
    ),
    (
        plan(step=STEP.replace("[a]", "['{{ x }}']")),
        (
            "7: failover.a.steps.run.command: `{{ x }}` is not filled in here: "
            "a program and its folder are the same for every run."
        ),
    ),
    (
        plan(step=STEP.replace("[a]", "[a, '{{ stage }}']")),
        "7: failover.a.steps.run.command: there is no stage: this step has no `stages`.",
    ),
    (
        plan(step=STEP.replace("[b]", "[b, '{{ stage }}'], ").replace("{name", "{stages: [1], name")),
        (
            "7: failover.a.steps.undo.command: "
            "there is no stage here: it is known in run and verify of a step with `stages`."
        ),
    ),
    (
        plan(step=STEP.replace("{command: [a]}", "{http: {url: 'https://a.test', json: {'{{ x }}': 1}}}")),
        "7: failover.a.steps.run.http.json.{{ x }}: a key is not filled in: only what stands behind it is.",
    ),
    (
        plan(step=STEP.replace("[a]", "[a, {{ x }}]")),
        (
            "7: failover.a.steps.run.command: a key must be a word. "
            'Where a value is to be filled in, put it in quotes: "{{ pod }}".'
        ),
    ),
    # steps
    ("failover: {a: {usage: a, steps: []}}", "1: failover.a.steps: must not be empty."),
    (
        "failover: {a: {usage: a}}",
        "1: failover.a.steps: is missing. Give a list of what to do, in order.",
    ),
    (
        plan(step="{name: s, run: {command: [a]}}"),
        (
            "7: failover.a.steps: s has no undo. "
            "Where nothing is to be taken back, write `undo: {command: ['true']}`."
        ),
    ),
    (
        plan(
            step="{name: s, run: {command: [a]}}\n"
            "      - {name: t, run: {command: [a]}, point_of_no_return: true}"
        ),
        (
            "7: failover.a.steps: s has no undo. It comes before the point of no return (t). "
            "Where nothing is to be taken back, write `undo: {command: ['true']}`."
        ),
    ),
    (
        plan(
            step="{name: s, run: {command: [a]}, point_of_no_return: true}\n"
            "      - {name: t, run: {command: [a]}, point_of_no_return: true}"
        ),
        (
            "8: failover.a.steps.point_of_no_return: "
            "there is one point of no return, and s in line 7 is it. Keep one."
        ),
    ),
    (
        plan(step=f"{STEP}\n      - {STEP}"),
        "8: failover.a.steps.name: s is the step in line 7 too. Name it apart.",
    ),
    (plan(step=STEP.replace("{name", "{stages: [], name")), "7: failover.a.steps.stages: must not be empty."),
    (
        plan(step=STEP.replace("{name", "{stages: [1.5], name")),
        "7: failover.a.steps.stages: must be a whole number or a word, not the number 1.5.",
    ),
    (
        plan(step=STEP.replace("{name", "{timeout: 0s, name")),
        "7: failover.a.steps.timeout: must be longer than nothing, such as 15m, not '0s'.",
    ),
    # what is done
    (
        plan(step="{name: s, run: {}, undo: {command: [b]}}"),
        "7: failover.a.steps.run: needs one of command, http, workflow and person.",
    ),
    (
        plan(step="{name: s, run: {command: [a], person: Well}}"),
        "7: failover.a.steps.run: has command and person. Keep one; two things are two steps.",
    ),
    (
        plan(step=STEP.replace("[a]", "./bin/drain 7")),
        (
            "7: failover.a.steps.run.command: "
            'must be a list, such as [./bin/drain, "{{ pod }}"]: no shell takes a line apart.'
        ),
    ),
    (
        plan(step=STEP.replace("[a]", "[a,\n          b,\n          010]")),
        "9: failover.a.steps.run.command: must be text, in quotes, not the number 8.",
    ),
    (
        plan(step=STEP.replace("{command: [a]}", "{http: a.test}")),
        "7: failover.a.steps.run.http: 'a.test' is no address. It begins with https:// and the host's name.",
    ),
    (
        plan(step=STEP.replace("{command: [a]}", "{http: {url: 'https://a.test', json: {on: 2026-11-25}}}")),
        "7: failover.a.steps.run.http.json.on: must be text, in quotes, not a date.",
    ),
    (
        plan(rest="before: [{check: c, http: {url: 'https://a.test', expect: {json: {b: {c: {max: x}}}}}}]"),
        "5: failover.a.before.http.expect.json.b.c.max: must be a number, not 'x'.",
    ),
    (
        plan(rest="before: [{check: c, http: {url: 'https://a.test', expect: {json: {b: {}}}}}]"),
        "5: failover.a.before.http.expect.json.b: needs a value, or one of min, max and equals.",
    ),
    (
        plan(rest="before: [{http: 'https://a.test'}]"),
        "5: failover.a.before.check: is missing. Give the check a name.",
    ),
    (
        plan(step=STEP.replace("undo:", "verify: {person: Well, command: [a]}, undo:")),
        "7: failover.a.steps.verify.person: unknown key. Known here: command, http, name, within.",
    ),
    (
        plan(step=STEP.replace("{command: [a]}", "{workflow: {repository: b, file: c.yml}}")),
        "7: failover.a.steps.run.workflow.repository: 'b' is no repository. Write owner/name.",
    ),
    (plan(step=STEP.replace("undo", "udno")), "7: failover.a.steps.udno: unknown key. Did you mean undo?"),
    (
        plan(
            rest="before: [{check: c, http: {url: 'https://a.test', headers: {Authorization: Bearer abc}}}]"
        ),
        (
            "5: failover.a.before.http.headers.Authorization: a secret in the file. "
            "Put it in a variable of Spy's environment and write {{ env.NAME }} in its place."
        ),
    ),
]


@pytest.mark.parametrize(("text", "complaint"), LINES, ids=[complaint for _, complaint in LINES])
def test_a_mistake_is_one_line_and_no_more_with_file_line_and_key(
    complain: Complain, text: str, complaint: str
):
    assert complain(text) == (f"config.yaml:{complaint}",)


def test_all_mistakes_of_a_plan_are_told_at_once(complain: Complain):
    text = plan(rest="lock: '{{ y }}'", step="{name: s, run: {comand: [a]}}").replace("choices", "choice")

    assert [line.partition(": ")[0] for line in complain(text)] == [
        "config.yaml:4",
        "config.yaml:5",
        "config.yaml:7",
        "config.yaml:7",
    ]


def test_the_secret_itself_is_not_repeated(complain: Complain):
    header = "headers: {X-Api-Key: hush}"

    lines = complain(plan(rest=f"before: [{{check: c, http: {{url: 'https://a.test', {header}}}}}]"))

    assert len(lines) == 1
    assert "hush" not in lines[0]


# --- what `spy check` says --------------------------------------------------------------------------------


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("drain", "undrain", "weights"):
        program = folder / name
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
    return folder


PEOPLE = "permissions: {operator: [S0SRE]}\n"
SET = {"DRAIN_TOKEN": "invented", "DNS_TOKEN": "invented", "PATH": "/usr/bin:/bin"}


def said(settings: Settings, variables: dict[str, str] = SET) -> list[str]:
    results = plan_checks(settings, variables)
    return [it.what if it.well else f"{it.what} -> {it.cure}" for it in results]


def test_a_plan_that_has_all_it_needs_is_one_line(read: Read, bin_folder: Path):
    settings = read(POD + PEOPLE, GITHUB_TOKEN="ghp_invented")

    assert said(settings) == ["Failover pod: 4 steps, point of no return: promote"]


def test_a_plan_without_a_point_of_no_return_says_so(read: Read):
    text = plan(step=STEP.replace("[a]", "['true']").replace("[b]", "['true']"))

    assert said(read(text + PEOPLE)) == ["Failover a: 1 step, no point of no return"]


def test_programs_that_are_not_there_or_not_executable_are_named(read: Read, bin_folder: Path):
    (bin_folder / "undrain").unlink()
    (bin_folder / "weights").chmod(0o644)

    lines = said(read(POD + PEOPLE, GITHUB_TOKEN="ghp_invented"))

    assert lines[1:] == [
        "Failover pod: undo of drain runs ./bin/undrain, which is not there -> It is looked for at bin/undrain.",
        "Failover pod: check of dns runs ./bin/weights, which can't be executed -> chmod +x bin/weights",
    ]


def test_a_program_without_a_slash_is_looked_for_on_the_path(read: Read):
    text = plan(step=STEP.replace("[a]", "[no-such-program]").replace("[b]", "['true']"))

    assert said(read(text + PEOPLE))[1:] == [
        "Failover a: step s runs no-such-program, which is not on PATH -> Install it, or write its path."
    ]


def test_a_folder_that_is_not_there_is_named(read: Read):
    text = plan(step=STEP.replace("[a]", "{args: ['true'], folder: gone}").replace("[b]", "['true']"))

    assert said(read(text + PEOPLE))[1:] == [
        "Failover a: step s runs in gone, and there is no such folder -> Make it, or change `folder`."
    ]


def test_variables_and_the_token_that_are_not_set_are_named(read: Read, bin_folder: Path):
    lines = said(read(POD + PEOPLE), {"PATH": "/usr/bin:/bin"})

    assert lines[1:] == [
        "Failover pod: DNS_TOKEN is not set -> Set the variable DNS_TOKEN where Spy runs.",
        "Failover pod: DRAIN_TOKEN is not set -> Set the variable DRAIN_TOKEN where Spy runs.",
        (
            "Failover pod: step promote runs a GitHub workflow, and GITHUB_TOKEN is missing "
            "-> Set GITHUB_TOKEN to a token that may run it."
        ),
    ]


@pytest.mark.parametrize(
    ("people", "trouble"),
    [
        ("{}", "nobody holds the role operator, so nobody may propose it"),
        ("{operator: [U0ANA]}", "one person holds the role operator, so nobody else could approve"),
        (
            "{operator: [U0ANA], admin: [U0BEN]}",
            "2 people hold the role operator, so too few others could approve",
        ),
    ],
)
def test_who_could_approve_is_counted(read: Read, bin_folder: Path, people: str, trouble: str):
    settings = read(f"{POD}permissions: {people}\n", GITHUB_TOKEN="ghp_invented")

    cure = "Name people, or a user group, in permissions.operator."
    assert said(settings)[1:] == [f"Failover pod: {trouble} -> {cure}"]


# --- a file that changes ----------------------------------------------------------------------------------


def test_a_plan_that_changed_under_a_running_bot_has_another_fingerprint_once_filled(read: Read):
    path = Path("config.yaml")
    live = Reloader(read(POD), lambda text: load(path, {}, text=text))
    given = {"pod": "7", "location": "east"}
    before = live.policy().plans["pod"].filled(given).fingerprint

    path.write_text(POD.replace("./bin/undrain", "./bin/put_back"), encoding="utf-8")
    os.utime(path, ns=(0, 0))
    live.look()
    news = live.look()
    assert news
    assert news.settings
    live.adopt(news.settings)

    after = live.policy().plans["pod"].filled(given)
    assert after.fingerprint != before
    assert after.steps[0].undo == Program(args=("./bin/put_back", "7"))


def test_a_file_that_only_moved_its_lines_leaves_the_fingerprint(read: Read):
    given = {"pod": "7", "location": "east"}

    plans: list[Plan] = [
        read(text).policy().plans["pod"].filled(given) for text in (POD, f"\n# a note\n{POD}")
    ]

    assert plans[0].fingerprint == plans[1].fingerprint


# --- the page that tells how ------------------------------------------------------------------------------

PAGE = DOCS / "failover.md"


def examples() -> list[str]:
    return re.findall(
        r"^```yaml\n(failover:.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def test_the_plans_of_the_docs_have_no_mistakes(read: Read):
    plans = [name for text in examples() for name in read(text).policy().plans]

    assert plans == ["site", "pod"]


def test_the_first_plan_of_the_docs_needs_nothing_that_is_not_here(read: Read):
    settings = read(examples()[0] + PEOPLE)

    assert said(settings, dict(os.environ)) == ["Failover site: 3 steps, no point of no return"]


def test_the_first_plan_of_the_docs_moves_a_word_and_takes_it_back_twice_without_harm(
    read: Read, tmp_path: Path
):
    (tmp_path / "site.txt").write_text("east", encoding="utf-8")
    remember, move, _ = read(examples()[0]).policy().plans["site"].filled({"location": "west"}).steps
    words = []

    for instruction in (
        move.undo,
        remember.run,
        move.run,
        move.verify and move.verify.by,
        move.undo,
        move.undo,
    ):
        assert isinstance(instruction, Program)
        subprocess.run(instruction.args, cwd=tmp_path, check=True)
        words.append((tmp_path / "site.txt").read_text(encoding="utf-8"))

    assert words == ["east", "east", "west", "west", "east", "east"]


def test_the_docs_name_every_key():
    text = PAGE.read_text(encoding="utf-8")
    kinds = (PlanSection, StepSection, RunSection, VerifySection, CheckSection, CommandSection)
    sections = (*kinds, RequestSection, ExpectSection, WorkflowSection, BoundSection, ParamSection)

    keys = {field.alias or name for section in sections for name, field in section.model_fields.items()}

    assert not [key for key in sorted(keys) if not re.search(rf"[`{{]{key}\b", text)]
