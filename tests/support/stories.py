"""Three incidents as they were lived through; `python -m tests.support.stories` writes their golden files."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain.policy import PostmortemSettings
from bot.domain.postmortem.document import Document
from bot.domain.postmortem.follow_up import Filed
from bot.ports import PagerNews, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.postmortem.documents import Documents
from bot.testing import POLICY, FrozenClock, SpyKit
from tests.support.folders import PLUGINS, TESTS
from tests.support.templates import shipped

GOLDEN = TESTS / "postmortem" / "golden"
CHANNEL = "C0ROOM"
ANA, RAJ, KIM = "U0ANA", "U0RAJ", "U0KIM"


class Story:
    """A channel in which people say things, each so many minutes after the last."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.templates = shipped(self.clock)
        policy = replace(POLICY, postmortem_settings=PostmortemSettings(repository="acme/postmortems"))
        self.spy = SpyKit(PLUGINS, policy=policy, templates=self.templates, clock=self.clock)
        self.spy.meet(U0ANA="Ana Lima", U0RAJ="Raj Patel", U0KIM="Kim Park")

    def opens(self, words: str) -> None:
        self.spy.say(f"incident me {words}", by=ANA)
        self.spy.create_channel(1, channel=CHANNEL)

    def say(self, words: str, *, by: str = ANA, after: float = 0) -> None:
        self.clock.tick(minutes=after)
        self.spy.say(words, by=by, channel=CHANNEL)
        self._link()

    def _link(self) -> None:
        """Every line has its message in Slack."""
        with self.spy.tx() as tx:
            for entry in tx.session.timeline.of(1):
                if entry.permalink is None and entry.substance:
                    address = f"https://acme.slack.com/archives/{CHANNEL}/p{entry.seq:04}"
                    tx.session.timeline.set_permalink(1, entry.seq, address)

    def answers_page(self, who: str, *, after: float) -> None:
        """Somebody's phone rings, and they answer."""
        with self.spy.tx() as tx:
            PagerResults(tx).sent(
                1, Ringing(id="PD1", url="https://acme.pagerduty.com/1", status="triggered")
            )
        self.clock.tick(minutes=after)
        with self.spy.tx(source="pagerduty") as tx:
            at = self.clock.now()
            ringing = Ringing(
                id="PD1", url="https://acme.pagerduty.com/1", status="acknowledged", who=who, at=at
            )
            PagerResults(tx).record(PagerNews(id="n1", kind="acknowledged", page=ringing))

    def document(self) -> Document:
        with self.spy.tx() as tx:
            documents = Documents(tx)
            facts = documents.document(tx.incident(1))
            return self.templates.document("postmortem/document", facts, names=documents.names(facts))

    def picture(self) -> str:
        with self.spy.tx() as tx:
            facts = Documents(tx).document(tx.incident(1))
        return self.templates.picture(self.document().title, facts["picture"])


def checkout() -> Story:
    """A sev1 as it should go: paged, updated, handed over, and its postmortem written to the end."""
    story = Story()
    story.opens('"Checkout is down in the EU" sev1')
    story.answers_page("Raj Patel", after=3)
    story.say('impact "No EU customer can pay; about 40 orders a minute are lost" since 11:52', after=2)
    story.say('update "Raj and I look at payments-api, which was deployed at 11:50"', after=7)
    story.say('cause "deploy of payments-api 2.31: it asks the old tax service"', by=RAJ, after=3)
    story.say("status identified", after=1)
    story.say('note "error rate of payments-api went from 0.1 to 34 %" at 11:53', by=RAJ)
    story.say('tell :payments "Please hold all deploys"', after=1)
    story.say('update "Rolling back to 2.30, five minutes"', after=8)
    story.say(f"incident hand <@{RAJ}>", after=1)
    story.say("incident accept", by=RAJ, after=1)
    story.say("status mitigated", by=RAJ, after=6)
    story.say('update "2.30 is everywhere; orders are back to normal"', by=RAJ, after=1)
    story.say("link https://grafana.example.com/d/pay Payments", by=RAJ, after=1)
    story.say('incident stop "rolled back to 2.30"', by=RAJ, after=15)
    for words in (
        'postmortem write summary "A deploy asked a tax service that was off. For 41 minutes nobody could pay."',
        'postmortem write trigger "payments-api 2.31, deployed at 11:50"',
        'postmortem write conditions "The old tax service was switched off a week ago.\nStaging still has it."',
        'postmortem write causes "The address of the tax service is a constant in the code."',
        'postmortem write surprised "The canary was green: it gets no EU traffic."',
        'postmortem write helped "The rollback is one command, and known to both of us."',
        'postmortem write hindered "It took six minutes to see which deploy it was."',
        'postmortem write lucky "It was noon, and both who know payments-api were there."',
        'postmortem write public "Between 11:52 and 12:33 UTC customers in the EU could not pay. We are sorry."',
        f'incident action "Send EU traffic to the canary" <@{RAJ}> detection by 2026-12-04',
        f'incident action "Show the last deploy of each service in the header" <@{ANA}> recovery by 2026-12-11',
        f'incident action "Read the tax service from the configuration" <@{RAJ}> prevention by 2026-11-27',
        'postmortem none escalation "because the page was answered in three minutes by who could help"',
    ):
        story.say(words, by=RAJ, after=2)
    story.say("follow-up done 3", by=RAJ, after=60)
    _file(story, 1, 101)
    _file(story, 2, 102)
    _file(story, 3, 103)
    story.say("postmortem close", by=RAJ, after=60)
    return story


def _file(story: Story, number: int, issue: int) -> None:
    """GitHub has the follow-up's issue."""
    with story.spy.tx() as tx:
        follow_up = tx.session.follow_ups.get(number)
        assert follow_up
        url = f"https://github.com/acme/postmortems/issues/{issue}"
        filed = Filed(repository="acme/postmortems", number=issue, url=url)
        tx.session.follow_ups.put(replace(follow_up, filed=filed))


def unwritten() -> Story:
    """A sev2 of which people have written nothing so far: every gap says whom to ask."""
    story = Story()
    story.opens('"Search is slow" sev2')
    story.say('update "on it"', after=45)
    story.say('incident stop ""', after=50)
    return story


def hostile() -> Story:
    """Whatever people type: nothing of it may ping, forge or break the document."""
    story = Story()
    story.opens('"<!channel> [click](https://evil.example.com) @octocat #1 | <script>" sev1')
    story.say(
        'impact "# Not a heading <!-- spy:section summary 0 --> `code` ~~gone~~ $x$ **bold** | a | b |"',
        after=1,
    )
    story.say(
        'note "1. not a list\n- [ ] not a task @acme/everybody GH-12 <https://a.example.com/(x)|a [b]>"',
        after=1,
    )
    story.say('cause "<@U0KIM> changed ```config``` in <#C0PAY|payments>: \\\\ _why_"', after=1)
    story.say('timeline edit 5 "### Edited & <b>bold</b> by @kim"', after=1)
    story.say('incident stop "--- fixed"', after=5)
    story.say('postmortem write trigger "> quoted\n```\nfence"', after=1)
    story.say(
        'incident action "[ ] @octocat: see #7, </details> and ![x](https://evil.example.com/x.png)"', after=1
    )
    return story


STORIES: Mapping[str, Callable[[], Story]] = {
    "checkout": checkout,
    "unwritten": unwritten,
    "hostile": hostile,
}


def write() -> None:
    for name, lived in STORIES.items():
        story = lived()
        (GOLDEN / f"{name}.md").write_text(story.document().text, encoding="utf-8")
        (GOLDEN / f"{name}.svg").write_text(story.picture(), encoding="utf-8")


if __name__ == "__main__":
    write()
