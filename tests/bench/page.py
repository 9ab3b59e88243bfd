"""The measure of the box's page: how soon a channel of 1,000 messages is there to be read."""

from collections.abc import Iterator

from bot.sandbox import Box
from bot.sandbox.page import SandboxPage
from tests.bench.measures import Effort, PostEvent, median
from tests.bench.table import Row
from tests.support.browser import WIDE, chromium, opened

MESSAGES, ROUNDS = 1_000, 7
PAINTED = """() => new Promise(told => new PerformanceObserver(seen => {
  for (const it of seen.getEntriesByName("first-contentful-paint")) told(it.startTime);
}).observe({type: "paint", buffered: true}))"""


def page(effort: Effort, say: PostEvent) -> Iterator[Row]:
    """Open the channel anew, each time in a context of its own; without a browser there is nothing to measure."""
    del effort
    if chromium() is None:
        return
    with Box() as box, opened() as browser:
        served = SandboxPage(box)
        channel = box.slack.channel("imoc")
        for number in range(MESSAGES):
            box.slack.state.post(channel, "U0KIM", f"message {number} of *many*")
        painted = []
        for at in range(ROUNDS):
            say("painting", at / ROUNDS)
            context = browser.new_context(viewport=WIDE)
            seen = context.new_page()
            seen.goto(f"{box.url}/?in={channel.id}&as=ana", wait_until="commit")
            painted.append(float(seen.evaluate(PAINTED)))
            context.close()
        served.close()
    yield Row(what="page, 1,000 messages: first paint", spy=median(painted[1:]), unit="ms", limit=1_000)
