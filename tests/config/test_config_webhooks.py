"""The section `webhooks:` says which programs Spy tells, of what, and where."""

import pytest

from bot.app.settings import load
from bot.config import ConfigError
from bot.domain.incident.webhooks import EVENTS, USUAL
from bot.domain.webhook import WebhookSettings
from tests.config.reading import Read
from tests.support.each import each

PORTAL = "webhooks: {portal: {url: https://portal.example.com/spy}}"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEXT = "whsec_" + "QUJD" * 10


def test_a_webhook_hears_what_followers_hear_unless_the_file_says_otherwise(read: Read):
    text = """
teams: {payments: {channel: C0PAY}}
webhooks:
  portal: {url: https://portal.example.com/spy}
  page-2:
    {url: 'http://localhost:8000/', events: [resolved, note_taken], teams: payments, severities: [sev1], private: yes}
  log: {url: https://log.example.com, events: all, drills: true}
"""
    webhooks = read(text).policy().webhooks

    portal = WebhookSettings(name="portal", url="https://portal.example.com/spy", events=USUAL)
    assert webhooks["portal"] == portal
    assert webhooks["page-2"] == WebhookSettings(
        name="page-2",
        url="http://localhost:8000/",
        events=frozenset({"resolved", "note_taken"}),
        teams=("payments",),
        severities=("sev1",),
        private=True,
    )
    assert webhooks["log"].events == EVENTS


def test_the_secret_comes_from_the_environment_and_is_never_logged(read: Read):
    settings = read(PORTAL.replace("portal:", "my-portal:"), WEBHOOK_SECRET_MY_PORTAL=f"{SECRET} {NEXT}")

    assert settings.env.webhook_secrets("my-portal") == (SECRET, NEXT)
    assert {SECRET, NEXT} <= {*settings.env.secrets()}
    assert not [it for it in settings.missing() if "WEBHOOK" in it]
    assert [it for it in read(PORTAL).missing() if "WEBHOOK_SECRET_PORTAL is missing" in it]


@each(("whsec_", "hunter2hunter2", "whsec_c2hvcnQ=", "whsec_****", f"{SECRET} other"))
def test_a_secret_of_another_shape_is_refused(secret: str):
    with pytest.raises(ConfigError, match="whsec_ and 24 to 64 bytes") as caught:
        load(None, {"WEBHOOK_SECRET_PORTAL": secret})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("webhooks: {portal: {}}", "Give the address to call."),
        ("webhooks: {portal: {url: http://portal.example.com}}", "must begin with https://"),
        ("webhooks: {portal: {url: 'ftp://localhost'}}", "must begin with https://"),
        ("webhooks: {portal: {url: 'https://ana:hunter2@portal.example.com'}}", "a secret in the file"),
        ("webhooks: {portal: {url: https://a.b, events: [resovled]}}", "Did you mean resolved?"),
        ("webhooks: {portal: {url: https://a.b, teams: [nobody]}}", "there is no team nobody"),
        ("webhooks: {portal: {url: https://a.b, severities: sev9}}", "there is no severity sev9"),
        (f"webhooks: {{portal: {{url: https://a.b, secret: {SECRET}}}}}", "WEBHOOK_SECRET_<NAME>"),
        ("webhooks: {Portal: {url: https://a.b}}", "can't be a name here"),
    ],
)
def test_what_leads_nowhere_or_is_not_safe_is_refused(read: Read, file: str, sentence: str):
    with pytest.raises(ConfigError) as caught:
        read(file)

    [line] = caught.value.lines
    assert sentence in line
    assert SECRET not in line
