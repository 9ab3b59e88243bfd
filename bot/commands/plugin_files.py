"""Read a team's plugin files once, and import exactly what was read.

Python keeps modules by name, and compiled files by their time in whole seconds. Either could mix two versions. So each
reading is a package of its own: files beside each other import with `from ._prices import PRICE`.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, spec_from_file_location
from itertools import count
from pathlib import Path
from types import ModuleType

_NUMBERS = count(1)
HELPER = "_"
"""How a file begins that is no plugin, but may be imported by those beside it."""


class PluginFolder(MetaPathFinder, ExecutionLoader):
    """The plugin files of a folder as they were read, and the package that imports them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self._package = f"spy_plugins_{next(_NUMBERS)}"
        self._sources = {path: path.read_bytes() for path in python_files(folder)}
        self._paths = {self._name(path): path for path in self._sources}

    @property
    def plugins(self) -> Sequence[Path]:
        return [it for it in self._sources if not it.name.startswith(HELPER)]

    def version(self, path: Path) -> str:
        """Return what identifies a plugin's content, with that of the helpers beside it."""
        helpers = [it for it in self._sources if it.name.startswith(HELPER)]
        return sha256(b"\0".join(self._sources[it] for it in (path, *helpers))).hexdigest()[:16]

    def load(self, path: Path) -> ModuleType:
        """Import a plugin. `open` comes first."""
        return import_module(self._name(path))

    def open(self) -> None:
        """Let Python find these files."""
        package = ModuleType(self._package)
        package.__path__ = []
        sys.modules[self._package] = package
        sys.meta_path.append(self)

    def close(self) -> None:
        """Release the modules. What still uses them keeps them."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name in (self._package, *self._paths):
            sys.modules.pop(name, None)

    def _name(self, path: Path) -> str:
        stem = re.sub(r"\W", "_", path.stem)
        return f"{self._package}.{stem}"

    # --- what Python asks ---

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        file = self._paths.get(fullname)
        return spec_from_file_location(fullname, file, loader=self) if file else None

    def get_filename(self, fullname: str) -> str:
        return str(self._paths[fullname])

    def get_source(self, fullname: str) -> str:
        return decode_source(self._sources[self._paths[fullname]])


def python_files(folder: Path) -> Iterator[Path]:
    """Return the files of a folder that plugins are made of, by name. Folders in it are not looked at."""
    found = sorted(folder.iterdir()) if folder.is_dir() else ()
    return (path for path in found if path.suffix == ".py" and path.is_file())
