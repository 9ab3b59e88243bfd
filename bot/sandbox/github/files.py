"""Branches, files and pull requests, as far as proposing a document needs them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NoReturn

from bot.sandbox.github.shapes import GitHubJson, GitHubPull
from bot.sandbox.server.rest import JSON, ApiCall, ApiResponse, RefusedError, Route

MAIN = "main"
DOCS = "https://docs.github.com/rest"
CREATED, NOT_FOUND, CONFLICT, UNPROCESSABLE = 201, 404, 409, 422


class GitHubFiles:
    """Each branch's files by path. Tests read and change `branches`."""

    def __init__(
        self, shapes: GitHubJson, *, clock: Callable[[], datetime], numbers: Iterator[int], author: str
    ) -> None:
        self.branches: dict[str, dict[str, str]] = {MAIN: {"README.md": "# Postmortems\n"}}
        self.pulls: dict[int, GitHubPull] = {}
        self._shapes = shapes
        self._clock = clock
        self._numbers = numbers
        self._author = author

    def routes(self) -> list[Route]:
        return [
            ("GET", "/git/ref/heads/{branch+}", self.show_branch),
            ("POST", "/git/refs", self.create_branch),
            ("PATCH", "/git/refs/heads/{branch+}", self.move_branch),
            ("GET", "/contents/{path+}", self.show_file),
            ("PUT", "/contents/{path+}", self.write_file),
            ("GET", "/pulls", self.list_pulls),
            ("POST", "/pulls", self.create_pull),
        ]

    def show_branch(self, call: ApiCall) -> ApiResponse:
        branch = call.ids["branch"]
        if branch not in self.branches:
            _refuse(NOT_FOUND, "Not Found")
        return ApiResponse(body=self._shapes.ref(branch, self._tip(branch)))

    def create_branch(self, call: ApiCall) -> ApiResponse:
        branch = str(call.body.get("ref", "")).removeprefix("refs/heads/")
        if branch in self.branches:
            _refuse(UNPROCESSABLE, "Reference already exists")
        start = next((name for name in self.branches if self._tip(name) == call.body.get("sha")), None)
        if start is None:
            _refuse(UNPROCESSABLE, "Object does not exist")
        self.branches[branch] = dict(self.branches[start])
        return ApiResponse(status=CREATED, body=self._shapes.ref(branch, self._tip(branch)))

    def move_branch(self, call: ApiCall) -> ApiResponse:
        branch, given = call.ids["branch"], call.body
        start = next((name for name in self.branches if self._tip(name) == given.get("sha")), None)
        if branch not in self.branches or start is None:
            _refuse(UNPROCESSABLE, "Reference does not exist")
        if not given.get("force"):
            _refuse(UNPROCESSABLE, "Update is not a fast forward")
        self.branches[branch] = dict(self.branches[start])
        return ApiResponse(body=self._shapes.ref(branch, self._tip(branch)))

    def show_file(self, call: ApiCall) -> ApiResponse:
        branch, path = call.one("ref", MAIN), call.ids["path"]
        text = self.branches.get(branch, {}).get(path)
        if text is None:
            _refuse(NOT_FOUND, "Not Found")
        return ApiResponse(body=self._shapes.file(path, text, _sha(text), branch))

    def write_file(self, call: ApiCall) -> ApiResponse:
        """Write a file. Changing one needs its sha, so that no other change is lost."""
        given, path = call.body, call.ids["path"]
        branch = given.get("branch", MAIN)
        files = self.branches.get(branch)
        if files is None:
            _refuse(NOT_FOUND, f"Branch {branch} not found")
        if path in files and given.get("sha") != _sha(files[path]):
            _refuse(CONFLICT, f"{path} does not match {given.get('sha')}")
        is_new = path not in files
        files[path] = base64.b64decode(given["content"]).decode()
        commit = self._shapes.commit(self._tip(branch), given["message"], self._author, self._clock())
        file = self._shapes.file(path, files[path], _sha(files[path]), branch)
        return ApiResponse(status=CREATED if is_new else 200, body={"content": file, "commit": commit})

    def list_pulls(self, call: ApiCall) -> ApiResponse:
        state, head = call.one("state", "open"), call.one("head").partition(":")[2]
        found = [
            self._shapes.pull(pull, self._tip(pull.head))
            for pull in self.pulls.values()
            if state in ("all", pull.state) and head in ("", pull.head)
        ]
        return ApiResponse(body=found)

    def create_pull(self, call: ApiCall) -> ApiResponse:
        given = call.body
        head, base = given.get("head", ""), given.get("base", "")
        if head not in self.branches or base not in self.branches:
            _refuse(UNPROCESSABLE, "Validation Failed")
        if any(it.head == head and it.state == "open" for it in self.pulls.values()):
            _refuse(UNPROCESSABLE, "A pull request already exists for this branch")
        if self.branches[head] == self.branches[base]:
            _refuse(UNPROCESSABLE, f"No commits between {base} and {head}")
        pull = GitHubPull(
            number=next(self._numbers),
            title=given["title"],
            body=given.get("body") or "",
            head=head,
            base=base,
            author=self._author,
            created_at=self._clock(),
        )
        self.pulls[pull.number] = pull
        return ApiResponse(status=CREATED, body=self._shapes.opened_pull(pull, self._tip(head)))

    def merge(self, number: int) -> None:
        """Merge a pull request, as a reviewer does."""
        pull = self.pulls[number]
        self.branches[pull.base] |= self.branches[pull.head]
        pull.state = "closed"

    def _tip(self, branch: str) -> str:
        files: Mapping[str, str] = self.branches[branch]
        return _sha("".join(f"{path}\n{text}" for path, text in sorted(files.items())))


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _refuse(status: int, message: str) -> NoReturn:
    body: JSON = {"message": message, "documentation_url": DOCS, "status": str(status)}
    raise RefusedError(ApiResponse(status=status, body=body))
