"""What every Chat must do, whoever it is: the fake passes it, and so does Slack."""

from datetime import datetime, timedelta

import pytest

from bot.domain.message import Button, Buttons, Header, Message, Section
from bot.ports import Chat, Form, FormField, Posted, Rejected

HELLO = Message(text="Hello <@U0ANA>", parts=(Header("Hello"), Section("Hello <@U0ANA>")))
BYE = Message(text="Bye")


class ChatContract:
    """Subclasses give the fixture `chat` and the methods at the end.

    In it are people U0ANA and U0RAJ, both in user group S0SRE, a guest U0ZOE, channel C0PAY, and C0SECRET without Spy.
    """

    def recent(self) -> datetime:
        return self.now() - timedelta(seconds=5)

    def text_at(self, chat: Chat, posted: Posted) -> str:
        return chat.read(posted.channel, posted.ts).text

    def test_a_channel_is_opened_and_found_again(self, chat: Chat):
        since = self.recent()

        channel = chat.create_channel("inc-1-checkout", private=False)

        assert chat.find_channel("inc-1-checkout", private=False, since=since) == channel

    def test_a_private_channel_is_not_taken_for_a_public_one(self, chat: Chat):
        since = self.recent()

        channel = chat.create_channel("inc-2-secret", private=True)

        assert chat.find_channel("inc-2-secret", private=True, since=since) == channel
        assert chat.find_channel("inc-2-secret", private=False, since=since) is None

    def test_a_name_is_given_once(self, chat: Chat):
        chat.create_channel("inc-3-again", private=False)

        with pytest.raises(Rejected) as refusal:
            chat.create_channel("inc-3-again", private=False)

        assert refusal.value.code == "name_taken"

    def test_a_channel_of_somebody_elses_is_never_found(self, chat: Chat):
        assert chat.find_channel("payments", private=False, since=self.recent()) is None
        assert chat.find_channel("security", private=True, since=self.recent()) is None

    def test_a_channel_that_is_not_there_is_not_found(self, chat: Chat):
        assert chat.find_channel("inc-5-nothing", private=False, since=self.recent()) is None

    def test_who_is_in_already_may_be_invited_again(self, chat: Chat):
        channel = chat.create_channel("inc-6-people", private=False)

        chat.invite(channel, ["U0ANA"])
        chat.invite(channel, ["U0ANA", "U0RAJ"])
        chat.invite(channel, ["U0ANA", "U0RAJ"])

    def test_a_stranger_keeps_nobody_out(self, chat: Chat):
        channel = chat.create_channel("inc-7-strangers", private=False)

        with pytest.raises(Rejected, match="U0NOBODY"):
            chat.invite(channel, ["U0ANA", "U0NOBODY", "U0RAJ"])

        assert self.people_in(channel) >= {"U0ANA", "U0RAJ"}

    def test_what_is_posted_is_found_by_its_key(self, chat: Chat):
        since = self.recent()

        posted = chat.post("C0PAY", HELLO, key="card:1")
        chat.post("C0PAY", BYE, key="card:2")

        assert chat.find_post("C0PAY", key="card:1", since=since) == posted
        assert chat.find_post("C0PAY", key="card:3", since=since) is None

    def test_a_reply_is_found_in_its_thread(self, chat: Chat):
        since = self.recent()
        parent = chat.post("C0PAY", HELLO, key="card:1")

        reply = chat.post("C0PAY", BYE, key="line:1", thread=parent.ts)

        assert chat.find_post("C0PAY", key="line:1", since=since, thread=parent.ts) == reply

    def test_a_person_is_written_to_by_dm(self, chat: Chat):
        since = self.recent()

        posted = chat.post("U0ANA", HELLO, key="brief:1")

        assert posted.channel.startswith("D")
        assert chat.find_post("U0ANA", key="brief:1", since=since) == posted

    def test_a_message_is_edited_in_place(self, chat: Chat):
        posted = chat.post("C0PAY", HELLO, key="card:1")

        chat.edit(posted, BYE)

        assert self.text_at(chat, posted) == "Bye"

    def test_a_message_that_is_gone_is_not_edited(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.edit(Posted(channel="C0PAY", ts="1.000001"), BYE)

        assert refusal.value.code == "message_not_found"

    def test_a_message_in_a_thread_can_be_read(self, chat: Chat):
        parent = chat.post("C0PAY", HELLO, key="card:1")
        reply = chat.post("C0PAY", BYE, key="line:1", thread=parent.ts)

        assert self.text_at(chat, reply) == "Bye"

    def test_a_message_that_never_was_cannot_be_read(self, chat: Chat):
        with pytest.raises(Rejected):
            chat.read("C0PAY", "1.000001")

    def test_a_message_has_an_address(self, chat: Chat):
        posted = chat.post("C0PAY", HELLO, key="card:1")

        assert posted.permalink == chat.permalink("C0PAY", posted.ts)
        assert chat.permalink("C0PAY") == "https://acme.slack.com/archives/C0PAY"

    def test_a_bookmark_is_found_by_its_address(self, chat: Chat):
        chat.bookmark("C0PAY", "Home", "https://example.com/?a=1&b=2")

        assert chat.has_bookmark("C0PAY", "https://example.com/?a=1&b=2")
        assert not chat.has_bookmark("C0PAY", "https://example.com/")

    def test_a_channel_that_is_archived_twice_is_archived(self, chat: Chat):
        channel = chat.create_channel("inc-9-over", private=False)

        chat.archive(channel)
        chat.archive(channel)

        with pytest.raises(Rejected):
            chat.post(channel, HELLO, key="card:9")

    def test_a_topic_of_any_length_is_set(self, chat: Chat):
        chat.set_topic("C0PAY", "checkout is down & " * 50)

    def test_a_channel_without_spy_takes_no_post(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.post("C0SECRET", HELLO, key="card:1")

        assert refusal.value.code in {"not_in_channel", "channel_not_found"}

    def test_a_whisper_reaches_who_is_there(self, chat: Chat):
        chat.post_ephemeral("C0PAY", "U0ANA", HELLO)

    def test_a_message_with_buttons_is_taken(self, chat: Chat):
        buttons = Buttons(
            (Button(label="Take", say="incident 1 take"), Button(label="See", url="https://x.com"))
        )

        assert chat.post("C0PAY", Message(text="hi", parts=(buttons,)), key="card:1").ts

    def test_a_form_of_every_kind_is_opened(self, chat: Chat):
        kinds = [
            FormField(name="a", label="A", kind="line", initial="x"),
            FormField(name="b", label="B", kind="text", optional=True, hint="long"),
            FormField(
                name="c", label="C", kind="choice", options=(("s1", "sev1"), ("s2", "sev2")), initial="s2"
            ),
            FormField(name="d", label="D", kind="person", initial="<@U0ANA>"),
            FormField(name="e", label="E", kind="tick", initial="yes"),
        ]
        form = Form(
            title="Open an incident, whatever it is", submit="Open", fields=tuple(kinds), intro="*Hm.*"
        )

        chat.open_form(self.trigger(), form, memory={"command": "incident me"})

    def test_a_home_tab_is_published_and_replaced(self, chat: Chat):
        button = Buttons((Button(label="Open an incident", say="incident me"),))
        first = chat.publish_home("U0ANA", Message(text="Hello", parts=(*HELLO.parts, button)))

        second = chat.publish_home("U0ANA", BYE, replaces=first)

        assert first
        assert first != second
        assert self.home_of("U0ANA") == "Bye"

    def test_another_state_of_a_home_tab_is_not_replaced(self, chat: Chat):
        first = chat.publish_home("U0ANA", HELLO)
        chat.publish_home("U0ANA", BYE)

        with pytest.raises(Rejected) as refusal:
            chat.publish_home("U0ANA", HELLO, replaces=first)

        assert refusal.value.code == "hash_conflict"
        assert self.home_of("U0ANA") == "Bye"

    def test_a_stranger_has_no_home_tab(self, chat: Chat):
        with pytest.raises(Rejected):
            chat.publish_home("U0NOBODY", HELLO)

    def test_a_person_has_a_name_a_zone_and_an_address(self, chat: Chat):
        profile = chat.profile("U0ANA")

        assert (profile.name, profile.email, profile.zone) == ("ana", "ana@example.com", "Europe/Lisbon")

    def test_a_stranger_has_no_profile(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.profile("U0NOBODY")

        assert refusal.value.code == "user_not_found"

    def test_a_person_is_found_by_their_address(self, chat: Chat):
        found = chat.find_by_email("Ana@example.com")

        assert found
        assert (found.id, found.name, found.zone) == ("U0ANA", "ana", "Europe/Lisbon")

    def test_an_address_that_is_nobodys_is_not_found(self, chat: Chat):
        assert chat.find_by_email("nobody@example.com") is None

    def test_a_guest_is_told_from_a_member(self, chat: Chat):
        found = chat.find_by_email("zoe@example.com")

        assert chat.profile("U0ZOE").is_guest
        assert not chat.profile("U0ANA").is_guest
        assert found
        assert found.is_guest

    def test_a_channel_has_its_members(self, chat: Chat):
        channel = chat.create_channel("inc-77-members", private=True)
        chat.invite(channel, ["U0ANA", "U0RAJ"])

        assert set(chat.channel_members(channel)) == {"U0ANA", "U0RAJ"}

    def test_a_channel_out_of_reach_shows_no_members(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.channel_members("C0NOWHERE")

        assert refusal.value.code == "channel_not_found"

    def test_the_history_has_what_people_said_and_not_what_spy_said(self, chat: Chat):
        chat.post("C0PAY", HELLO, key="card:1")
        first = self.says("C0PAY", "U0ANA", "it is <https://a.example|slow>")
        last = self.says("C0PAY", "U0RAJ", "mended &amp; done")

        page = chat.history("C0PAY", after=f"{float(first) - 1:.6f}", before=f"{float(last) + 1:.6f}")

        assert [(it.ts, it.person, it.text) for it in page.messages] == [
            (first, "U0ANA", "it is <https://a.example|slow>"),
            (last, "U0RAJ", "mended &amp; done"),
        ]
        assert page.messages[0].permalink == chat.permalink("C0PAY", first)
        assert page.before is None

    def test_the_history_is_of_its_time_only(self, chat: Chat):
        first = self.says("C0PAY", "U0ANA", "one")
        middle = self.says("C0PAY", "U0ANA", "two")
        last = self.says("C0PAY", "U0ANA", "three")

        page = chat.history("C0PAY", after=first, before=last)

        assert [it.ts for it in page.messages] == [middle]

    def test_a_long_history_is_read_from_its_end_page_by_page(self, chat: Chat):
        said = [self.says("C0PAY", "U0ANA", f"message {number}") for number in range(450)]
        before, found, pages = f"{float(said[-1]) + 1:.6f}", list[str](), 0

        while before and pages < 10:
            page = chat.history("C0PAY", after=f"{float(said[0]) - 1:.6f}", before=before)
            found = [*(it.ts for it in page.messages), *found]
            before, pages = page.before or "", pages + 1

        assert found == said
        assert pages > 1

    def test_a_thread_is_read_from_its_beginning_page_by_page(self, chat: Chat):
        root = self.says("C0PAY", "U0ANA", "is it slow?")
        said = [self.says("C0PAY", "U0RAJ", f"reply {number}", thread=root) for number in range(450)]
        after, before = f"{float(root) - 1:.6f}", f"{float(said[-1]) + 1:.6f}"
        found, cursor, pages = list[str](), None, 0

        while (cursor or not pages) and pages < 10:
            page = chat.replies("C0PAY", root, after=after, before=before, cursor=cursor)
            found, cursor, pages = [*found, *(it.ts for it in page.messages)], page.cursor, pages + 1

        assert list(chat.history("C0PAY", after=after, before=before).threads) == [root]
        assert found == said
        assert pages > 1
        assert root in str(page.messages[0].permalink)

    def test_replies_are_of_their_time_only(self, chat: Chat):
        root = self.says("C0PAY", "U0ANA", "is it slow?")
        first, middle, last = (self.says("C0PAY", "U0RAJ", it, thread=root) for it in ("one", "two", "three"))

        page = chat.replies("C0PAY", root, after=first, before=last)

        assert [it.ts for it in page.messages] == [middle]

    def test_a_channel_without_spy_has_no_history_for_it(self, chat: Chat):
        with pytest.raises(Rejected):
            chat.history("C0SECRET", after="1.000000", before="9999999999.000000")

    def test_a_user_group_has_its_members(self, chat: Chat):
        assert set(chat.group_members("S0SRE")) == {"U0ANA", "U0RAJ"}

    def test_a_user_group_that_is_not_there_has_none(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.group_members("S0NOBODY")

        assert refusal.value.code == "no_such_subteam"

    def test_a_user_group_gets_other_members(self, chat: Chat):
        chat.set_group_members("S0SRE", ["U0KIM"])

        assert set(chat.group_members("S0SRE")) == {"U0KIM"}

    def test_a_user_group_is_never_emptied(self, chat: Chat):
        with pytest.raises(Rejected):
            chat.set_group_members("S0SRE", [])

        assert set(chat.group_members("S0SRE")) == {"U0ANA", "U0RAJ"}

    def test_a_user_group_that_is_not_there_gets_no_members(self, chat: Chat):
        with pytest.raises(Rejected) as refusal:
            chat.set_group_members("S0NOBODY", ["U0KIM"])

        assert refusal.value.code == "no_such_subteam"

    # --- what only the one who made the chat can see ------------------------------------------------------

    def now(self) -> datetime:
        raise NotImplementedError

    def says(self, channel: str, person: str, text: str, *, thread: str | None = None) -> str:
        raise NotImplementedError

    def people_in(self, channel: str) -> set[str]:
        raise NotImplementedError

    def trigger(self) -> str:
        raise NotImplementedError

    def home_of(self, person: str) -> str:
        raise NotImplementedError
