"""What people can do by hand while Spy can't. It is in Python: templates may be broken, and the database is away."""

from bot.domain.policy import Policy


def by_hand(policy: Policy) -> str:
    """Return it in Slack's markup, from the configuration alone; "" if that names nothing."""
    page = f"page people in {policy.pager_name} ({policy.pager_page})" if policy.pager_page else ""
    place = f"write in <#{policy.announce}>" if policy.announce else ""
    steps = " and ".join(filter(None, (page, place)))
    return " ".join(filter(None, (f"By hand: {steps}." if steps else "", policy.by_hand)))
