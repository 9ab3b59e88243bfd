"""The Slack adapter keeps the contract, over real HTTP, against the box."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.manifest import SCOPES
from bot.sandbox import Box
from tests.contracts.chat import ChatContract


class TestSlackChat(ChatContract):
    @pytest.fixture
    def box(self) -> Iterator[Box]:
        with Box(delivery="http") as box:
            yield box

    @pytest.fixture
    def chat(self, box: Box) -> Iterator[SlackChat]:
        self.box = box
        box.slack.scopes.intersection_update(SCOPES)  # what the manifest asks for is enough
        keys = box.environment()
        chat = SlackChat(PooledWebClient(keys["SLACK_BOT_TOKEN"], base_url=keys["SLACK_API_URL"]), box.clock)
        chat.identify()
        yield chat
        chat.close()

    def now(self) -> datetime:
        return self.box.clock.now()

    def test_all_members_of_a_large_channel_are_read(self, chat: SlackChat):
        channel = chat.create_channel("inc-78-crowd", private=True)
        crowd = [f"U0CROWD{number}" for number in range(450)]
        self.box.slack.channel(channel).members.update(dict.fromkeys(crowd))

        assert set(chat.channel_members(channel)) == set(crowd)

    def says(self, channel: str, person: str, text: str, *, thread: str | None = None) -> str:
        slack = self.box.slack
        return slack.state.post(slack.channel(channel), person, text, thread_ts=thread).ts

    def people_in(self, channel: str) -> set[str]:
        return set(self.box.slack.channel(channel).members)

    def trigger(self) -> str:
        return self.box.slack.triggers.trigger("U0ANA")

    def home_of(self, person: str) -> str:
        view = self.box.slack.state.homes[person]
        return self.box.slack.text_of(view)
