"""Programs that Spy calls, as it needs them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class WebhookCall:
    """One call. `id` is the same if it is made again, by which its receiver acts on it once."""

    webhook: str
    url: str
    id: str
    at: datetime
    body: bytes


class WebhookCaller(Protocol):
    def call(self, call: WebhookCall) -> None:
        """Sign a call and make it, without following redirects.

        Raise Unreachable if it was not accepted, Throttled if its receiver asks to wait, and Rejected if it is gone,
        or there is no secret to sign with.
        """
