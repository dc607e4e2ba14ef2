"""binary_test.py FOLDER: resp-echo has the properties that the hardening flags ask for, as readelf shows."""

import platform
import re
import subprocess
import sys
import unittest
from pathlib import Path

FOLDER = Path(sys.argv[1])
RESP_ECHO = FOLDER / "bin/resp-echo"


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


class Binary(unittest.TestCase):
    def imported(self):
        """The names of the functions that the program imports from shared libraries."""
        return set(re.findall(r" UND (\w+)", readelf("--dyn-syms", RESP_ECHO)))

    def flags_of(self, segment):
        """The rights of a program header, for example "RW "."""
        return re.search(rf"^  {segment} .* ([R ][W ][E ]) 0x\w+$", readelf("--program-headers", RESP_ECHO), re.M)[1]

    def test_the_program_is_loaded_at_a_random_address(self):
        self.assertRegex(readelf("--file-header", RESP_ECHO), r"Type: +DYN \(Position-Independent Executable file\)")

    def test_the_table_of_resolved_symbols_is_read_only(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers", RESP_ECHO))
        self.assertRegex(readelf("--dynamic", RESP_ECHO), r"\(FLAGS_1\) +Flags: NOW")

    def test_stacks_are_guarded_and_not_executable(self):
        self.assertIn("__stack_chk_fail", self.imported())
        self.assertEqual(self.flags_of("GNU_STACK"), "RW ")

    def test_no_segment_is_both_writable_and_executable(self):
        segments = re.findall(r"^  LOAD .* ([R ][W ][E ]) 0x\w+$", readelf("--program-headers", RESP_ECHO), re.M)
        self.assertGreater(len(segments), 2)
        self.assertNotIn("RWE", segments)

    def test_functions_of_the_c_library_check_the_size_of_their_destination(self):
        self.assertTrue(any(name.endswith("_chk") for name in self.imported()))

    def test_the_standard_library_checks_its_preconditions(self):
        asserts = [name for name in self.imported() if "glibcxx_assert_fail" in name]
        self.assertEqual(len(asserts), 1)

    def test_libraries_are_loaded_only_from_the_folders_of_the_system(self):
        self.assertNotRegex(readelf("--dynamic", RESP_ECHO), r"\((RPATH|RUNPATH)\)")

    # The note of the whole program needs the note in each object, and the startup code of some systems has none.
    # So this test reads the notes of the libraries.
    @unittest.skipUnless(platform.machine() in ("x86_64", "AMD64"), "only x86 has it")
    def test_the_library_is_compiled_for_marked_jump_targets_and_shadow_stacks(self):
        for name in ("libresp_codec.a", "libresp_server.a"):
            notes = readelf("--notes", FOLDER / "lib" / name)
            self.assertGreater(notes.count("File: "), 5)
            self.assertEqual(notes.count("x86 feature: IBT, SHSTK"), notes.count("File: "))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
