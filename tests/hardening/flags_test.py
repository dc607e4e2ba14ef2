"""flags_test.py CMAKE SOURCE FOLDER [FLAG...]: which builds are compiled with the hardening flags."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

CMAKE, SOURCE, FOLDER, *FLAGS = sys.argv[1:]
SOURCE, FOLDER = Path(SOURCE), Path(FOLDER)

HARDENING = ("-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS", "-fstack-protector-strong", "-fPIE")
OF_SOME_MACHINES = ("-fstack-clash-protection", "-fcf-protection=full")


def commands(folder):
    """{source file: the words of its compiler command}, for the files of lib/ and apps/ in a configured folder. The
    copy of the library in the simulator does not count."""
    entries = json.loads((folder / "compile_commands.json").read_text())
    ours = {Path(entry["file"]): entry["command"].split() for entry in entries
            if "libresp_simulated.dir" not in entry["command"]}
    return {file: words for file, words in ours.items()
            if file.is_relative_to(SOURCE / "lib") or file.is_relative_to(SOURCE / "apps")}


def configure(source, folder, *flags):
    subprocess.run([CMAKE, "-S", source, "-B", folder, *FLAGS, "-DCMAKE_BUILD_TYPE=Release",
                    "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *flags], check=True, stdout=subprocess.DEVNULL)
    return commands(folder)


class Flags(unittest.TestCase):
    def assert_unhardened(self, found):
        self.assertGreater(len(found), 15)
        for file, words in found.items():
            self.assertEqual(set(words) & {*HARDENING, *OF_SOME_MACHINES}, set(), file)

    def test_the_release_preset_compiles_each_source_with_all_flags(self):
        found = commands(FOLDER / "release")
        self.assertIn(SOURCE / "apps/resp-echo/main.cpp", found)
        self.assertIn(SOURCE / "lib/src/codec/tokenizer.cpp", found)
        self.assertIn(SOURCE / "lib/src/server/session.cpp", found)
        cache = (FOLDER / "release/CMakeCache.txt").read_text()
        wanted = HARDENING
        if "LIBRESP_HAS_CF_PROTECTION:INTERNAL=1" in cache:
            wanted += ("-fcf-protection=full",)
        if "LIBRESP_HAS_STACK_CLASH_PROTECTION:INTERNAL=1" in cache:
            wanted += ("-fstack-clash-protection",)
        for file, words in found.items():
            self.assertEqual(set(wanted) - set(words), set(), file)

    def test_a_project_that_embeds_libresp_gets_none_of_the_flags(self):
        self.assert_unhardened(configure(
            SOURCE / "tests/hardening/embedder", FOLDER / "embedder", f"-DLIBRESP_SOURCE={SOURCE}",
            "-DLIBRESP_BUILD_APPS=ON"))

    def test_the_option_turns_the_flags_off(self):
        self.assert_unhardened(configure(
            SOURCE, FOLDER / "off", "-DLIBRESP_HARDEN=OFF", "-DLIBRESP_BUILD_BENCHMARKS=OFF",
            "-DLIBRESP_BUILD_EXAMPLES=OFF", "-DLIBRESP_BUILD_TESTS=OFF"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
