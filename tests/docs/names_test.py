"""Every test that SECURITY.md or docs/reliability.md names exists in the sources of the tests."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRING = r'"(?:[^"\\]|\\.)*"'


def test_cases(source):
    """The names of the test cases in a C++ file, as ctest lists them."""
    for strings in re.findall(rf"\bTEST_CASE\(\s*((?:{STRING}\s*)+)", source):
        yield "".join(re.sub(r"\\(.)", r"\1", text[1:-1]) for text in re.findall(STRING, strings))


def names_of_all_tests():
    tests = ROOT / "tests"
    names = {name for file in tests.rglob("*_test.cpp") for name in test_cases(file.read_text())}
    return names | {f"e2e/{file.stem}" for file in (tests / "e2e").glob("*_test.py")}


def names_quoted(page):
    """The code spans in the last column of each table that has the heading "test"."""
    names = []
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        heading, _, *rows = table.splitlines()
        if heading.endswith("| test |"):
            names += [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[-1])]
    return names


def patterns_quoted(page):
    """The alternatives of each `./dev test -R "..."`, also of `-R "server/.*(...)"`."""
    for pattern in re.findall(r'-R "(?:server/\.\*\()?([^"]+?)\)?"', page):
        yield from pattern.replace(r"\|", "|").split("|")


class Names(unittest.TestCase):
    def setUp(self):
        self.names = names_of_all_tests()

    def test_each_test_named_in_the_page_on_security_exists(self):
        quoted = names_quoted((ROOT / "SECURITY.md").read_text())
        self.assertGreater(len(quoted), 20)
        self.assertEqual([name for name in quoted if name not in self.names], [])

    def test_each_pattern_in_the_page_on_reliability_matches_a_test(self):
        patterns = list(patterns_quoted((ROOT / "docs/reliability.md").read_text()))
        self.assertGreater(len(patterns), 3)
        unmatched = [pattern for pattern in patterns if not any(re.search(pattern, name) for name in self.names)]
        self.assertEqual(unmatched, [])

    def test_names_over_several_lines_and_with_quotes_are_read(self):
        self.assertEqual(list(test_cases('TEST_CASE("a \\"b\\" " \n  "c", "[tag]") {')), ['a "b" c'])

    def test_the_alternatives_of_a_group_are_read(self):
        self.assertEqual(list(patterns_quoted('-R "server/.*(a\\|b c)"` and -R "d"')), ["a", "b c", "d"])

    def test_only_the_column_of_tests_is_read(self):
        page = "| a `peer` | does | test |\n|---|---|---|\n| sends `x` | refuses `y` | `first`, `second` |\n"
        self.assertEqual(names_quoted(page), ["first", "second"])


if __name__ == "__main__":
    unittest.main()
