"""What programs read and say by the API, and what they don't see."""

import json
from collections.abc import Iterator

import pytest
from itsdangerous import URLSafeSerializer

from bot.commands.request import MadePrivateNotice
from bot.domain.api_token import Scope
from bot.domain.effects import PostEvent
from bot.ports import Profile
from bot.services.people import People
from bot.services.tokens import Tokens
from bot.testing import SpyKit
from bot.web.pace import TokenPace
from tests.support.api import Program, asking

PATHS = (
    "/api/incidents",
    "/api/incidents/1",
    "/api/incidents/1/timeline",
    "/api/incidents/1/postmortem",
    "/api/on-call",
    "/api/services",
    "/api/reports/all/2026-11",
    "/api/token",
)


@pytest.fixture
def program(spy: SpyKit, channel: str) -> Iterator[Program]:
    with asking(spy) as program:
        yield program


# --- who may ask ---


def test_without_a_token_a_program_is_told_how_to_get_one(spy: SpyKit, channel: str):
    with asking(spy, None) as program:
        answers = [program.get(path) for path in PATHS] + [program.say("incident list")]

    assert {it.status_code for it in answers} == {401}
    assert {it.headers["content-type"] for it in answers} == {"application/problem+json"}
    assert {it.headers["www-authenticate"] for it in answers} == {'Bearer realm="Spy"'}
    assert "`/spy token new`" in answers[0].json()["detail"]


def test_a_token_that_only_reads_changes_nothing(spy: SpyKit, channel: str):
    with asking(spy, scope="read") as program:
        refused = program.say("incident 1 note hello")
        shown = program.say("incident 1 tldr").json()
        assert [program.get(path).status_code for path in PATHS] == [200] * len(PATHS)
    assert refused.status_code == 409
    assert "changes something, and this key only reads" in refused.json()["detail"]
    assert "checkout is down" in shown["text"]
    assert "hello" not in str(spy.timeline(1))


def test_a_revoked_token_and_that_of_a_deactivated_person_are_refused_at_once(spy: SpyKit, channel: str):
    with asking(spy) as program, asking(spy, "U0RAJ") as other:
        spy.say('token revoke "U0ANA say"')
        with spy.tx() as tx:
            People(tx).met("U0RAJ", Profile(name="Raj Patel", is_deactivated=True))

        assert [it.get("/api/token").status_code for it in (program, other)] == [401, 401]


def test_a_program_knows_whose_token_it_has(program: Program):
    assert program.get("/api/token").json() == {
        "name": "U0ANA say",
        "person": {"id": "U0ANA", "name": "Ana Lima"},
        "scopes": ["read", "say"],
        "ends_at": None,
    }


def test_a_program_in_a_loop_is_told_to_wait_and_others_are_not(spy: SpyKit, channel: str):
    time = [0.0]
    with asking(spy, pace=TokenPace(3, clock=lambda: time[0])) as program:
        answers = [program.get("/api/token") for _ in range(4)]
        first, program.secret = program.secret, "spy_other"
        other = program.get("/api/token")
        program.secret, time[0] = first, 60.0
        later = program.get("/api/token")

    assert [it.status_code for it in (*answers, other, later)] == [200, 200, 200, 429, 401, 200]
    assert answers[-1].headers["retry-after"] == "60"
    assert "Try again in 60 s" in answers[-1].json()["detail"]


# --- reading ---


def test_an_incident_is_read_as_it_is(spy: SpyKit, program: Program):
    spy.say('incident 1 impact "nobody can pay"')
    spy.say('incident 1 update "<@U0RAJ> rolls back"')
    found = program.get("/api/incidents/1").json()

    shown = {name: found[name] for name in ("id", "severity", "phase", "is_open", "impact", "update")}
    assert shown == {
        "id": "INC-1",
        "severity": "sev1",
        "phase": "triage",
        "is_open": True,
        "impact": "nobody can pay",
        "update": "@Raj Patel rolls back",
    }
    assert found["commander"] == {"id": "U0ANA", "name": "Ana Lima"}
    assert found["declared_at"].endswith("Z")


def test_a_list_goes_on_where_it_ended_also_if_another_incident_was_opened_meanwhile(
    spy: SpyKit, program: Program
):
    for number in range(2, 6):
        spy.say(f'incident me "trouble {number}" sev3 anyway')

    numbers, cursor = list[int](), None
    while True:
        page = program.get("/api/incidents", limit=2, **({"cursor": cursor} if cursor else {})).json()
        numbers += [it["number"] for it in page["incidents"]]
        if not (cursor := page["next"]):
            break
        spy.say(f'incident me "more {len(numbers)}" sev3 anyway')
    assert numbers == [5, 4, 3, 2, 1]


def test_a_cursor_is_of_one_list_and_one_token(spy: SpyKit, program: Program):
    spy.say('incident me "trouble" sev3 anyway')
    cursor = program.get("/api/incidents", limit=1).json()["next"]

    with asking(spy, "U0RAJ") as other:
        answers = (
            other.get("/api/incidents", cursor=cursor),
            program.get("/api/incidents/1/timeline", cursor=cursor),
            program.get("/api/incidents", cursor=cursor[:-1]),
        )
    assert [it.status_code for it in answers] == [404] * 3
    assert program.get("/api/incidents", cursor=cursor).json()["incidents"][0]["number"] == 1


def test_a_cursor_that_a_program_signs_itself_is_checked(program: Program):
    made = (
        ("/api/incidents", 10**30),
        ("/api/incidents", "1" * 4999),
        ("/api/incidents/1/timeline", ["today", 1]),
        ("/api/incidents/1/timeline", ["2026-11-23T12:00:00", 1]),
        ("/api/incidents/1/timeline", ["2026-11-23T12:00:00Z", 10**30]),
        ("/api/incidents/1/timeline", []),
    )

    for path, place in made:
        cursor = URLSafeSerializer(program.secret, salt=f"cursor {path}").dumps(place)
        assert program.get(path, cursor=cursor).status_code in {404, 422}, place


def test_a_list_is_narrowed_as_on_the_dashboard(spy: SpyKit, program: Program):
    spy.say('incident me "search hangs" sev3')
    spy.say("incident 2 cancel nothing")

    def numbers(**query: str) -> list[int]:
        return [it["number"] for it in program.get("/api/incidents", **query).json()["incidents"]]

    assert numbers() == [2, 1]
    assert numbers(state="open") == [1]
    assert numbers(state="past") == [2]
    assert numbers(severity="SEV-1") == [1]
    assert numbers(words="hangs search") == [2]
    assert numbers(person="U0KIM") == []
    assert numbers(since="2999-01-01T00:00:00Z") == []
    assert numbers(until="0001-01-01T00:00:00+05:00") == []
    assert program.get("/api/incidents", severity="sev9").status_code == 404


def test_a_timeline_is_read_in_windows_in_the_words_of_the_channel(spy: SpyKit, program: Program):
    for number in range(120):
        spy.say(f'incident 1 note "step {number}"')

    first = program.get("/api/incidents/1/timeline", topic="notes").json()
    second = program.get("/api/incidents/1/timeline", topic="notes", cursor=first["next"]).json()
    texts = [it["text"] for it in (*first["lines"], *second["lines"])]
    assert [len(first["lines"]), len(second["lines"]), second["next"]] == [100, 20, None]
    assert "step 119" in texts[0]
    assert first["lines"][0]["by"] == {"id": "U0ANA", "name": "Ana Lima"}
    assert first["lines"][0]["kind"] == "note_taken"
    assert "step 7" in program.get("/api/incidents/1/timeline", words="step 77").json()["lines"][0]["text"]


def test_a_misspelt_request_is_refused_with_what_is_wrong(program: Program):
    cases = {
        "/api/incidents?sevrity=sev1": "sevrity: extra inputs are not permitted.",
        "/api/incidents?since=yesterday": "since: is no time. Write it as 2026-11-30T12:00:00Z.",
        "/api/incidents?limit=0": "limit: input should be greater than or equal to 1.",
        "/api/incidents/x": "number: input should be a valid integer, unable to parse string as an integer.",
        "/api/reports/all/2026-13": "month: string should match pattern '^20[0-9]{2}-(0[1-9]|1[0-2])$'.",
    }
    answers = {path: program.get(path) for path in cases}

    assert {it.status_code for it in answers.values()} == {422}
    assert {path: it.json()["detail"] for path, it in answers.items()} == cases


def test_what_is_not_there_is_told_in_json(program: Program):
    answers = [program.get(path) for path in ("/api/nothing", "/api/say", "/api/incidents/99", "/api")]

    assert [it.status_code for it in answers][:3] == [404, 405, 404]
    assert [it.json()["title"] for it in answers[:3]] == ["Not Found", "Method Not Allowed", "Not Found"]


# --- what an outsider sees ---


def test_a_private_incident_is_invisible_to_an_outsiders_program(spy: SpyKit, channel: str):
    with asking(spy, "U0RAJ") as before:
        seen_before = [before.get(path).text for path in PATHS]
    spy.say('incident me "payroll is wrong" private', by="U0ANA")
    spy.say('incident 2 note "salaries leaked"', by="U0ANA")

    with asking(spy, "U0RAJ", "read") as outsider, asking(spy, "U0ANA", "read") as insider:
        hidden = [outsider.get(f"/api/incidents/2{part}") for part in ("", "/timeline", "/postmortem")]
        searched = outsider.get("/api/incidents", words="payroll").json()
        said = [
            insider.get("/api/incidents/2").json()["private"],
            len(insider.get(PATHS[0]).json()["incidents"]),
        ]
        seen = [outsider.get(path).text for path in PATHS[:-1]]
        missing = outsider.get("/api/incidents/99").json()

    assert [it.json() for it in hidden] == [missing] * 3
    assert searched == {"incidents": [], "next": None}
    assert said == [True, 2]
    assert seen == seen_before[:-1]


def test_what_became_private_is_not_named_as_what_another_goes_on_as(spy: SpyKit, program: Program):
    spy.say('incident me "carts are empty" sev2 anyway')
    spy.create_channel(2, channel="C0TWO")
    spy.say("incident 1 merge 2")
    assert program.get("/api/incidents/1").json()["merged_into"] == 2

    spy.notice(MadePrivateNotice(id="Ev1", channel="C0TWO", by="U0ANA"))

    with asking(spy, "U0RAJ") as outsider:
        assert outsider.get("/api/incidents/1").json()["merged_into"] is None


def test_a_guests_program_sees_no_other_incident(spy: SpyKit, channel: str):
    with asking(spy, "U0EVE") as program:
        with spy.tx() as tx:
            People(tx).met("U0EVE", Profile(name="Eve", is_guest=True))
        assert program.get("/api/incidents").json()["incidents"] == []
        assert program.get("/api/incidents/1").status_code == 404


# --- saying ---


def test_what_a_program_says_is_done_in_its_persons_name(spy: SpyKit, program: Program):
    answer = program.say('incident 1 note "deployed 1.4"')

    assert answer.status_code == 200
    assert answer.json() == {"outcome": "done", "text": answer.json()["text"], "choices": []}
    assert spy.timeline(1)[-1].actor == "U0ANA"
    assert spy.timeline(1)[-1].source == "api"
    assert "deployed 1.4" in spy.lines(1)[-1]


def test_a_refusal_is_a_sentence_with_what_could_be_said_instead(spy: SpyKit, program: Program):
    answer = program.say("incident 1 sev sev9")

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("There is no severity sev9.")
    assert {"label": "sev1", "say": "incident 1 sev sev1"} in answer.json()["choices"]


def test_words_with_one_key_are_run_once(spy: SpyKit, program: Program):
    first = program.say('incident 1 note "deployed 1.4"', "deploy-17")
    posts = len(spy.asked(PostEvent))
    second = program.say('incident 1 note "deployed 1.4"', "deploy-17")
    other = program.say('incident 1 note "deployed 1.5"', "deploy-17")
    refused = [program.say("incident 1 sev sev9", "sev").json() for _ in range(2)]

    assert (second.status_code, second.json()) == (200, first.json())
    assert len(spy.asked(PostEvent)) == posts
    assert other.status_code == 422
    assert "came with other words before" in other.json()["detail"]
    assert refused[0] == refused[1]
    assert program.say("incident list", "two words").status_code == 422


def test_a_key_of_one_token_is_no_key_of_another(spy: SpyKit, program: Program):
    with asking(spy, "U0RAJ") as other:
        for it in (program, other):
            it.say('incident 1 note "deployed"', "deploy-17")
        assert program.say("incident 1 tldr", "deploy-17:words").status_code == 200

    assert [it.actor for it in spy.timeline(1) if it.kind == "note_taken"] == ["U0ANA", "U0RAJ"]


def test_a_program_names_people_and_places_as_slack_does(spy: SpyKit, program: Program):
    program.say("incident role scribe @U0KIM", channel="C0ROOM")
    program.say("role support @raj", incident=1)
    program.say("/spy incident 1 note 5 < 6 & <!channel>")

    assert spy.incident(1).roles == {"scribe": "U0KIM", "support": "U0RAJ"}
    assert "<!channel>" not in spy.lines(1)[-1]


def test_a_program_says_nothing_in_a_channel_where_its_person_may_not_be(spy: SpyKit, channel: str):
    with asking(spy, "U0RAJ") as program:
        program.say('ask operator "failover eu"', channel="C0SECRET")
        program.say('page @ana "please look"', channel="C0SECRET")

    assert "C0SECRET" not in str(spy.effects)


def test_a_program_has_its_persons_roles_and_no_more(spy: SpyKit, channel: str):
    with asking(spy, "U0EVE") as program:
        answer = program.say("plugins reload")

    assert answer.status_code == 409
    assert "is for the role admin" in answer.json()["detail"]


def test_who_is_unknown_to_slack_waits(spy: SpyKit, program: Program):
    spy.confirms = False
    with spy.tx() as tx:
        People(tx).seen("U0NEW", None)
    with spy.tx() as tx:
        program.secret = Tokens(tx).make("new", Scope.SAY, by="U0NEW").secret
    answer = program.say("incident list")

    assert answer.json()["outcome"] == "waiting"


def test_what_a_program_sends_is_checked(program: Program):
    wrong = [
        {},
        {"say": ""},
        {"say": "x" * 10_001},
        {"say": "help", "as": "U0RAJ"},
        {"say": "help", "incident": 0},
        {"say": "help", "incident": True},
        [],
    ]

    assert {program.post(it).status_code for it in wrong} == {422}
    assert program.ask("POST", "/api/say", content=b"\xff{").status_code == 422
    assert program.ask("POST", "/api/say", content=b"x" * 2_000_000).status_code == 413


def test_the_document_says_what_there_is(program: Program):
    program.secret = ""
    document = program.get("/api/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert document["security"] == [{"token": []}]
    assert "checkout" not in json.dumps(document)
