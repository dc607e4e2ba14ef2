"""Made-up source trees for the tests of the checks."""

import tempfile
import textwrap
import unittest
from pathlib import Path

from tree import Tree


class MadeUp(unittest.TestCase):
    def tree(self, files):
        """A tree of these files: {name: text}. The common indentation of a text is removed."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return Tree(folder.name)

    def found(self, check, files, **options):
        """What the check finds in these files: ["file:line", ...]."""
        return sorted({f"{finding.file}:{finding.line}" for finding in check(self.tree(files), **options)})

    def assert_finds(self, check, files, *expected, **options):
        self.assertEqual(self.found(check, files, **options), sorted(expected))
