"""The Web API's entry: checks token, scope and limit, then runs the method. Errors are in Slack's words."""

import json

from bot.sandbox.server.server import HttpRequest, HttpResponse
from bot.sandbox.slack.call import Args, Method, SlackError
from bot.sandbox.slack.limits import RateLimits
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import APP_TOKEN, BOT_TOKEN, Json

PREFIX = "/api/"


class WebApi:
    """The entry. `scopes` are the bot token's, and can be changed. `limits` None means no limits."""

    def __init__(
        self,
        *,
        state: WorkspaceState,
        methods: dict[str, Method],
        scopes: set[str],
        limits: RateLimits | None,
    ) -> None:
        self.limits = limits
        self._state = state
        self._methods = methods
        self._scopes = scopes

    def answer(self, request: HttpRequest) -> HttpResponse:
        name = method_name(request)
        try:
            with self._state.feed.lock:
                return self._call(name, request)
        except SlackError as refused:
            return _json({"ok": False, "error": refused.error, **refused.facts})
        except UnicodeDecodeError:
            return _json({"ok": False, "error": "invalid_charset"})

    def _call(self, name: str, request: HttpRequest) -> HttpResponse:
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        args = Args.of(request)
        self._admit(method, _token(request, args))
        self._permit(method, args)
        wait = self._wait(name, method, args)
        if wait:
            after = (("retry-after", str(wait)),)
            return _json({"ok": False, "error": "ratelimited"}, status=429, headers=after)
        return _json({"ok": True} | method.run(args))

    def _admit(self, method: Method, token: str) -> None:
        if method.token == "any":
            return
        if not token:
            raise SlackError("not_authed")
        if token not in (BOT_TOKEN, APP_TOKEN):
            raise SlackError("invalid_auth")
        if token != (APP_TOKEN if method.token == "app" else BOT_TOKEN):
            raise SlackError("not_allowed_token_type")

    def _permit(self, method: Method, args: Args) -> None:
        if method.scope is None:
            return
        channel = self._state.channels.get(args.text("channel") or args.text("channel_id"))
        needed = method.scope.of(channel, asks_private=args.flag("is_private"))
        if needed not in self._scopes:
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(self._scopes)))

    def _wait(self, name: str, method: Method, args: Args) -> int:
        if self.limits is None:
            return 0
        return self.limits.wait(name, method.tier, args.text("channel") if method.is_post else None)


def method_name(request: HttpRequest) -> str:
    return request.path.removeprefix(PREFIX)


def _token(request: HttpRequest, args: Args) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else args.text("token")


def _json(body: Json, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return HttpResponse(status=status, body=encoded, headers=headers)
