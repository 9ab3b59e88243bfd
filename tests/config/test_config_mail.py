"""The section `mail:` says who takes Spy's mail, and to whom it may go."""

import pytest

from bot.config import ConfigError
from bot.domain.policy import MailSettings
from tests.config.reading import Read

MAIL = "mail: {host: smtp.example.com, from: spy@example.com, domains: [Example.com]}"
WEB = "web: {public_url: https://spy.example.com/}"


def test_followers_have_their_addresses_where_the_configuration_says(read: Read):
    settings = read(f"{MAIL}\n{WEB}")

    assert settings.mail
    assert (settings.mail.real_port, settings.mail.security) == (587, "starttls")
    assert settings.policy().mail == MailSettings(domains=("example.com",))


def test_without_the_section_no_mail_is_sent(read: Read):
    assert read(WEB).policy().mail is None


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (MAIL, "needs web.public_url"),
        (f"mail: {{host: smtp.example.com, from: spy@example.com}}\n{WEB}", "List the domains"),
        (f"mail: {{host: smtp.example.com, from: spy@example.com, domains: []}}\n{WEB}", "must not be empty"),
        (f"mail: {{host: h, from: 'a@b.co, c@d.co', domains: [b.co]}}\n{WEB}", "no e-mail address"),
        (f"mail: {{host: h, from: a@b.co, domains: ['*']}}\n{WEB}", "is no domain"),
        (f"mail: {{host: h, from: a@b.co, domains: [b.co], security: none, user: a}}\n{WEB}", "in the clear"),
        (f"mail: {{host: h, from: a@b.co, domains: [b.co], password: hunter2}}\n{WEB}", "SMTP_PASSWORD"),
    ],
)
def test_what_would_send_too_much_or_nothing_is_refused(read: Read, file: str, sentence: str):
    with pytest.raises(ConfigError) as caught:
        read(file)

    [line] = caught.value.lines

    assert sentence in line
    assert "hunter2" not in line
