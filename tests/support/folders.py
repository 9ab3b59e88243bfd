"""Where the parts of the repository are."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
PLUGINS = ROOT / "plugins"
TEMPLATES = ROOT / "templates"
DOCS = ROOT / "docs"
