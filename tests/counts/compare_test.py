"""compare_test.py: the comparison reports what it should, and reads what callgrind writes."""

import tempfile
import unittest
from pathlib import Path

import callgrind
import compare

OUTPUT = """version: 1
positions: line
events: Ir
fl=(1) engine.cpp
fn=(1) resp::take()
10 5
+1 7
cfn=(2) resp::read()
calls=3 20
+2 1000
fn=(2)
20 900
-1 100
fn=(3) driver::Server::send()
5 77
fn=(1)
12 1
totals: 1090
"""


class Comparison(unittest.TestCase):
    def faults(self, expected, found):
        return compare.differences(expected, found)[0]

    def test_a_count_within_the_margin_is_right(self):
        self.assertEqual(compare.differences({"a": 1000}, {"a": 1019.9}), ([], []))
        self.assertEqual(compare.differences({"a": 1000}, {"a": 980.1}), ([], []))

    def test_a_count_above_the_margin_is_a_fault(self):
        self.assertEqual(self.faults({"a": 1000}, {"a": 1021}), ["a: 1021, expected 1000 (+2.1%)"])

    def test_a_count_below_the_margin_is_a_note(self):
        self.assertEqual(compare.differences({"a": 1000}, {"a": 900}), ([], ["a: 900, expected 1000 (-10.0%)"]))

    def test_a_count_that_is_missing_or_new_is_a_fault(self):
        self.assertEqual(len(self.faults({"a": 1}, {})), 1)
        self.assertEqual(len(self.faults({}, {"a": 1})), 1)

    def test_a_system_call_that_was_not_expected_at_all_is_a_fault(self):
        self.assertEqual(len(self.faults({"futex": 0}, {"futex": 0.5})), 1)

    def test_the_key_has_the_major_version_of_the_compiler(self):
        self.assertEqual(compare.key("GNU 12.2.0 x86_64"), "GNU 12 x86_64")

    def test_inputs_are_divided_by_the_gets(self):
        self.assertEqual(compare.of_gets({"input: GET": 8, "input: LF": 40, "encode: SET": 3}), {"GET": 1, "LF": 5})

    def test_a_byte_of_input_may_cost_ten_times_that_of_a_get(self):
        self.assertEqual(compare.too_dear({"input: GET": 8, "input: LF": 80}), [])
        self.assertEqual(compare.too_dear({"input: GET": 8, "input: LF": 81}),
                         ["input: LF: a byte costs 10.1 times that of a GET, at most 10 are allowed"])

    def test_a_short_request_may_cost_twice_a_get(self):
        self.assertEqual(compare.too_dear({"input: GET": 1, "input: a LF": 30}), [])
        self.assertEqual(compare.too_dear({"input: GET": 1, "input: a LF": 33}),
                         ["input: a LF: it costs 2.2 times a GET, at most 2 are allowed"])


class Callgrind(unittest.TestCase):
    def test_only_the_costs_of_the_functions_themselves_are_added(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "output"
            file.write_text(OUTPUT)
            self.assertEqual(callgrind.costs(file), {
                "resp::take()": 13, "resp::read()": 1000, "driver::Server::send()": 77})

    def test_the_functions_of_the_measurement_are_not_counted(self):
        self.assertFalse(callgrind.is_measured("driver::Server::send()"))
        self.assertFalse(callgrind.is_measured("counted"))
        self.assertTrue(callgrind.is_measured("resp::take()"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
