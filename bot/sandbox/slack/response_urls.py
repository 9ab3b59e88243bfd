"""The response_url: five answers in half an hour, without a token."""

import json
from typing import Any

from bot.sandbox.server.server import HttpRequest, HttpResponse
from bot.sandbox.slack import blocks
from bot.sandbox.slack.call import SlackError
from bot.sandbox.slack.chat import LONGEST_TEXT
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.triggers import ResponseUrl, Triggers
from bot.sandbox.slack.world import BOT_USER, Json, SlackMessage


class ResponseUrls:
    def __init__(self, state: WorkspaceState, triggers: Triggers) -> None:
        self._state = state
        self._triggers = triggers

    def answer(self, request: HttpRequest) -> HttpResponse:
        url = self._triggers.spend(request.path.rpartition("/")[2])
        if isinstance(url, str):
            return _refused(url, 404)
        try:
            body: Any = json.loads(request.body or b"{}")
        except ValueError:
            return _refused("invalid_payload", 500)
        try:
            self.respond(url, body)
        except SlackError as error:
            return _refused(error.error, 500)
        return HttpResponse(body=b"ok", content_type="text/html")

    def respond(self, url: ResponseUrl, body: Json) -> SlackMessage | None:
        """Apply an answer, or the body of an acknowledgement."""
        if url.channel not in self._state.channels:
            raise SlackError("channel_not_found")
        message = self._acted_on(url)
        if body.get("delete_original"):
            self._delete(message)
            return None
        text = str(body.get("text") or "")
        if not text and not body.get("blocks"):
            raise SlackError("no_text")
        if len(text) > LONGEST_TEXT:
            raise SlackError("msg_too_long")
        its_blocks = blocks.sound_message(body["blocks"]) if body.get("blocks") else None
        if body.get("replace_original") and message is not None:
            self._replace(message, text, its_blocks)
            return message
        return self._add(url, body, text, its_blocks)

    def _add(self, url: ResponseUrl, body: Json, text: str, its_blocks: list[Json] | None) -> SlackMessage:
        channel = self._state.channels[url.channel]
        thread_ts = body.get("thread_ts") or url.thread_ts
        if body.get("response_type") != "in_channel":
            return self._state.post_ephemeral(
                channel, url.person, text, blocks=its_blocks, thread_ts=thread_ts
            )
        return self._state.post(
            channel, BOT_USER, text, blocks=its_blocks, thread_ts=thread_ts, subtype="bot_message"
        )

    def _replace(self, message: SlackMessage, text: str, its_blocks: list[Json] | None) -> None:
        if message.ephemeral_to:
            self._state.edit_ephemeral(message, text, its_blocks)
        else:
            self._state.edit(self._state.channels[message.channel], message, text, its_blocks)

    def _delete(self, message: SlackMessage | None) -> None:
        if message is None:
            return
        if message.ephemeral_to:
            self._state.delete_ephemeral(message)
        else:
            self._state.delete(self._state.channels[message.channel], message)

    def _acted_on(self, url: ResponseUrl) -> SlackMessage | None:
        """Return the message that was acted on. None after a slash command, whose answer can't be replaced."""
        if url.ts is None:
            return None
        ephemeral = self._state.ephemerals.get(url.ts)
        return ephemeral or self._state.channels[url.channel].messages.get(url.ts)


def _refused(error: str, status: int) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"ok": False, "error": error}).encode())
