"""Read runbooks from folders, and read them again when their files change."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import structlog

from bot.adapters.rendering.mrkdwn import Mrkdwn, plain
from bot.adapters.runbooks import document, front
from bot.adapters.runbooks.mistakes import Misplaced, UnusableRunbook
from bot.adapters.runbooks.template import RunbookBody
from bot.domain.refusal import Choice, Refusal
from bot.domain.runbook.runbook import Reading, Runbook
from bot.domain.spelling import did_you_mean, nearest
from bot.domain.text import shortened
from bot.ports import FilledRunbook

if TYPE_CHECKING:
    from markdown_it.token import Token

ENDING = ".md.j2"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
LARGEST = 100_000
"""The most bytes of a runbook's file."""
CHANNEL = 9_000
"""The most characters of a runbook in one message. It leaves room for what Slack adds."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A file at one version (mtime in ns, size): a runbook, or its mistakes. `former` is read until a day only."""

    version: tuple[int, int]
    runbook: Runbook | None = None
    body: RunbookBody | None = None
    mistakes: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _RunbookFolder:
    files: Mapping[Path, _Read] = field(default_factory=dict)

    @property
    def mistakes(self) -> tuple[str, ...]:
        return tuple(line for it in self.files.values() for line in it.mistakes)


class FolderRunbooks:
    """The runbooks in these folders; the first folder with a name wins. Safe to use from many threads.

    `address` is the public URL of Spy's web pages; None if there are none.
    """

    def __init__(self, folders: Sequence[Path], *, address: str | None = None) -> None:
        self._folders = tuple(folders)
        self._address = address
        self._known = _RunbookFolder()
        self._lock = Lock()

    # --- reading ---

    def all(self) -> Sequence[Runbook]:
        return [runbook for runbook, _ in self._usable().values()]

    def mistakes(self) -> Sequence[str]:
        """Return one line for each mistake in a runbook: file, line, and how to fix it."""
        return self._fresh().mistakes

    def former(self) -> Sequence[str]:
        """Return one line for each command that holds more than names: file, line, and what is there."""
        return [line for it in self._fresh().files.values() for line in it.former]

    def find(self, name: str) -> Runbook:
        return self._found(name)[0]

    def read(self, runbook: Runbook, given: Mapping[str, str]) -> Reading:
        return runbook.read({name: plain(it) for name, it in given.items()})

    # --- filling in ---

    def fill(
        self, runbook: Runbook, values: Mapping[str, str], incident: Mapping[str, object] | None = None
    ) -> FilledRunbook:
        known = {name: plain(it) if isinstance(it, str) else it for name, it in (incident or {}).items()}
        tokens = self.tokens(runbook.name, values, known or None)
        blocks = [Mrkdwn(it) for it in document.blocks(tokens)]
        kept = _fitting(blocks)
        address = f"{self._address.rstrip('/')}/runbooks/{runbook.name}" if self._address else None
        query = urlencode({name: it for name, it in values.items() if it})
        return FilledRunbook(
            text=Mrkdwn("\n\n".join(blocks[:kept])),
            values={name: Mrkdwn(document.as_line(it)) for name, it in values.items()},
            left_out=len(blocks) - kept,
            url=f"{address}?{query}" if address and query else address,
        )

    def tokens(
        self, name: str, values: Mapping[str, str], incident: Mapping[str, object] | None = None
    ) -> "list[Token]":
        """Return the filled-in runbook as Markdown tokens, each value quoted. Raise Refusal if that can't be done."""
        _, body = self._found(name)
        try:
            return document.placed(body.fill(values, incident))
        except Misplaced as misplaced:
            raise body.fault(misplaced.line, misplaced.sentence) from misplaced

    # --- the folders ---

    def _found(self, name: str) -> tuple[Runbook, RunbookBody]:
        usable = self._usable()
        wanted = name.casefold().removesuffix(ENDING)
        if wanted in usable:
            return usable[wanted]
        close = nearest(wanted, usable)
        left_out = " It is left out: `runbook` says why." if self._is_left_out(wanted) else ""
        raise Refusal(
            f"There is no runbook {shortened(name)}.{did_you_mean(close)}{left_out} `runbook` lists all.",
            choices=(Choice(label=close, say=f"runbook {close}"),) if close else (),
        )

    def _is_left_out(self, name: str) -> bool:
        return any(path.name == f"{name}{ENDING}" and it.mistakes for path, it in self._known.files.items())

    def _usable(self) -> Mapping[str, tuple[Runbook, RunbookBody]]:
        usable: dict[str, tuple[Runbook, RunbookBody]] = {}
        for it in self._fresh().files.values():
            if it.runbook and it.body:
                usable.setdefault(it.runbook.name, (it.runbook, it.body))
        return usable

    def _fresh(self) -> _RunbookFolder:
        """Return the current runbooks; read each file that is new or has changed. Log each new mistake once."""
        with self._lock:
            before = self._known
            files = {path: self._at(path, before.files.get(path)) for path in self._paths()}
            self._known = _RunbookFolder(files=files)
            for line in self._known.mistakes:
                if line not in before.mistakes:
                    log.error(
                        "a runbook has a mistake; its last good version is used, if there was one", why=line
                    )
            return self._known

    def _paths(self) -> list[Path]:
        return [path for folder in self._folders for path in sorted(folder.glob(f"*{ENDING}"))]

    def _at(self, path: Path, before: _Read | None) -> _Read:
        """Return what a file holds now. If it has mistakes, the last version without one stays in use."""
        try:
            found = path.stat()
            version = (found.st_mtime_ns, found.st_size)
            if before and before.version == version:
                return before
            read = _read(path, version)
        except OSError as error:
            why = f"{path}:1: can't be read: {error.strerror}."
            read = _Read(version=(0, 0), mistakes=(why,))
        if read.mistakes and before and before.runbook:
            return replace(before, version=read.version, mistakes=read.mistakes)
        return read


def _read(path: Path, version: tuple[int, int]) -> _Read:
    text = ""
    try:
        text = _text(path, version[1])
        matter, source, first_line = front.split(text)
        runbook = front.read(_name(path), matter)
        body = RunbookBody(source, runbook, first_line=first_line, path=path)
        marked = body.rehearse()
        document.placed(marked)
    except UnusableRunbook as unusable:
        lines = tuple(f"{path}:{line}: {sentence}" for line, sentence in unusable.mistakes)
        return _Read(version=version, mistakes=lines)
    except Misplaced as misplaced:
        line = misplaced.line or _line_of(misplaced.near, text)
        return _Read(version=version, mistakes=(f"{path}:{line}: {misplaced.sentence}",))
    former = tuple(
        f"{path}:{it.line}: a command holds an expression with {it.words}."
        for it in document.expressions_in_code(marked)
    )
    return _Read(version=version, runbook=runbook, body=body, former=former)


def _text(path: Path, size: int) -> str:
    if size > LARGEST:
        raise UnusableRunbook((1, f"it has {size} bytes; a runbook has at most {LARGEST}."))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableRunbook((1, "it is no UTF-8 text. Save it as UTF-8.")) from None
    for number, line in enumerate(text.split("\n"), start=1):
        if any(letter < " " and letter != "\t" for letter in line):
            raise UnusableRunbook((number, "it has a control character. Take it out."))
    return text


def _name(path: Path) -> str:
    name = path.name.removesuffix(ENDING)
    if not NAME.fullmatch(name):
        raise UnusableRunbook(
            (1, "its file's name must be small letters, digits, - and _, such as restart-db.md.j2.")
        )
    return name


def _line_of(words: str, text: str) -> int:
    lines = text.split("\n")
    return next((number for number, line in enumerate(lines, start=1) if words and words in line), 1)


def _fitting(blocks: Sequence[str]) -> int:
    """Return how many blocks, from the first, fit into one message. No block is cut."""
    channel = CHANNEL
    for count, block in enumerate(blocks):
        channel -= len(block) + 2
        if channel < 0:
            return count
    return len(blocks)
