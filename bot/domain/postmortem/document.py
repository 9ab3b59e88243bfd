"""A document with sections that Spy owns until a person edits them.

Each section has hidden marks around it, with a hash of what Spy wrote. If the text no longer matches the hash, a
person has edited the section. Then it is theirs and stays unchanged, like all text outside the marks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

LIMIT = 65_536
"""The most characters that the tracker accepts in the body of an issue or a comment."""
LOG, PICTURE = "log", "picture"

_BEGIN = re.compile(r"<!-- spy:section (?P<key>[\w-]+) (?P<hash>[0-9a-f]+) -->\r?\n")
_OPENING = re.compile(r"<!-- spy:section (?P<key>[\w-]+) ")
_HEAD = re.compile(r"<!-- spy:(?P<mark>[\w:.-]+) sections=(?P<keys>[\w,-]*) -->")
_TICKED = re.compile(r"^([^\S\n]*[-*] )\[[xX]\]", re.MULTILINE)
_PAGE = re.compile(r"<!-- spy:log (?P<number>\d+) (?P<hash>[0-9a-f]+) -->\r?\n(?P<text>.*)", re.DOTALL)
_COMMENT = re.compile(r"<!-- spy:claims (?P<hash>[0-9a-f]+) -->\r?\n(?P<text>.*)", re.DOTALL)
CUT = "\n\n*Cut here: GitHub takes no more in one text.*"
SHORTEST = 400
"""No section is cut below this many characters."""
PROSE = frozenset({"summary", "unfolded", "surprised", "learned", "public"})
"""The sections of people's own words."""
ELSEWHERE = "text of its own"
"""The place of what people wrote outside of Spy's sections."""


@dataclass(frozen=True, kw_only=True)
class DocumentSection:
    key: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """The document as Spy would write it now. `log` is the full log, line by line.

    `title` is plain text for places without Markdown; `heading` is the same in Markdown.
    """

    title: str
    sections: tuple[DocumentSection, ...]
    heading: str = ""
    log: tuple[str, ...] = ()

    @property
    def whole(self) -> tuple[DocumentSection, ...]:
        return (*self.sections, full_log(self.log)) if self.log else self.sections

    @property
    def text(self) -> str:
        """The whole document as Markdown without marks, for a file."""
        bodies = [section.text for section in self.whole]
        return "\n\n".join((f"# {self.heading or self.title}", *bodies)) + "\n"


@dataclass(frozen=True, kw_only=True)
class IssueBody:
    """The text of an issue.

    `edited_by_people` are the keys of sections that people wrote. `overflows` means that the log did not fit and goes
    into comments.
    """

    text: str
    edited_by_people: tuple[str, ...] = ()
    overflows: bool = False


# --- merging ----------------------------------------------------------------------------------------------


def body(document: Document, mark: str, *, before: str | None = None, limit: int = LIMIT) -> IssueBody:
    """Return the document merged into the current body (`before`; None if there is none), within the limit.

    If it is too long, first the full log is left out, then Spy's longest sections are cut. Raises ValueError if
    people's own text fills the limit.
    """
    whole = _merged(document.whole, mark, before)
    if len(whole.text) <= limit:
        return whole
    sections = (
        [*document.sections, DocumentSection(key=LOG, text=_ELSEWHERE)]
        if document.log
        else [*document.sections]
    )
    merged = _merged(sections, mark, before)
    while len(merged.text) > limit:
        sections, was = _shorter(sections, merged.edited_by_people), sections
        if sections == was:
            raise ValueError("what people wrote there fills it: there is no room for Spy's own")
        merged = _merged(sections, mark, before)
    return replace(merged, overflows=bool(document.log))


_ELSEWHERE = "## Full log\n\nIt is too long to stand here: see the comments below."


def full_log(lines: Sequence[str]) -> DocumentSection:
    listed = "\n".join(lines) or "Nothing was logged."
    text = f"## Full log\n\n<details><summary>Every entry, {len(lines)} in all</summary>\n\n{listed}\n\n</details>"
    return DocumentSection(key=LOG, text=text)


def _shorter(sections: Sequence[DocumentSection], theirs: Iterable[str]) -> list[DocumentSection]:
    """Cut the longest of Spy's sections to two thirds, at the end of a line."""
    ours = [it for it in sections if it.key not in theirs and len(it.text) > SHORTEST]
    if not ours:
        return list(sections)
    longest = max(ours, key=lambda it: len(it.text))
    return [_cut(it, len(it.text) * 2 // 3) if it is longest else it for it in sections]


def _cut(section: DocumentSection, most: int) -> DocumentSection:
    text = section.text.removesuffix(CUT)[:most]
    text = text[: text.rfind("\n")] if "\n" in text else text
    fence = "\n```" if text.count("```") % 2 else ""
    return replace(section, text=f"{text}{fence}{CUT}")


def _merged(sections: Sequence[DocumentSection], mark: str, before: str | None) -> IssueBody:
    if before is None or not (head := _HEAD.search(before)):
        if before is not None and before.strip():
            return IssueBody(
                text=before, edited_by_people=tuple(it.key for it in sections)
            )  # people removed Spy's marks, so all of it is theirs
        parts = [_head(mark, sections), *(_marked(it) for it in sections)]
        return IssueBody(text="\n\n".join(parts) + "\n")
    ours = {it.key: it for it in sections}
    found = list(_found_in(before))
    present = {it.key for it in found}
    broken = {opening["key"] for opening in _OPENING.finditer(before)} - present
    theirs = [it.key for it in found if it.is_edited]
    text = _renewed(before, found, ours)
    known = set(filter(None, head["keys"].split(",")))
    new = [it for it in sections if it.key not in present | known]
    text = text.replace(head[0], _head(mark, sections, *known), 1)
    text = "\n\n".join([text.rstrip("\n"), *(_marked(it) for it in new)]) + "\n"
    gone = known & ours.keys() - present - broken
    return IssueBody(text=text, edited_by_people=tuple(sorted({*theirs, *broken, *gone})))


@dataclass(frozen=True, kw_only=True)
class _Present:
    """A section found in a document, with the positions of its marks. `hash` is that of Spy's own text."""

    key: str
    hash: str
    text: str
    start: int
    end: int

    @property
    def is_edited(self) -> bool:
        return _hash(self.text) != self.hash


def _found_in(document: str) -> Iterator[_Present]:
    """Yield the sections between their marks. The end of an unclosed mark is searched once only, to stay linear."""
    unclosed: set[str] = set()
    reached = 0
    for begin in _BEGIN.finditer(document):
        key, mark = begin["key"], _end(begin["key"])
        if begin.start() < reached or key in unclosed:
            continue
        close = document.find(mark, begin.end())
        if close < 0:
            unclosed.add(key)
            continue
        reached = close + len(mark)
        text = document[begin.end() : close].removesuffix("\n").removesuffix("\r")
        yield _Present(key=key, hash=begin["hash"], text=text, start=begin.start(), end=reached)


def _renewed(document: str, present: Iterable[_Present], ours: Mapping[str, DocumentSection]) -> str:
    """Replace Spy's sections in place. Sections that people edited stay."""
    parts, at = [], 0
    for it in present:
        if it.key in ours and not it.is_edited:
            parts += [document[at : it.start], _marked(_with_ticks(ours[it.key], it.text))]
            at = it.end
    return "".join([*parts, document[at:]])


def _with_ticks(section: DocumentSection, before: str) -> DocumentSection:
    """Keep the boxes that people ticked. A tick does not count as an edit."""
    ticked = {_TICKED.sub(r"\1[ ]", it) for it in before.splitlines() if _TICKED.match(it)}
    lines = (it.replace("[ ]", "[x]", 1) if it in ticked else it for it in section.text.splitlines())
    return replace(section, text="\n".join(lines))


def _head(mark: str, sections: Iterable[DocumentSection], *known: str) -> str:
    keys = ",".join(sorted({*known, *(it.key for it in sections)}))
    return f"<!-- spy:{mark} sections={keys} -->"


def _marked(section: DocumentSection) -> str:
    digest = _hash(section.text)
    return f"<!-- spy:section {section.key} {digest} -->\n{section.text}\n{_end(section.key)}"


def _end(key: str) -> str:
    return f"<!-- spy:end {key} -->"


def _hash(text: str) -> str:
    """Return a hash that ignores ticks, and the blanks and line ends that GitHub's editor changes."""
    lines = (line.rstrip() for line in _TICKED.sub(r"\1[ ]", text).splitlines())
    return sha256("\n".join(lines).strip("\n").encode(errors="surrogatepass")).hexdigest()[:12]


def with_picture(document: Document, picture: str) -> Document:
    """Return the document with its picture as a link to a file, and a heading, for a file in a repository."""
    drawn = f"## In one picture\n\n![In one picture]({picture})"
    kept = (replace(it, text=drawn) if it.key == PICTURE else it for it in document.sections)
    heading = DocumentSection(key="heading", text=f"# {document.heading or document.title}")
    return replace(document, sections=(heading, *kept))


def hidden(mark: str) -> str:
    """Return the start of the hidden mark by which Spy finds an issue again."""
    return f"<!-- spy:{mark} "


def written_by_people(text: str, document: Document) -> Iterator[DocumentSection]:
    """Yield what people wrote in an issue: the sections they edited, and the text outside of Spy's.

    In a section of facts, lines that Spy would write there itself are left out. So is the full log.
    """
    ours = {it.key: it.text for it in document.whole}
    parts, at = list[str](), 0
    for it in _found_in(text):
        parts.append(text[at : it.start])
        at = it.end
        if it.is_edited and it.key in PROSE:
            yield DocumentSection(key=it.key, text=it.text)
        elif it.is_edited and it.key != LOG:
            yield DocumentSection(key=it.key, text=_without(it.text, ours.get(it.key, "")))
    parts.append(text[at:])
    yield DocumentSection(key=ELSEWHERE, text=_without("\n\n".join(parts), document.text))


def _without(text: str, lines: str) -> str:
    known = {it.strip() for it in lines.splitlines()}
    return "\n".join("" if it.strip() in known else it for it in text.splitlines())


# --- the comment about claims -----------------------------------------------------------------------------


def comment(text: str) -> str:
    """Return a text as Spy's comment about claims, with a hidden mark by which Spy finds it again."""
    return f"<!-- spy:claims {_hash(text)} -->\n{text}"


def is_own_comment(text: str) -> bool:
    """Whether this is Spy's comment about claims, and nobody has edited it."""
    found = _COMMENT.match(text)
    return found is not None and _hash(found["text"]) == found["hash"]


# --- the log in comments ----------------------------------------------------------------------------------


def pages(lines: Iterable[str], *, limit: int = LIMIT) -> list[str]:
    """Split the log at line ends into texts that each fit one comment."""
    space = limit - 200
    cut: list[list[str]] = [[]]
    length = 0
    for line in (it[:space] for it in lines):
        if length + len(line) + 1 > space:
            cut.append([])
            length = 0
        cut[-1].append(line)
        length += len(line) + 1
    return [
        _page(number, f"**Full log, part {number} of {len(cut)}**\n\n" + "\n".join(them))
        for number, them in enumerate(cut, start=1)
    ]


def emptied(number: int) -> str:
    """Return the text of a log comment that is no longer needed."""
    return _page(number, "*The log needs this part no more.*")


def page_number(text: str) -> int | None:
    """Return the page number of a log comment; None if it is not one."""
    found = _PAGE.match(text)
    return int(found["number"]) if found else None


def is_edited_page(text: str) -> bool:
    found = _PAGE.match(text)
    return found is not None and _hash(found["text"]) != found["hash"]


def _page(number: int, text: str) -> str:
    return f"<!-- spy:log {number} {_hash(text)} -->\n{text}"
