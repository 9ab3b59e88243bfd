"""Runbooks as files: read, read again, left out with file and line, and found by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from bot.adapters.runbooks import FolderRunbooks
from bot.adapters.slack.text import pieces
from bot.domain.refusal import Refusal
from bot.domain.runbook.runbook import Runbook
from tests.runbook.library import Library
from tests.support.folders import TEMPLATES

SHIPPED = TEMPLATES / "runbooks"
INCIDENT = {"id": "INC-42", "name": "checkout is down", "impact": None, "drill": False}


@pytest.mark.parametrize(
    ("front", "mistake"),
    [
        ("", "try.md.j2:1: title is missing."),
        (
            "title: Try\ncolour: red",
            "try.md.j2:3: colour is an unknown key. Known here: title, description, param",
        ),
        (
            "title: Try\nparameters:\n  a: {type: wrd}",
            "try.md.j2:4: parameters.a.type must be word, number, choice",
        ),
        ("title: Try\nparameters:\n  a: {type: choice}", "try.md.j2:4: a: `choices` go with `type: choice`"),
        ("title: Try\nparameters:\n  a: {choices: [b]}", "try.md.j2:4: a: `choices` go with `type: choice`"),
        ("title: Try\nparameters:\n  loop:", "try.md.j2:4: loop: can't be a parameter's name"),
        ("title: Try\nparameters:\n  A-b:", "try.md.j2:4: A-b: can't be a parameter's name"),
        ("title: Try\nparameters:\n  a:\n  a:", "try.md.j2:5: a is given twice. Keep one."),
        ("title: Try\nparameters: [a]", "try.md.j2:3: parameters must be a section of keys."),
        (
            "title: Try\nparameters:\n  a: {type: number, default: x}",
            "try.md.j2:4: a: its default is not right. a is a number such as 3, not x.",
        ),
        (
            "title: Try\nparameters:\n  a: {type: choice, choices: ['`b`']}",
            "try.md.j2:4: a: '`b`' can't be a choice",
        ),
        ("title: 'Try", "try.md.j2:2: not YAML"),
        ("title: a: b", "try.md.j2:2: not YAML"),
    ],
)
def test_bad_front_matter_is_named_by_file_and_line(library: Library, front: str, mistake: str):
    library.put("x\n", front=front)

    assert mistake in "\n".join(library.runbooks.mistakes())
    assert library.runbooks.all() == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (b"# Restart\n", "1: a runbook begins with a line of ---"),
        (b"---\ntitle: Try\n", "1: the front matter never ends"),
        (b"---\ntitle: Try\n---\n\xff\n", "1: it is no UTF-8 text"),
        (b"---\ntitle: Try\n---\n\nbell \x07\n", "5: it has a control character"),
        (b"---\ntitle: Try\n---\n" + b"x" * 100_001, "1: it has 100020 bytes"),
    ],
)
def test_a_file_that_is_no_runbook_is_left_out(library: Library, text: bytes, mistake: str):
    (library.folder / "try.md.j2").write_bytes(text)

    [line] = library.runbooks.mistakes()
    assert f"try.md.j2:{mistake}" in line


def test_the_others_are_there_where_one_is_left_out(library: Library):
    library.put("Fine.\n", name="good")
    library.put("{{ nonsense }}\n", name="bad")

    assert [it.name for it in library.runbooks.all()] == ["good"]
    with pytest.raises(Refusal, match=r"no runbook bad\. It is left out: `runbook` says why"):
        library.runbooks.find("bad")


def test_a_file_that_changes_is_read_again(library: Library):
    library.put("{{ nonsense }}\n")
    assert len(library.runbooks.mistakes()) == 1

    library.put("Mended.\n")
    os.utime(library.folder / "try.md.j2", ns=(1, 1))

    assert library.runbooks.mistakes() == ()
    assert library.fill("Mended.\n") == "Mended."


def test_a_file_that_is_taken_away_is_gone(library: Library):
    library.put("Here.\n")
    assert library.runbooks.find("TRY").name == "try"

    (library.folder / "try.md.j2").unlink()

    with pytest.raises(Refusal, match="no runbook try"):
        library.runbooks.find("try")


def test_the_first_folder_wins(tmp_path: Path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        Library(tmp_path / name).put("x\n", front=f"title: {name}")

    runbooks = FolderRunbooks([tmp_path / "ours", tmp_path / "theirs", tmp_path / "nowhere"])

    assert [it.title for it in runbooks.all()] == ["ours"]


def test_a_near_miss_is_guessed(library: Library):
    library.put("x\n", name="restart-db")

    with pytest.raises(Refusal, match="Did you mean restart-db") as refused:
        library.runbooks.find("restart_bd")

    assert refused.value.choices[0].say == "runbook restart-db"


def test_sections_show_by_parameter(library: Library):
    body = '{% if region == "east" %}\nEast.\n{% else %}\nWest.\n{% endif %}\n'

    assert library.fill(body, region="east") == "East."
    assert library.fill(body, region="WEST") == "West."


def test_markdown_is_written_as_slack_reads_it(library: Library):
    body = "# A **head** of {{ word }}\n\n- one *em*\n  - two\n\n> said & done\n\n3. [x](https://e.example/a?b&c)\n\n---\n"

    assert library.fill(body).split("\n\n") == [
        "*A head of db-1*",
        "• one _em_",
        "    • two",
        ">said &amp; done",
        "3. <https://e.example/a?b&amp;c|x>",
        "———",
    ]


def test_html_in_a_runbook_is_only_text(library: Library):
    assert library.fill("<b onclick=x>{{ word }}</b> <!channel> ![i](https://e.example/i)\n") == (
        "&lt;b onclick=x&gt;db-1&lt;/b&gt; &lt;!channel&gt; !<https://e.example/i|i>"
    )


def test_the_incident_is_there_to_use(library: Library):
    body = "{% if incident %}{{ incident.id }}: {{ incident.impact }}{% else %}No incident.{% endif %}\n"

    assert library.fill(body, INCIDENT) == "INC-42: not known yet"
    assert library.fill(body) == "No incident."


def test_a_runbook_that_needs_an_incident_says_so_elsewhere(library: Library):
    with pytest.raises(Refusal, match="in an incident's channel"):
        library.fill("{{ incident.id }}\n")


def test_what_does_not_fit_is_left_out_whole_and_linked(library: Library):
    library.put("```\nfirst {{ word }}\n```\n\n" + "```\n" + "echo long\n" * 950 + "```\n\nThe end.\n")
    runbooks = FolderRunbooks([library.folder], address="https://spy.example.com/")

    filled = runbooks.fill(runbooks.find("try"), {"word": "db-1", "region": "east"})

    assert filled.text == "```\nfirst db-1\n```"
    assert filled.left_out == 2
    assert filled.url == "https://spy.example.com/runbooks/try?word=db-1&region=east"


def test_a_long_block_of_code_is_one_block_in_each_of_its_messages():
    code = "```\n" + "\n".join(f"echo {number}" for number in range(700)) + "\n```\n\nafter"

    split = list(pieces(code, 3_000))

    assert len(split) > 2
    assert all(len(it) <= 3_000 and it.count("```") % 2 == 0 for it in split)
    assert "".join(split).replace("```", "").split() == code.replace("```", "").split()


@pytest.mark.parametrize("runbook", FolderRunbooks([SHIPPED]).all(), ids=lambda it: it.name)
@pytest.mark.parametrize("incident", [INCIDENT, None])
@pytest.mark.parametrize("region", ["east", "west"])
def test_what_ships_fills_in(runbook: Runbook, incident: Mapping[str, object] | None, region: str):
    runbooks = FolderRunbooks([SHIPPED])
    said = {"service": "checkout", "team": "payments", "region": region, "revision": "7", "minutes": "20"}
    known = {it.name for it in runbook.parameters}

    reading = runbooks.read(runbook, {name: it for name, it in said.items() if name in known})
    filled = runbooks.fill(runbook, reading.filled, incident)

    assert filled.left_out == 0
    assert not {"{{", "{%", "None", "!"} & set(filled.text.split())
    assert "—" not in filled.text
    assert runbooks.mistakes() == ()


def test_the_documents_first_runbook_works(library: Library):
    text = (SHIPPED.parents[1] / "docs" / "runbooks.md").read_text(encoding="utf-8")
    _, example, _ = text.split("   ````\n")
    (library.folder / "clear-queue.md.j2").write_text(dedent(example), encoding="utf-8")

    assert library.runbooks.mistakes() == ()
    runbook = library.runbooks.find("clear-queue")
    values = {"queue": "orders", "region": "west", "why": "it's stuck"}
    filled = library.runbooks.fill(runbook, values).text
    assert """brokerctl --region west set-aside orders --reason 'it'"'"'s stuck'""" in filled
    assert "*West feeds the ledger.*" in filled


def test_an_expression_in_a_command_is_named_with_its_line(library: Library):
    library.put(
        "Of {{ word | upper }}:\n\n```\nlook {{ word }} {{ region | upper }}\n```\n\nor `look {{ number + 1 }}`\n"
    )

    assert [it.removeprefix(f"{library.folder}/") for it in library.runbooks.former()] == [
        "try.md.j2:12: a command holds an expression with region.",
        "try.md.j2:15: a command holds an expression with number.",
    ]
    assert not library.runbooks.mistakes()


def test_names_in_a_command_are_the_current_form(library: Library):
    body = "{% set loud = word | upper %}\n```\nlook {{ loud }} {{ region }} {{ incident.id }}\n```\n"

    library.put(body)

    assert not library.runbooks.former()
