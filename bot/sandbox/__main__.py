"""Run a box until stopped: `python -m bot.sandbox`. Prints one line of JSON with its address and settings."""

import argparse
import json
import signal
import sys

from bot.sandbox.box import Box


def main() -> int:
    args = _arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    with Box(args.delivery, args.latency, limits=args.limits, port=args.port) as box:
        box.bot_url = args.bot_url
        box.slack.hire(args.people)
        ready = {"url": box.url, "environment": box.environment(), "config": box.config_yaml()}
        print(json.dumps(ready), flush=True)  # noqa: T201 - the caller reads this line
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--delivery", choices=["socket", "http"], default="socket", help="how the bot hears")
    parser.add_argument("--bot-url", default="http://127.0.0.1:3000", help="where it listens, with http")
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="S", help="seconds that each call takes"
    )
    parser.add_argument("--limits", action="store_true", help="enforce Slack's published rates")
    parser.add_argument(
        "--people", type=int, default=0, metavar="N", help="so many more: U0P1, U0P2 and so on"
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    return parser.parse_args()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
