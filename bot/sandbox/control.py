"""The box's own endpoints, under /box/, for a benchmark that runs in another process."""

import json

from bot.sandbox.recorder import Exchange, Recorder
from bot.sandbox.server.server import HttpRequest, HttpResponse
from bot.sandbox.slack import shapes
from bot.sandbox.slack.call import Args, SlackError
from bot.sandbox.slack.workspace import Workspace


class Control:
    def __init__(self, *, recorder: Recorder, workspace: Workspace) -> None:
        self._recorder = recorder
        self._workspace = workspace

    def answer(self, request: HttpRequest) -> HttpResponse:
        match request.verb, request.path:
            case "POST", "/box/reset":
                self._recorder.exchanges.clear()
                return _json({"ok": True})
            case "GET", "/box/exchanges":
                return _json([e.summary() | {"channel": _channel(e)} for e in list(self._recorder.exchanges)])
            case "GET", "/box/messages":
                return _json(self._messages())
        return HttpResponse(status=404, body=b"nothing here", content_type="text/plain")

    def _messages(self) -> list[object]:
        return [
            shapes.message(message) | {"channel": channel.id, "channel_name": channel.name}
            for channel in self._workspace.channels
            for message in self._workspace.messages(channel.id)
        ]


def _channel(exchange: Exchange) -> str:
    """Return the channel of a call, in whichever form its arguments came."""
    request = HttpRequest(
        verb="POST",
        path=exchange.path,
        query=exchange.path.partition("?")[2],
        headers={"content-type": exchange.content_type},
        body=exchange.body,
        connection=exchange.connection,
    )
    try:
        args = Args.of(request)
    except (SlackError, UnicodeDecodeError):
        return ""
    return args.text("channel") or args.text("channel_id")


def _json(body: object) -> HttpResponse:
    return HttpResponse(body=json.dumps(body).encode())
