"""The calls that opening an incident makes outside: where it can be hurt."""

from dataclasses import dataclass

from bot.sandbox.recorder import Exchange


@dataclass(frozen=True, kw_only=True)
class Call:
    """One outside call of opening an incident; `mark` is found in the body of the one that is meant."""

    service: str = "slack"
    method: str
    mark: str = ""

    def __str__(self) -> str:
        return " ".join((self.method, self.mark.strip('":'))).strip()

    def fits(self, exchange: Exchange) -> bool:
        return self.mark in exchange.body.decode()


CALLS = (
    Call(method="conversations.create"),
    Call(method="chat.postMessage", mark='"announcement:'),
    Call(method="chat.postMessage", mark='"card:'),
    Call(method="conversations.invite"),
    Call(method="conversations.setTopic"),
    Call(method="bookmarks.add"),
    Call(method="chat.update", mark="C0INCIDENTS"),
    Call(service="pagerduty", method="POST /incidents"),
)
