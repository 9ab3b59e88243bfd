"""Reads config.yaml as text. Its version is the hash of what it holds."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes. Configurations of large organisations have some ten thousand."""


@dataclass(frozen=True, kw_only=True)
class ConfigText:
    """What the file holds at one moment. One that can't be read has a version too; `mistake` says why."""

    version: str
    text: str = ""
    mistake: str = ""


def version_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def read_file(path: Path) -> ConfigText:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        cure = "Write it with `spy init`, or name another with --config or SPY_CONFIG."
        return _unread(f"{path}: there is no such file. {cure}")
    except OSError as error:
        return _unread(f"{path}: can't be read: {error.strerror}.")
    if len(data) > LARGEST:
        return _unread(f"{path}: more than {LARGEST // 1024} KB are not read. Is it the right file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ConfigText(
            version=sha256(data).hexdigest(), mistake=f"{path}: not UTF-8 text. Save it as UTF-8."
        )
    return ConfigText(version=version_of(text), text=text)


def _unread(mistake: str) -> ConfigText:
    return ConfigText(version=version_of(mistake), mistake=mistake)
