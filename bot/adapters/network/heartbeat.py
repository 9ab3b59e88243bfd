"""Call the address of a dead man's switch: a monitor that raises an alarm once it hears nothing."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError

from bot.adapters.network.reasons import reason
from bot.ports import Rejected, Unreachable

WITHIN = urllib3.Timeout(connect=5.0, read=10.0)
TRIES = urllib3.Retry(total=3, connect=1, read=1, redirect=2, backoff_factor=1.0)
FIRST_REFUSAL = 300


def call(url: str) -> None:
    """Call the monitor once. Raise Unreachable or Rejected without the address, which may be a secret."""
    try:
        status = _status(url)
    except (HTTPError, OSError, ValueError) as error:
        raise Unreachable(f"The monitor of heartbeat_url did not answer: {reason(error)}.") from None
    if status >= FIRST_REFUSAL:
        raise Rejected(f"The monitor of heartbeat_url answered with HTTP {status}.")


def _status(url: str) -> int:
    where = urlsplit(url)
    proxy = None if proxy_bypass(where.hostname or "") else getproxies().get(where.scheme)
    with urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager() as pool:
        return int(pool.request("GET", url, timeout=WITHIN, retries=TRIES).status)
