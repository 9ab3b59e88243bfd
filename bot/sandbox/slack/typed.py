"""Converts typed text as Slack does: names become ids, hosts and mail addresses become links."""

import re
from collections.abc import Mapping

from bot.sandbox.slack.emoji import BY_NAME
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import BOT_USER

COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg
ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi
gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw
ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng
ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn
so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws
ye yt za zm zw
"""
TOP_LEVELS = frozenset(COUNTRIES.split()) | {
    *(
        "com",
        "net",
        "org",
        "edu",
        "gov",
        "mil",
        "int",
        "info",
        "biz",
        "name",
        "aero",
        "mobi",
        "jobs",
        "travel",
    ),
    *(
        "dev",
        "app",
        "cloud",
        "page",
        "site",
        "online",
        "tech",
        "shop",
        "store",
        "blog",
        "team",
        "session",
        "zone",
        "xyz",
    ),
}
"""Endings of bare hosts that Slack turns into links. `api.internal` and `node.js` stay text."""

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HOST = rf"(?:{LABEL}\.){{1,10}}[a-zA-Z]{{2,10}}"
REST = r"(?::\d{1,5})?(?:[/?#][^\s<>\"|`]*)?"
TYPED = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)"
    r"|(?P<url>https?://[^\s<>\"|`]+)"
    rf"|(?<![\w.@+-])(?P<mail>[\w.+-]{{1,64}}@{HOST})(?![\w-])"
    rf"|(?<![\w@./-])(?P<host>{HOST}{REST})(?![\w-])"
    r"|(?<![\w@])@(?P<person>[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?)"
    r"|(?<![\w#&])#(?P<channel>[a-z0-9][a-z0-9_-]*)",
    re.DOTALL,
)
ENDS = re.compile(r"\.([a-zA-Z]{2,10})(?=[:/?#]|$)")
SENTENCE = ".,;:!?)'*_~"
"""Characters after an address that belong to the sentence."""
ALL = ("here", "channel", "everyone")
EMOJI: Mapping[str, str] = {character: f":{name}:" for name, character in BY_NAME.items()}
FACES = re.compile("|".join(map(re.escape, sorted(EMOJI, key=len, reverse=True))))


def in_message(state: WorkspaceState, text: str) -> str:
    """Convert the text of a message: & < > are escaped, people and groups become ids."""
    return TypedText(state, with_names=False).read(text)


def in_command(state: WorkspaceState, text: str) -> str:
    """Convert the text of a command with `should_escape`: ids come with names."""
    return TypedText(state, with_names=True).read(text)


class TypedText:
    def __init__(self, state: WorkspaceState, *, with_names: bool) -> None:
        self._state = state
        self._with_names = with_names

    def read(self, text: str) -> str:
        read, at = list[str](), 0
        for match in TYPED.finditer(text):
            read += [_words(text[at : match.start()]), self._one(match)]
            at = match.end()
        return "".join([*read, _words(text[at:])])

    def _one(self, match: re.Match[str]) -> str:
        found, kind = match[0], match.lastgroup
        if kind == "person":
            return self._somebody(match["person"]) or found
        if kind == "channel":
            return self._channel(match["channel"]) or found
        if kind == "code":
            return _escaped(found)
        address = found.rstrip(SENTENCE)
        return _link(str(kind), address) + _words(found.removeprefix(address))

    def _somebody(self, name: str) -> str | None:
        if name in ALL:
            return f"<!{name}>"
        if person := self._state.person(name):
            return f"<@{person.id}|{person.name}>" if self._with_names else f"<@{person.id}>"
        group = next((id_ for id_, (called, _) in self._state.usergroups.items() if called == name), None)
        label = f"|@{name}" if self._with_names else ""
        return f"<!subteam^{group}{label}>" if group else None

    def _channel(self, name: str) -> str | None:
        """Convert a channel. The name of a private one is hidden from an app outside it."""
        found = self._state.channel(name)
        if found is None or found.is_im:
            return None
        is_known = not found.is_private or BOT_USER in found.members
        return f"<#{found.id}|{found.name if is_known else ''}>"


def _link(kind: str, address: str) -> str:
    safe, ends = _escaped(address), ENDS.search(address)
    if kind == "url":
        return f"<{safe}>"
    if ends is None or ends[1].lower() not in TOP_LEVELS:
        return safe
    return f"<mailto:{safe}|{safe}>" if kind == "mail" else f"<http://{safe}|{safe}>"


def _words(text: str) -> str:
    return FACES.sub(lambda face: EMOJI[face[0]], _escaped(text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
