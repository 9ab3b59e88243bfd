"""Asks every part whether it works, each within a time limit."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread

PATIENCE = 2.0
"""Seconds that a part has to answer."""
Check = Callable[[], str]
"""Returns "" if all is well, otherwise what is wrong, in a few words. It may block, and may raise."""


async def examine(checks: Mapping[str, Check], *, patience: float) -> Mapping[str, str]:
    """Run all checks side by side. Return failures by name. A part without an answer after `patience` seconds hangs."""
    words = await asyncio.gather(*(_ask(check, patience) for check in checks.values()))
    return dict(zip(checks, words, strict=True))


def examined(checks: Mapping[str, Check]) -> Mapping[str, str]:
    """Run all checks from a thread that has no event loop."""
    return asyncio.run(examine(checks, patience=PATIENCE))


async def _ask(check: Check, patience: float) -> str:
    """Run a check in its own daemon thread. One that hangs delays neither the others nor the exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def tell(words: str) -> None:
        if not answer.done():
            answer.set_result(words)

    def run() -> None:
        words = _outcome(check)
        if not loop.is_closed():
            loop.call_soon_threadsafe(partial(tell, words))

    Thread(target=run, name="readiness", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, patience)
    except TimeoutError:
        return f"no answer in {patience:g} s"


def _outcome(check: Check) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  whatever it is, the part is not ready; its text may hold secrets
        return f"failed with {type(error).__name__}"
