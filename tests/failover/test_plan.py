"""A plan, and the values that are filled in: checked before they reach anything, and never more than values."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from bot.domain.failover.plan import (
    Bound,
    Check,
    Expect,
    HttpCall,
    Param,
    Plan,
    Program,
    Question,
    Step,
    Workflow,
    described,
    staged,
)
from bot.domain.refusal import Refusal

POD = Plan(
    name="pod",
    usage="pod <pod> to <location>",
    params={"pod": Param(pattern="[0-9]{1,3}"), "location": Param(choices=("east", "west"))},
    lock="pod-{{ pod }}",
    before=(Check(name="lag", by=HttpCall(url="http://lag/{{ pod }}")),),
    steps=(
        Step(
            name="drain",
            run=Program(args=("./drain", "{{ pod }}")),
            undo=Program(args=("./undrain", "{{pod}}")),
        ),
        Step(
            name="dns",
            run=HttpCall(
                url="http://dns", method="POST", json={"percent": "{{ stage }}", "pod": "{{ pod }}"}
            ),
            undo=HttpCall(url="http://dns/back", method="POST"),
            stages=(5, 100),
            soak=timedelta(seconds=60),
        ),
        Step(name="look", run=Question(person="Orders in {{ location }}?")),
    ),
)
ANYTHING = replace(POD, params={**POD.params, "pod": Param(pattern="(?s).+")})
GIVEN = {"pod": "7", "location": "east"}


def test_the_usage_line_is_what_people_say():
    assert POD.read("pod 7 to east") == GIVEN
    assert POD.read("POD 7 TO east") == GIVEN
    assert POD.read('pod "7 a" to east') == {"pod": "7 a", "location": "east"}
    assert POD.read("pod 7 east") is None
    assert POD.read("dns 7 to east") is None


def test_a_word_of_a_usage_line_may_end_in_a_sign():
    assert replace(POD, usage="move_ <pod> to. <location>").read("move_ 7 to. east") == GIVEN


def test_a_usage_line_may_have_synonyms():
    plan = replace(POD, usage="Pod|cell <pod> to <location>")

    assert plan.read("cell 7 to east") == GIVEN
    assert plan.begins("CELL")
    assert plan.in_words(GIVEN) == "Pod 7 to east"


def test_what_was_said_can_be_said_again():
    given = {"pod": "7 a", "location": "east"}

    assert POD.read(POD.in_words(given)) == given


def test_values_are_filled_in_wherever_their_name_stands():
    filled = POD.filled(GIVEN)

    assert filled.lock == "pod-7"
    assert filled.before[0].by == HttpCall(url="http://lag/7")
    assert filled.steps[0].run == Program(args=("./drain", "7"))
    assert filled.steps[0].undo == Program(args=("./undrain", "7"))
    assert filled.steps[2].run == Question(person="Orders in east?")


def test_a_stage_is_filled_in_later_and_stays_a_number():
    run = POD.filled(GIVEN).steps[1].run

    assert isinstance(run, HttpCall)
    assert run.json == {"percent": "{{ stage }}", "pod": "7"}
    assert staged(run, 5) == replace(run, json={"percent": 5, "pod": "7"})


def test_in_an_answer_too_a_stage_is_a_number_and_to_a_program_it_is_a_word():
    asked = HttpCall(url="http://x/{{ stage }}", expect=Expect(json={"percent": Bound(equals="{{ stage }}")}))

    assert staged(asked, 5) == HttpCall(url="http://x/5", expect=Expect(json={"percent": Bound(equals=5)}))
    assert staged(Program(args=("move", "{{ stage }}")), 5) == Program(args=("move", "5"))


def test_a_plan_without_a_lock_holds_its_own_name():
    assert replace(POD, lock="").filled(GIVEN).lock == "pod"


def test_a_choice_is_taken_in_whatever_case():
    assert POD.params["location"].read("location", "EAST") == "east"


@pytest.mark.parametrize("value", ["7; rm -rf /", "$(reboot)", "7\n8", "", "7 ", "\uff11\uff12", "-1"])
def test_a_value_that_does_not_fit_its_pattern_is_refused_before_it_reaches_anything(value: str):
    with pytest.raises(Refusal, match=r"pod must fit `\[0-9\]\{1,3\}`"):
        POD.filled({**GIVEN, "pod": value})


@pytest.mark.parametrize("value", ["north", "east;west", "east\n"])
def test_a_value_that_is_none_of_the_choices_is_refused(value: str):
    with pytest.raises(Refusal, match="`location` must be one of east, west"):
        POD.filled({**GIVEN, "location": value})


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\x00", "a\u2028b", "--force", "{{ env.TOKEN }}", "{{ stage }}"]
)
def test_whatever_a_pattern_allows_no_value_is_a_line_an_option_or_a_place_to_fill_in(value: str):
    with pytest.raises(Refusal, match="pod can't begin with a dash, nor hold a line end"):
        ANYTHING.filled({**GIVEN, "pod": value})


@pytest.mark.parametrize("value", [".", ".."])
@pytest.mark.parametrize(
    "url", ["https://x/{{ pod }}", "https://x/{{ pod }}/drain", "https://x/a/{{ pod }}?b"]
)
def test_a_value_does_not_walk_up_an_address(url: str, value: str):
    plan = replace(ANYTHING, steps=(Step(name="drain", run=HttpCall(url=url)),))

    with pytest.raises(Refusal, match="can't be part of the address"):
        plan.filled({**GIVEN, "pod": value})
    assert plan.filled({**GIVEN, "pod": "a..b"}).steps


@pytest.mark.parametrize("value", ["; rm -rf /", "$(reboot)", "`id`", "a b", "'\"", "../../etc"])
def test_what_a_shell_would_read_is_one_argument_and_one_piece_of_an_address(value: str):
    filled = ANYTHING.filled({**GIVEN, "pod": value})

    assert filled.steps[0].run == Program(args=("./drain", value))
    check = filled.before[0].by
    assert isinstance(check, HttpCall)
    assert set(check.url.removeprefix("http://lag/")).isdisjoint(" /;$`'\"()")


def test_a_secret_is_left_to_be_filled_in_where_it_is_used():
    secret = HttpCall(url="http://x", headers={"Authorization": "Bearer {{ env.TOKEN }}"})

    filled = replace(POD, steps=(Step(name="x", run=secret),)).filled(GIVEN)

    assert filled.steps[0].run == secret


def test_a_plan_is_told_from_one_with_another_word_or_another_value():
    seven = POD.filled(GIVEN)

    changed = replace(POD, steps=POD.steps[:2]).filled(GIVEN)

    assert seven.fingerprint == POD.filled(GIVEN).fingerprint
    assert len({seven.fingerprint, changed.fingerprint, POD.filled({**GIVEN, "pod": "8"}).fingerprint}) == 3


def test_a_filled_plan_is_kept_as_json_and_comes_back_as_it_was():
    adapter = TypeAdapter(Plan)
    expect = Expect(
        status=(200,), json={"lag_s": Bound(max=5), "share": Bound(equals=0.5), "up": Bound(equals=True)}
    )
    lag = Check(name="lag", by=HttpCall(url="http://lag", json={"of": [1, "{{ pod }}"]}, expect=expect))
    filled = replace(POD, before=(lag,)).filled(GIVEN)

    again = adapter.validate_json(adapter.dump_json(filled))

    assert again == filled
    assert again.fingerprint == filled.fingerprint


def test_taking_back_is_a_plan_of_the_undos_last_ones_first():
    back = POD.filled(GIVEN).undoing([0, 1, 2])

    assert [step.name for step in back.steps] == ["undo dns", "undo drain"]
    assert back.steps[1].run == Program(args=("./undrain", "7"))
    assert back.no_return == 0


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        (Program(args=("./drain", "a b")), "./drain 'a b'"),
        (HttpCall(url="http://x/{{ stage }}", method="POST"), "POST http://x/<stage>"),
        (
            HttpCall(url="http://x", method="PUT", json={"percent": 5, "to": "{{ env.SITE }}"}),
            'PUT http://x {"percent": 5, "to": "<env.SITE>"}',
        ),
        (
            Workflow(repository="acme/infra", file="promote.yml", inputs={"pod": "7"}),
            "workflow promote.yml of acme/infra with pod=7",
        ),
        (Question(person="All well?"), "All well?"),
    ],
)
def test_what_an_action_does_is_told_in_one_line(
    instruction: Program | HttpCall | Workflow | Question, words: str
):
    assert described(instruction) == words
