"""The fake chat keeps the contract that Slack keeps."""

from datetime import UTC, datetime

import pytest

from bot.ports import Profile
from tests.contracts.chat import ChatContract
from tests.fakes.chat import FakeChat


class TestFakeChat(ChatContract):
    @pytest.fixture
    def chat(self) -> FakeChat:
        chat = FakeChat()
        chat.has_channel("C0PAY", "payments")
        chat.has_channel("C0SECRET", "security", private=True, joined=False)
        ana = Profile(name="ana", email="ana@example.com", zone="Europe/Lisbon")
        zoe = Profile(name="zoe", email="zoe@example.com", is_guest=True)
        chat.profiles = {"U0ANA": ana, "U0RAJ": Profile(name="raj"), "U0ZOE": zoe}
        chat.groups = {"S0SRE": ("U0ANA", "U0RAJ")}
        self.fake = chat
        return chat

    def now(self) -> datetime:
        return datetime.now(UTC)

    def says(self, channel: str, person: str, text: str, *, thread: str | None = None) -> str:
        return self.fake.person_says(channel, person, text, thread=thread)

    def people_in(self, channel: str) -> set[str]:
        return set(self.fake.channels[channel].people)

    def trigger(self) -> str:
        return "1.2.trigger"

    def home_of(self, person: str) -> str:
        return self.fake.homes[person][-1].text
