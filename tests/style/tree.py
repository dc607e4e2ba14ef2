"""The tree of sources as the checks see it: its files, their text, and a finding in one of them."""

import fnmatch
import subprocess
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


class Finding(NamedTuple):
    file: str
    line: int
    text: str  # the rule that is broken, and how to fix it

    def __str__(self):
        return f"{self.file}:{self.line}: {self.text}"


class Tree:
    """The files below `root`: those that git knows or would add, or all of them if git does not manage `root`."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self._texts = {}

    @cached_property
    def files(self):
        names = self._from_git() if (self.root / ".git").exists() else self._from_disk()
        return sorted(name for name in names if (self.root / name).is_file())

    def _from_git(self):
        command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        return set(listed.split("\0")) - {""}

    def _from_disk(self):
        paths = (path.relative_to(self.root) for path in self.root.rglob("*"))
        return [path.as_posix() for path in paths if path.parts[0] != "build"]

    def match(self, *patterns):
        """The files that match one of the patterns. An asterisk matches slashes too: lib/*.hpp."""
        return [file for file in self.files if any(fnmatch.fnmatch(file, pattern) for pattern in patterns)]

    def text(self, file):
        if file not in self._texts:
            self._texts[file] = (self.root / file).read_text(encoding="utf-8", errors="replace")
        return self._texts[file]

    def lines(self, file):
        return self.text(file).splitlines()

    def exists(self, file):
        return (self.root / file).exists()


def line_of(text, offset):
    """The number of the line that holds this offset. The first line is 1."""
    return text.count("\n", 0, offset) + 1
