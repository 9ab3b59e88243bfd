"""Runbooks as files: read, read again, left out with file and line, and found by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from bot.adapters.runbooks import FolderRunbooks
from bot.adapters.slack.text import pieces
from bot.domain.refusal import Refusal
from bot.domain.runbook import Runbook
from tests.runbooks.shelf import Shelf

SHIPPED = Path(__file__).parents[2] / "templates" / "runbooks"
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
def test_bad_front_matter_is_named_by_file_and_line(shelf: Shelf, front: str, mistake: str):
    shelf.put("x\n", front=front)

    assert mistake in "\n".join(shelf.runbooks.mistakes())
    assert shelf.runbooks.all() == []


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
def test_a_file_that_is_no_runbook_is_left_out(shelf: Shelf, text: bytes, mistake: str):
    (shelf.folder / "try.md.j2").write_bytes(text)

    [line] = shelf.runbooks.mistakes()
    assert f"try.md.j2:{mistake}" in line


def test_the_others_are_there_where_one_is_left_out(shelf: Shelf):
    shelf.put("Fine.\n", name="good")
    shelf.put("{{ nonsense }}\n", name="bad")

    assert [it.name for it in shelf.runbooks.all()] == ["good"]
    with pytest.raises(Refusal, match=r"no runbook bad\. It is left out: `runbook` says why"):
        shelf.runbooks.find("bad")


def test_a_file_that_changes_is_read_again(shelf: Shelf):
    shelf.put("{{ nonsense }}\n")
    assert len(shelf.runbooks.mistakes()) == 1

    shelf.put("Mended.\n")
    os.utime(shelf.folder / "try.md.j2", ns=(1, 1))

    assert shelf.runbooks.mistakes() == ()
    assert shelf.fill("Mended.\n") == "Mended."


def test_a_file_that_is_taken_away_is_gone(shelf: Shelf):
    shelf.put("Here.\n")
    assert shelf.runbooks.find("TRY").name == "try"

    (shelf.folder / "try.md.j2").unlink()

    with pytest.raises(Refusal, match="no runbook try"):
        shelf.runbooks.find("try")


def test_the_first_folder_wins(tmp_path: Path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        Shelf(tmp_path / name).put("x\n", front=f"title: {name}")

    runbooks = FolderRunbooks([tmp_path / "ours", tmp_path / "theirs", tmp_path / "nowhere"])

    assert [it.title for it in runbooks.all()] == ["ours"]


def test_a_near_miss_is_guessed(shelf: Shelf):
    shelf.put("x\n", name="restart-db")

    with pytest.raises(Refusal, match="Did you mean restart-db") as refused:
        shelf.runbooks.find("restart_bd")

    assert refused.value.choices[0].say == "runbook restart-db"


def test_sections_show_by_parameter(shelf: Shelf):
    body = '{% if region == "east" %}\nEast.\n{% else %}\nWest.\n{% endif %}\n'

    assert shelf.fill(body, region="east") == "East."
    assert shelf.fill(body, region="WEST") == "West."


def test_markdown_is_written_as_slack_reads_it(shelf: Shelf):
    body = "# A **head** of {{ word }}\n\n- one *em*\n  - two\n\n> said & done\n\n3. [x](https://e.example/a?b&c)\n\n---\n"

    assert shelf.fill(body).split("\n\n") == [
        "*A head of db-1*",
        "• one _em_",
        "    • two",
        ">said &amp; done",
        "3. <https://e.example/a?b&amp;c|x>",
        "———",
    ]


def test_html_in_a_runbook_is_only_text(shelf: Shelf):
    assert shelf.fill("<b onclick=x>{{ word }}</b> <!channel> ![i](https://e.example/i)\n") == (
        "&lt;b onclick=x&gt;db-1&lt;/b&gt; &lt;!channel&gt; !<https://e.example/i|i>"
    )


def test_the_incident_is_there_to_use(shelf: Shelf):
    body = "{% if incident %}{{ incident.id }}: {{ incident.impact }}{% else %}No incident.{% endif %}\n"

    assert shelf.fill(body, INCIDENT) == "INC-42: not known yet"
    assert shelf.fill(body) == "No incident."


def test_a_runbook_that_needs_an_incident_says_so_elsewhere(shelf: Shelf):
    with pytest.raises(Refusal, match="in an incident's channel"):
        shelf.fill("{{ incident.id }}\n")


def test_what_does_not_fit_is_left_out_whole_and_linked(shelf: Shelf):
    shelf.put("```\nfirst {{ word }}\n```\n\n" + "```\n" + "echo long\n" * 950 + "```\n\nThe end.\n")
    runbooks = FolderRunbooks([shelf.folder], address="https://spy.example.com/")

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


def test_the_documents_first_runbook_works(shelf: Shelf):
    text = (SHIPPED.parents[1] / "docs" / "runbooks.md").read_text(encoding="utf-8")
    _, example, _ = text.split("   ````\n")
    (shelf.folder / "clear-queue.md.j2").write_text(dedent(example), encoding="utf-8")

    assert shelf.runbooks.mistakes() == ()
    runbook = shelf.runbooks.find("clear-queue")
    values = {"queue": "orders", "region": "west", "why": "it's stuck"}
    filled = shelf.runbooks.fill(runbook, values).text
    assert """brokerctl --region west set-aside orders --reason 'it'"'"'s stuck'""" in filled
    assert "*West feeds the ledger.*" in filled
