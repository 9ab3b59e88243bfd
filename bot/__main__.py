"""Start the command line with every command that has a file in bot/cli."""

from importlib import import_module
from pkgutil import iter_modules

import bot.cli
from bot.cli.shared import app

for file in iter_modules(bot.cli.__path__):
    import_module(f"{bot.cli.__name__}.{file.name}")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
