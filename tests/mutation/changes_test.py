"""changes_test.py: the changes are found where they should be, and nowhere else."""

import unittest
from pathlib import Path

import changes

HERE = Path(__file__).resolve().parent


def after(text):
    """What the changed lines of a text become."""
    return [change.after.strip() for change in changes.of_text("a.cpp", text)]


class Changes(unittest.TestCase):
    def test_an_operator_is_changed_at_each_place(self):
        self.assertEqual(after("    if (a < b && c < d) go;"), [
            "if (a <= b && c < d) go;", "if (a < b && c <= d) go;", "if (a < b || c < d) go;"])

    def test_a_statement_is_deleted(self):
        self.assertEqual(after("    queue.clear();"), [";"])
        self.assertEqual(after("    posted_ = true;"), ["posted_ = false;", ";"])

    def test_a_declaration_is_not_deleted(self):
        self.assertEqual(after("    const auto n = size();"), [])

    def test_a_number_becomes_one_more(self):
        self.assertEqual(after("constexpr int most = 1'024;"), ["constexpr int most = 1025;"])

    def test_comments_and_strings_stay(self):
        self.assertEqual(after("    text(\"a < b\");  // 1 < 2\n/* a < b\n c < d */"), [";  // 1 < 2"])
        self.assertEqual(after("// it's a < b, isn't it"), [])

    def test_assertions_and_log_lines_stay_even_over_several_lines(self):
        self.assertEqual(after('    assert(a < b);\n    log(Level::info, "x",\n        a < b);'), [])

    def test_directives_and_templates_stay(self):
        self.assertEqual(after("#if A < 3\ntemplate <int N = 3>"), [])

    def test_a_change_is_applied_to_its_line_only(self):
        text = "a\n    if (!b) c();\nd"
        change = next(changes.of_text("a.cpp", text))
        self.assertEqual(changes.apply(change, text), "a\n    if (b) c();\nd")
        self.assertEqual(str(change), "a.cpp:2: if (!b) c();\n    => if (b) c();")


class Accepted(unittest.TestCase):
    def test_an_accepted_change_is_known_by_its_text(self):
        known = changes.accepted("# head\n# of the file\n\na.cpp\nx < y;\n=> x <= y;\n# only speed\n")
        change = changes.Change("a.cpp", 7, "    x < y;", "    x <= y;")
        self.assertTrue(changes.is_accepted(change, known))
        self.assertFalse(changes.is_accepted(change._replace(file="b.cpp"), known))

    def test_each_accepted_change_is_still_possible(self):
        for file, before, after in changes.accepted((HERE / "accepted.txt").read_text()):
            text = (HERE.parents[1] / file).read_text()
            possible = [(change.before.strip(), change.after.strip()) for change in changes.of_text(file, text)]
            self.assertIn((before, after), possible, file)

    def test_each_needs_a_reason(self):
        with self.assertRaises(SystemExit):
            changes.accepted("a.cpp\nx < y;\n=> x <= y;\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
