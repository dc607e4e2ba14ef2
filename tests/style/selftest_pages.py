"""Each check of pages and texts finds its violation in a made-up tree, and nothing in the same tree without it."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import markdown
import misuse_test
import pages
import phrases
import quote
import quotes
from made_up import MadeUp

HERE = Path(__file__).parent


class Pages(MadeUp):
    def test_titles(self):
        self.assert_finds(pages.check_titles, {
            "README.md": "# One\n\n```sh\n# a comment\n```\n",
            "docs/a.md": "text\n# One\n",
            "docs/b.md": "# One\n# Two\n",
        }, "docs/a.md:1", "docs/b.md:2")

    def test_links(self):
        links = ("[file](docs/a.md)", "[anchor](docs/a.md#the-code-second-time)", "[own](#own)",
                 "![image](docs/a.svg)", "[site](https://example.org/#x)", "`[no](link)`",
                 "[line](docs/a.svg#L3)", "[`code`](docs/a.md#aa)",
                 "[two\nlines](docs/a.md#a--a)")
        broken = ("[file](docs/b.md)", "[anchor](docs/a.md#other)", "[own](#title)",
                  "[out](../a.md)", "[abs](/docs/a.md)")
        page = "# Own\n" + "".join(f"{link}\n" for link in links + broken)
        first = 3 + len(links)
        self.assert_finds(pages.check_links, {
            "README.md": page, "docs/a.svg": "", "docs/a.md": "# A/`A`\n## A & A!\n## The `code`: second time\n",
        }, *(f"README.md:{line}" for line in range(first + 1, first + len(broken))), f"README.md:{first}")

    def test_two_headings_of_one_name_have_two_anchors(self):
        self.assertEqual(markdown.anchors(["# A b", "## A b", "## `c_d` (e)"]), {"a-b", "a-b-1", "c_d-e"})

    def test_machine(self):
        self.assert_finds(pages.check_machine, {
            "README.md": "# A\nsee /home/me/a\nhttps://registry.example.org/a/b\n",
            "docs/a.md": "# A\n[a](https://example.org/b) is at/home/a\n",
        }, "README.md:2", "README.md:3")


class Quotes(MadeUp):
    SOURCE = "// head\n    // [one]\n    int a;\n\n    // [two]\n    int b;\n    // [/two]\n    // [/one]\n"

    def assert_block(self, block, is_right, source="tests/docs/a.cpp"):
        expected = [] if is_right else [f"README.md:{1 + block.split('```')[0].count(chr(10))}"]
        self.assert_finds(quotes.check, {"README.md": block, source: self.SOURCE}, *expected)

    def test_quotes(self):
        one = "<!-- quote: tests/docs/a.cpp one -->\n```cpp\nint a;\n\nint b;\n```\n"
        self.assert_block(one, True)
        self.assert_block("<!-- quote: tests/docs/a.cpp two -->\n\n```cpp\nint b;\n```\n", True)
        self.assert_block("<!-- quote: tests/docs/a.cpp -->\n```cpp\n// head\n    int a;\n\n    int b;\n```\n", True)
        self.assert_block(one.replace("int a", "int c"), False)
        self.assert_block(one.replace(" one", " three"), False)
        self.assert_block(one.replace("a.cpp", "b.cpp"), False)
        self.assert_block(one.replace("tests/docs", "lib"), False, source="lib/a.cpp")
        self.assert_block("```cpp\nint a;\n```\n", False)

    def test_a_file_that_cmake_lists_is_tested(self):
        self.assert_finds(quotes.check, {
            "README.md": "<!-- quote: a/b.cpp -->\n```cpp\nint a;\n```\n", "a/b.cpp": "int a;\n",
            "a/CMakeLists.txt": "add_executable(b b.cpp)\n",
        })

    def test_other_languages(self):
        for marker, language, is_right in (
                ("", "text", True), ("", "", False), ("", "bash", False), ("", "sh", False), ("", "console", False),
                ("<!-- not run: it installs packages -->\n", "sh", True), ("<!-- not run: -->\n", "sh", False),
                ("<!-- not run: it installs packages -->\n", "cpp", False), ("<!-- run -->\n", "console", True),
                ("<!-- run: resp-echo -->\n", "console", True), ("<!-- run -->\ntext\n", "console", False)):
            self.assert_block(f"{marker}```{language}\na\n```\n", is_right)

    def test_refreshing_makes_the_page_right(self):
        page = "# A\n- in a list\n\n  <!-- quote: tests/docs/a.cpp one -->\n  ```cpp\n  old\n  ```\nmore\n"
        tree = self.tree({"README.md": page, "tests/docs/a.cpp": self.SOURCE})
        lines, changed, faults = quote.refreshed(tree, "README.md")
        self.assertEqual((changed, faults), ([5], []))
        self.assertEqual(lines, page.replace("  old\n", "  int a;\n\n  int b;\n").splitlines())


class Phrases(MadeUp):
    def test_where_phrases_are_found(self):
        files = {
            "README.md": "# A\nall but\nfor one\n```cpp\n// whoever\n```\n",
            "lib/a.hpp": "// all but\n// for one\nint mend = 1;\n",
            "lib/b.cpp": 'auto a = "it tells";\nauto b = "all but "\n "for one";\n',
            "tests/a_test.cpp": '// whoever\nTEST_CASE("whoever reads") {}\n',
            "tests/a_test.py": '"""whoever"""\ndef test_whoever_reads(self):\n    pass\n',
            "apps/CMakeLists.txt": "# nobody\n",
            "tests/CMakeLists.txt": "# nobody\nadd_test(NAME \"a/nobody reads\" COMMAND nobody)\n",
        }
        self.assert_finds(phrases.check, files, "README.md:2", "lib/a.hpp:1", "lib/b.cpp:1", "lib/b.cpp:2",
                          "tests/a_test.cpp:2", "tests/a_test.py:2", "apps/CMakeLists.txt:1",
                          "tests/CMakeLists.txt:2")

    def test_phrases(self):
        banned = ("nothing but for this", "it has come", "What is left, is read", "is asked first",
                  "a byte behind it", "Nobody reads", "one of its own", "lest it fails", "dies of it",
                  "so many bytes", "what is left of it")
        allowed = ("behind a proxy", "behind HAProxy", "tells them apart", "not one but four", "its own page",
                   "What is the limit?", "recommend", "at the hand", "as long as")
        lines = [f"{line}\n.\n" for line in banned + allowed]
        self.assert_finds(phrases.check, {"README.md": "".join(lines)},
                          *(f"README.md:{2 * n + 1}" for n in range(len(banned))))


class Formatted(MadeUp):
    def test_a_file_that_is_not_formatted(self):
        if shutil.which("clang-format-19") is None:
            self.skipTest("clang-format-19 is not installed")
        for text, code in (("int main() {}\n", 0), ("int  main( ) {}\n", 1)):
            tree = self.tree({"a.cpp": text, "b.cpp": "int a;\n", ".clang-format": "BasedOnStyle: LLVM\n"})
            command = [sys.executable, "-B", HERE / "formatted.py", "clang-format-19", "--root", tree.root]
            run = subprocess.run(command, capture_output=True)
            self.assertEqual(run.returncode, code)


class Misuse(MadeUp):
    """With a compiler that answers as it is told: {whether the case is the correct one: (accepted, output)}."""

    def fault(self, case, wrong, correct=(True, "")):
        class Compiler:
            def accepts(self, file, *defines):
                return correct if defines else wrong
        return misuse_test.fault_of(Compiler(), self.tree({"a.cpp": case}).root / "a.cpp")

    def test_faults(self):
        case = "// expect: no .* match\n"
        self.assertIsNone(self.fault(case, (False, "error: no good match")))
        self.assertIn("compiles", self.fault(case, (True, "warning: no good match")))
        self.assertIn("does not say", self.fault(case, (False, "error: other")))
        self.assertIn("-DCORRECT", self.fault(case, (False, "no good match"), (False, "error: other")))
        self.assertIn("any message", self.fault("// expect: .*\n", (False, "no good match")))
        self.assertIn("first line", self.fault("// head\n" + case, (False, "no good match")))


if __name__ == "__main__":
    unittest.main()
