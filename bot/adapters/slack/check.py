"""Check Slack for `spy check`: tokens, permissions, channels and user groups."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from slack_sdk.errors import SlackApiError
from urllib3.exceptions import HTTPError

from bot.adapters.network.clock import SystemClock
from bot.adapters.network.reasons import reason
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.rendering.mrkdwn import span
from bot.adapters.slack import home
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.failures import OPENING, failure
from bot.adapters.slack.manifest import SCOPES
from bot.adapters.slack.reading import listed, maybe, part
from bot.domain.message import Message
from bot.ports import CheckResult, Clock

OFF = timedelta(seconds=30)
NO_SLACK = "What answered is not Slack. Is SLACK_API_URL right, and no proxy or login page before it?"
NO_GROUPS: Mapping[str, str] = {}
NO_HOME = (
    "Switch it on under App Home, or paste the output of `spy manifest` into the app's App Manifest page."
)
REINSTALL = "Paste the output of `spy manifest` into the app's App Manifest page, and reinstall the app."


def results(
    client: PooledWebClient,
    *,
    app_token: str | None,
    channels: Mapping[str, str],
    user_groups: Iterable[str] = (),
    oncall_groups: Mapping[str, str] = NO_GROUPS,
    clock: Clock | None = None,
) -> Iterator[CheckResult]:
    """Yield the result of each check; a failed one says how to fix it.

    `app_token` is None if Socket Mode is not used. `channels` maps each purpose to a channel id,
    `oncall_groups` each team to its user group.
    """
    try:
        me = client.auth_test()
    except (SlackApiError, HTTPError, OSError) as error:
        yield CheckResult(what="Slack: SLACK_BOT_TOKEN", well=False, cure=_why("auth.test", error))
        if app_token is not None and isinstance(error, SlackApiError):  # the other token may be wrong as well
            yield _app_token(client, app_token)
        return
    team, user = maybe(me.data, "team"), maybe(me.data, "user")
    if not team or not user:
        yield CheckResult(what="Slack: SLACK_BOT_TOKEN", well=False, cure=NO_SLACK)
        return
    yield CheckResult(what=f"Slack: {team}, as @{user}", well=True)
    yield from _clock(me.headers, clock or SystemClock())
    yield from _permissions(_header(me.headers, "x-oauth-scopes"))
    yield from _home_tab(client, maybe(me.data, "user_id") or "")
    if app_token is not None:
        yield _app_token(client, app_token)
    for purpose, channel in channels.items():
        yield _channel(client, purpose, channel)
    for group in user_groups:
        yield _user_group(client, group)
    for team, group in oncall_groups.items():
        yield _oncall_group(client, team, group)


def _clock(headers: Mapping[str, str], clock: Clock) -> Iterator[CheckResult]:
    """Yield a failed result if this machine's clock differs from Slack's by more than 30 s."""
    slack = ServerClock(clock)
    slack.hear(headers)
    if abs(slack.ahead) > OFF:
        source = "behind" if slack.ahead > timedelta() else "ahead of"
        cure = (
            f"It is {span(abs(slack.ahead))} {source} Slack's. Let this machine follow a time server (NTP)."
        )
        yield CheckResult(what="This machine's clock", well=False, cure=cure)


def _permissions(granted: str | None) -> Iterator[CheckResult]:
    if granted is None:  # Slack always sends this header; a local stand-in may not
        return
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        yield CheckResult(what=f"Slack: missing scope {', '.join(missing)}", well=False, cure=REINSTALL)
    else:
        yield CheckResult(what="Slack: permissions", well=True)


def _home_tab(client: PooledWebClient, spy: str) -> Iterator[CheckResult]:
    """Yield whether the app has a Home tab, if Slack tells.

    It tells only who publishes one. So Spy does for its own user, whose Home nobody opens.
    """
    if not spy:
        return
    try:
        client.views_publish(user_id=spy, view=home.view(Message(text="Spy")))
    except SlackApiError as error:
        if maybe(error.response.data, "error") == "not_enabled":
            yield CheckResult(what="Slack: the Home tab is off", well=False, cure=NO_HOME)
    except (HTTPError, OSError):
        pass  # the other checks say that Slack does not answer
    else:
        yield CheckResult(what="Slack: Home tab", well=True)


def _app_token(client: PooledWebClient, app_token: str) -> CheckResult:
    try:
        client.apps_connections_open(app_token=app_token)
    except (SlackApiError, HTTPError, OSError) as error:
        return CheckResult(what="Slack: SLACK_APP_TOKEN", well=False, cure=_why(OPENING, error))
    return CheckResult(what="Slack: Socket Mode", well=True)


def _channel(client: PooledWebClient, purpose: str, channel: str) -> CheckResult:
    what = f"Slack: {purpose} {channel}"
    try:
        found = part(client.conversations_info(channel=channel).data, "channel")
    except (SlackApiError, HTTPError, OSError) as error:
        return CheckResult(what=what, well=False, cure=_why("conversations.info", error))
    name = maybe(found, "name")
    if not name:
        return CheckResult(what=what, well=False, cure=NO_SLACK)
    named = f"Slack: {purpose} #{name}"
    if found.get("is_archived"):
        return CheckResult(what=named, well=False, cure="Unarchive it, or name another channel.")
    if not found.get("is_member"):
        return CheckResult(what=named, well=False, cure=f"In #{name}, say /invite @spy.")
    return CheckResult(what=named, well=True)


def _user_group(client: PooledWebClient, group: str) -> CheckResult:
    what = f"Slack: user group {group}"
    try:
        members = listed(client.usergroups_users_list(usergroup=group).data, "users")
    except (SlackApiError, HTTPError, OSError) as error:
        return CheckResult(what=what, well=False, cure=_why("usergroups.users.list", error))
    if not members:
        return CheckResult(what=what, well=False, cure="Nobody is in it, so that it gives nobody its role.")
    return CheckResult(what=f"{what}, {len(members)} in it", well=True)


def _oncall_group(client: PooledWebClient, team: str, group: str) -> CheckResult:
    what = f"Slack: on-call user group {group} of :{team}"
    try:
        members = listed(client.usergroups_users_list(usergroup=group).data, "users")
    except (SlackApiError, HTTPError, OSError) as error:
        return CheckResult(what=what, well=False, cure=_why("usergroups.users.list", error))
    note = f"Spy replaces its members ({len(members)} now) with who is on call for :{team}."
    return CheckResult(what=what, well=True, notes=(note,))


def _why(method: str, error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return str(failure(method, error.response.status_code, error.response.data))
    return f"Slack did not answer: {reason(error)}. Look at SLACK_API_URL, the network and the proxy."


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)
