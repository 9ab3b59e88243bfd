"""Whether Spy can send mail: `spy check` logs in, and sends nothing."""

from collections.abc import Iterator
from datetime import timedelta

from bot.adapters.mail.smtp import SmtpMail
from bot.config.mail import MailSection
from bot.ports import CheckResult, Rejected, Unreachable

PATIENCE = timedelta(seconds=10)


def results(section: MailSection, password: str) -> Iterator[CheckResult]:
    what = f"Mail: {section.host}:{section.real_port} takes mail from {section.from_}"
    try:
        SmtpMail(section=section, password=password, timeout=PATIENCE).probe()
    except (Unreachable, Rejected) as trouble:
        cure = f"{trouble}. See `mail:` in docs/followers.md."
        yield CheckResult(what=f"Mail: {section.host}:{section.real_port}", well=False, cure=cure)
    else:
        yield CheckResult(what=what, well=True)
