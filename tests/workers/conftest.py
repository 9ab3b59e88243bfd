"""A GitHub in a box, and the handlers that deliver to it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.adapters.github.tracker import GitHub
from bot.adapters.rendering.templates import JinjaTemplates
from bot.sandbox.box import Box
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.folders import TEMPLATES


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def handler(box: Box) -> Iterator[Handlers]:
    environment = box.environment()
    github = GitHub(
        environment["GITHUB_TOKEN"], url=environment["GITHUB_API_URL"], timeout=timedelta(seconds=10)
    )
    templates = JinjaTemplates([TEMPLATES])
    yield Handlers(Clients(templates=templates, chat=FakeChat(), open_tracker=lambda: github))
    github.close()
