"""An Atom feed, as a reader of feeds sees it."""

from xml.etree import ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"


def feed_of(text: str) -> ET.Element:
    """Parse a feed. It raises if that is no XML."""
    return ET.fromstring(text)  # noqa: S314  Spy's own


def entries_of(feed: ET.Element) -> list[ET.Element]:
    return feed.findall(f"{ATOM}entry")


def text_of(element: ET.Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


def link_of(entry: ET.Element) -> str:
    found = entry.find(f"{ATOM}link")
    assert found is not None
    return found.get("href") or ""
