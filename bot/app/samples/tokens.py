"""Sample facts for messages about tokens."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.app.samples.world import NOON, NOW
from bot.domain.api_token import ApiToken, Scope

Facts = dict[str, Any]
TOKEN = ApiToken(digest="0" * 64, name="deploy tool", scope=Scope.SAY, person="U0ANA", made_at=NOON)
TOKENS = (TOKEN, replace(TOKEN, name="portal & <b>co</b>", person="U0RAJ", ends_at=NOW, used_at=NOON))
CASES: dict[str, Sequence[Facts]] = {
    "token/made": [{"token": it, "secret": "spy_shown-once"} for it in TOKENS],
    "token/list": [{"tokens": it, "reader": "U0ANA"} for it in ((), TOKENS)],
    "token/revoked": [{"token": it} for it in TOKENS],
}
