"""A status page of a small shop, for tests."""

from bot.domain.status.component import Component, StatusSettings

CHECKOUT = Component(key="checkout", title="Checkout", group="Shop", services=("checkout",))
SEARCH = Component(key="search", title="Site search", group="Shop", teams=("imoc",))
API = Component(key="api", title="API")
STATUS = StatusSettings(
    title="Acme status",
    contact="Questions? support@example.com",
    public=True,
    components={it.key: it for it in (CHECKOUT, SEARCH, API)},
    hosted={"checkout": "c0mpcheckout", "search": "c0mpsearch00"},
    hosted_name="Statuspage",
    hosted_url="https://manage.statuspage.io",
    url="https://spy.example.com/status",
)
