"""The sentences of a Markdown text that may state something Spy knows. Code, quotes and tasks are left out."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

LONGEST = 400
"""Characters of a sentence that is read. A longer one is left alone."""
MOST = 200
"""How many sentences of one text are read."""
MASK = "\ue000"
"""Stands for each character of a quotation or of code."""

TELLING = re.compile(
    r"\b(?:declar|opened|paged|page\b|acknowledg|ack'?e?d|acks|answered|picked up|update\b|command|led\b|sev|severity|"
    r"mitigat|resol|closed|ended|over\b|began|started|lasted|open for|took\b|detect|outage|fail(?:ed )?over|reopen"
    r"|IC\b|inc-)",
    re.IGNORECASE,
)
"""Words without which a sentence states nothing that Spy knows."""
_IT = re.compile(r" It (?:(?:was|had been|has been) \w+ed\b|lasted\b|ended\b)")
"""How a sentence begins whose subject is in the one before it."""
_BLANK = re.compile(r"(?:\r?\n){3,}")
_TASK = re.compile(r"[-*+] \[[ xX]\]")
_LEADING = re.compile(r"(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+)")
_LOGGED = re.compile(
    r"(?:[-*] )?(?:\[\d\d:\d\d\]\([^()\s]{0,300}\)|\d\d:\d\d)\s+"
    r"\*?(?:Note|Update|Told|Impact|Suspected cause|Link|Follow-up)\b"
)
"""A line of Spy's timeline that repeats what somebody wrote at that time."""
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\s]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\([^()\s]{0,500}\)")
_TAG = re.compile(r"<(?!@)/?[a-zA-Z][^<>\n]{0,200}>")
_ADDRESS = re.compile(r"https?://[^\s<>|]{1,500}")
_ESCAPED = re.compile(r"\\([^\w\s])")
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\ue000]")
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)|~~[^~\n]{0,400}~~")
_QUOTED = re.compile(
    r"`+[^`\n]*`*|\"[^\"\n]*\"?|“[^“”\n]*”?|«[^«»\n]*»?|‘[^‘’\n]*’(?!\w)|(?<!\w)'[^'\n]*'(?!\w)"  # noqa: RUF001
)
_END = re.compile(
    r"(?<!\bapprox)(?<!\bca)(?<!\b[ap]\.m)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<![.!?])[.!?]+(?=\s+(?![a-z])|$)"
)
_UNENDED = re.compile(
    r".*(?:[,;-]|\b(?:at|by|until|from|to|and|or|about|around|before|after|the|a|an|was|in|of|for|on))$"
)


def sentences(markdown: str) -> list[str]:
    """Return the sentences that may state something known, as people read them.

    One that speaks of *It* comes with the one before it.
    """
    found: list[str] = []
    for line in _lines(markdown):
        if TELLING.search(line):
            found += _split(line)
        if len(found) >= MOST:
            break
    return found[:MOST]


def masked(sentence: str) -> str:
    """Return a sentence of the same length, in which quotations and code can't be read."""
    return _QUOTED.sub(lambda it: MASK * len(it[0]), sentence)


def _split(line: str) -> Iterator[str]:
    text = _plain(line)
    hidden = masked(text)
    ends = [*(it.end() for it in _END.finditer(hidden)), len(text)]
    start, before = 0, None
    for end, following in zip(ends, [*ends[1:], 0], strict=True):
        if TELLING.search(hidden, start, end):
            begin = start if before is None else before
            if _IT.match(text, end) and following - begin <= LONGEST:
                before = begin
            else:
                before = None
                if end - begin <= LONGEST:
                    yield text[begin:end].strip()
        elif before is not None:
            yield text[before:start].strip()
            before = None
        start = end


def _plain(line: str) -> str:
    text = _TAG.sub(" ", _ADDRESS.sub("", _LINK.sub(r"\1", _IMAGE.sub("", line))))
    text = _EMPHASIS.sub("", _ESCAPED.sub(r"\1", _UNSEEN.sub("", unescape(text))))
    return " ".join(text.split())


def _lines(markdown: str) -> Iterator[str]:
    """Yield paragraphs and items of lists, each on one line."""
    joined: list[str] = []
    text = _BLANK.sub("\n\n", _without_comments(markdown))
    for line in (*_prose(text.splitlines()), ""):
        text = line.strip()
        mark = _LEADING.match(text)
        if joined and (not text or mark or not _goes_on(joined[-1], text)):
            yield " ".join(joined)
            joined = []
        if text:
            joined.append(text[mark.end() if mark else 0 :])
    if joined:
        yield " ".join(joined)


def _goes_on(before: str, line: str) -> bool:
    """Whether a line continues a sentence: people may wrap their lines, and may also write one event a line."""
    if before.endswith((".", "!", "?", ":")):
        return False
    return line[:1].islower() or _UNENDED.match(before[-40:]) is not None


def _prose(lines: Iterable[str]) -> Iterator[str]:
    """Leave out code, quotations and tasks. What is left out ends a paragraph."""
    fence = ""
    for line in lines:
        text = line.lstrip()
        mark = next((it for it in ("```", "~~~", "<pre", "<blockquote") if text.startswith(it)), "")
        if fence:
            closes = text.startswith(fence) if fence[0] != "<" else f"</{fence[1:]}" in text
            fence = "" if closes else fence
        elif mark:
            closed = f"</{mark[1:]}" in text if mark[0] == "<" else False
            fence = "" if closed else mark
        elif text.startswith("|"):
            yield _row(text)
        elif not (text.startswith(">") or _TASK.match(text) or _LOGGED.match(text) or _is_code(line)):
            yield line
            continue
        yield ""


def _row(text: str) -> str:
    """Return a row of a table of two columns as an item of a list: *12:03: page acknowledged*. Others are left out."""
    cells = [it.strip() for it in text.strip().strip("|").split("|")]
    return f"- {cells[0]}: {cells[1]}" if len(cells) == 2 and all(cells) else ""  # noqa: PLR2004  a name, a value


def _is_code(line: str) -> bool:
    return line.startswith(("    ", "\t")) and not _LEADING.match(line.lstrip())


def _without_comments(text: str) -> str:
    first, *others = text.split("<!--")
    return first + "".join(it.partition("-->")[2] for it in others)
