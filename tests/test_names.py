"""One idea, one word: no retired word in a name, and no two classes of one name."""

import ast
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.each import each
from tests.support.folders import ROOT

CODE = [
    path
    for folder in ("bot", "plugins", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "versions" not in path.parts and path != Path(__file__)
]
"""All Python but the migrations, which speak of earlier schemas."""
RETIRED = frozenset(
    {
        "aftermath",
        "afterwards",
        "alone",
        "anew",
        "broom",
        "circumstances",
        "contended",
        "courier",
        "curation",
        "desk",
        "door",
        "echoes",
        "errand",
        "figures",
        "forge",
        "handbook",
        "hood",
        "keeper",
        "ladder",
        "lately",
        "leaf",
        "leaks",
        "located",
        "lull",
        "manners",
        "nag",
        "paper",
        "paperwork",
        "parcel",
        "porch",
        "remark",
        "room",
        "rung",
        "shelf",
        "sky",
        "spell",
        "spells",
        "spills",
        "standing",
        "stretch",
        "struggle",
        "stumble",
        "surface",
        "surrender",
        "theatre",
        "trail",
        "undertaking",
        "undisturbed",
        "verdict",
        "weather",
        "whisper",
        "whispered",
    }
)
"""Words that names in the code no longer use: each had a plainer one, that of Slack, PagerDuty, SQL or Python."""
WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
PAGES += sorted((ROOT / "templates").rglob("*.j2"))
ORDINARY = frozenset({"afterwards", "alone"})
"""Retired as names only: in a sentence they are plain English."""
QUOTED = re.compile(r"```.*?```|`[^`\n]*`|\{[{%].*?[}%]\}", re.DOTALL)
"""Code in a page or a template. It may name what people typed before."""


def names(path: Path) -> Iterator[tuple[str, int]]:
    with path.open(encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.NAME and not token.string.startswith("test_"):
                yield token.string, token.start[0]


def is_retired(name: str) -> bool:
    words = {word.casefold() for word in WORDS.findall(name)}
    return bool(words & RETIRED or {word.removesuffix("s") for word in words} & RETIRED)


def test_a_retired_word_is_found_in_any_name():
    assert [is_retired(it) for it in ("Desk", "_desk_of", "parcels", "open_room", "description")] == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_no_name_has_a_retired_word():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in CODE
        for name, line in names(path)
        if is_retired(name)
    ]

    assert found == []


@each(PAGES, name=lambda it: str(it.relative_to(ROOT)))
def test_no_page_and_no_message_has_a_retired_word(page: Path):
    prose = QUOTED.sub(" ", page.read_text(encoding="utf-8"))

    assert [
        word
        for word in re.findall(r"[A-Za-z]+", prose)
        if is_retired(word) and word.casefold() not in ORDINARY
    ] == []


def test_no_two_classes_have_one_name():
    classes = defaultdict(set)
    for path in CODE:
        if path.is_relative_to(ROOT / "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name].add(str(path.relative_to(ROOT)))

    assert {name: sorted(paths) for name, paths in classes.items() if len(paths) > 1} == {}
