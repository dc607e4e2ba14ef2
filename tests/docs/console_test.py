"""Every console block of README.md, SECURITY.md and docs/ prints what it shows. blocks.py has the rules.

The table of errors in docs/decoding.md shows the messages that the codec writes.
"""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

from blocks import WrongBlock, console_blocks, missing_tools, program, run

ROOT = Path(__file__).resolve().parents[2]


class Pages(unittest.TestCase):
    """One test for each page; see add_pages()."""

    def check(self, path):
        blocks = console_blocks(path.read_text(), str(path.relative_to(ROOT)))
        for block in blocks:
            with self.subTest(block.where):
                if missing := missing_tools(block):
                    self.skipTest(f"not installed: {', '.join(missing)}")
                run(block)


def add_pages():
    for path in [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]:
        name = re.sub(r"\W", "_", str(path.relative_to(ROOT).with_suffix("")).lower())
        setattr(Pages, f"test_{name}", lambda self, path=path: self.check(path))


class Tables(unittest.TestCase):
    maxDiff = None

    def test_the_messages_of_errors_are_those_of_the_codec(self):
        page = (ROOT / "docs" / "decoding.md").read_text()
        errors = page[page.index("| `Errc::` |"):page.index("¹ Redis' own words.")]
        shown = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+?)(?: ¹)? \|$", errors, re.MULTILINE)
        printed = subprocess.run([program("decoding_messages")], capture_output=True, text=True, check=True).stdout
        self.assertEqual("".join(f"{name}: {message}\n" for name, message in shown), printed)


class Rules(unittest.TestCase):
    """The machinery finds what is wrong with a block."""

    def blocks(self, *lines):
        return console_blocks("\n".join(lines), "docs/page.md")

    def assert_wrong(self, message, *lines):
        with self.assertRaisesRegex(WrongBlock, message):
            for block in self.blocks(*lines):
                run(block)

    def test_a_block_without_a_run_line_fails(self):
        self.assert_wrong("docs/page.md:2: no <!-- run", "text", "```console", "$ true", "```")

    def test_a_blank_line_between_the_run_line_and_the_block_fails(self):
        self.assert_wrong("no <!-- run", "<!-- run -->", "", "```console", "$ true", "```")

    def test_a_block_without_a_command_fails(self):
        self.assert_wrong("does not begin with a command", "<!-- run -->", "```console", "true", "```")

    def test_an_output_that_differs_fails(self):
        self.assert_wrong("\\$ echo b\n---- the page\nc\n---- printed\nb",
                          "<!-- run -->", "```console", "$ echo a", "a", "$ echo b", "c", "```")

    def test_an_output_that_goes_on_fails(self):
        self.assert_wrong("printed\na\nb", "<!-- run -->", "```console", "$ echo a; echo b", "a", "```")

    @unittest.skipUnless(shutil.which("nc"), "nc is not installed")
    def test_a_log_that_differs_fails(self):
        self.assert_wrong("Received Integer 42", "<!-- run: log while printf ':42\\r\\n' | nc -N 127.0.0.1 6379 -->",
                          "```console", "$ resp-echo --log-level debug",
                          "2026-01-31T12:00:00.292349Z  INFO [server] Listening on 127.0.0.1:6379",
                          "2026-01-31T12:00:04.798902Z  INFO [127.0.0.1:42528] Accepted connection",
                          "2026-01-31T12:00:04.799043Z DEBUG [127.0.0.1:42528] Received 5 bytes",
                          "2026-01-31T12:00:04.799058Z DEBUG [127.0.0.1:42528] Received Integer 43", "```")

    def test_an_unknown_program_fails(self):
        self.assert_wrong("no program page_nothing", "<!-- run: page_nothing -->", "```console", "$ true", "```")

    def test_the_output_of_an_indented_block_is_compared_without_the_indentation(self):
        block, = self.blocks("- item", "  <!-- run -->", "  ```console", "  $ printf 'a\\n  b\\n'", "  a", "    b",
                             "  ```")
        self.assertEqual(block.commands, [("printf 'a\\n  b\\n'", "a\n  b")])
        run(block)

    def test_blocks_of_other_languages_are_left_alone(self):
        self.assertEqual(self.blocks("```text", "$ false", "```", "```sh", "false", "```"), [])


if __name__ == "__main__":
    add_pages()
    unittest.main(verbosity=2)
