"""The sandbox's mail server: it keeps all mail, and the page shows it."""

import smtplib
from collections.abc import Iterator

import httpx
import pytest

from bot.sandbox import Box
from bot.sandbox.page import SandboxPage

LETTER = (
    "Subject: INC-1 is down\r\nList-Unsubscribe: <http://127.0.0.1/unfollow/1-x>\r\n\r\n"
    "<script>It</script> is down."
)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(mail=True) as box:
        yield box


def send(box: Box, to: str) -> None:
    with smtplib.SMTP("127.0.0.1", box.mail.port) as server:
        server.sendmail("spy@example.com", [to], LETTER)


def test_all_mail_is_kept_and_shown_on_the_page(box: Box):
    send(box, "ceo@example.com")
    page = SandboxPage(box)
    with httpx.Client(base_url=box.url) as browser:
        listed = browser.get("/region/dock", params={"dock": "mail"}).text
        number = str(len(box.mail.mails))
        shown = browser.get("/region/dock", params={"dock": "mail", "issue": number}).text
    page.close()

    assert "INC-1 is down" in listed
    assert "ceo@example.com" in listed
    assert "&lt;script&gt;It&lt;/script&gt; is down." in shown
    assert 'href="http://127.0.0.1/unfollow/1-x"' in shown


def test_an_address_is_refused_as_it_is_told(box: Box):
    box.mail.refusals["gone@example.com"] = "550 5.1.1 no such user"

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(box, "gone@example.com")

    assert box.mail.of("gone@example.com") == []


def test_the_configuration_names_the_server_only_where_there_is_one(box: Box):
    with Box() as other:
        assert "mail:" not in other.company_yaml()
    assert f"port: {box.mail.port}" in box.company_yaml()
