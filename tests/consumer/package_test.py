"""package_test.py PREFIX DOCS COMPILER CMAKE [FLAG...]: the installed package says clearly what is missing."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PREFIX, DOCS, COMPILER, CMAKE, *FLAGS = sys.argv[1:]
PREFIX, DOCS = Path(PREFIX), Path(DOCS)
SOURCE = Path(__file__).resolve().parents[2]
CARRIES_ASIO = (PREFIX / "include/libresp-asio").exists()


class ScratchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Components(ScratchTest):
    def configure(self, arguments, *flags):
        """Configures a project that calls find_package(libresp ARGUMENTS) and prints the result."""
        (self.folder / "CMakeLists.txt").write_text(f"""
            cmake_minimum_required(VERSION 3.25)
            project(consumer LANGUAGES CXX)
            find_package(libresp {arguments})
            foreach(name IN ITEMS libresp libresp_codec libresp_server libresp_nope)
                if(${{name}}_FOUND)
                    message(STATUS "found ${{name}}")
                endif()
            endforeach()
            foreach(target IN ITEMS libresp::codec libresp::server libresp::libresp)
                if(TARGET ${{target}})
                    message(STATUS "target ${{target}}")
                endif()
            endforeach()
            """)
        ran = subprocess.run([CMAKE, "-S", self.folder, "-B", self.folder / "build", *FLAGS,
                              f"-DCMAKE_PREFIX_PATH={PREFIX}", *flags], capture_output=True, text=True)
        self.result = set(re.findall(r"^-- ((?:found|target) \S+)$", ran.stdout, re.M))
        self.errors = " ".join(ran.stderr.split())  # CMake wraps long lines
        return ran.returncode

    def asio_of_another_version(self):
        (self.folder / "include/asio").mkdir(parents=True)
        (self.folder / "include/asio.hpp").touch()
        (self.folder / "include/asio/version.hpp").write_text("#define ASIO_VERSION 101000 // 1.10.0\n")
        return f"-Dasio_INCLUDE_DIR={self.folder / 'include'}"

    NO_ASIO = "-DCMAKE_DISABLE_FIND_PACKAGE_asio=ON"
    CODEC_ONLY = {"found libresp", "found libresp_codec", "target libresp::codec"}
    ALL = CODEC_ONLY | {"found libresp_server", "target libresp::server", "target libresp::libresp"}

    def test_without_components_both_are_found(self):
        self.assertEqual(self.configure("REQUIRED"), 0, self.errors)
        self.assertEqual(self.result, self.ALL)

    def test_a_missing_required_component_is_named(self):
        self.assertNotEqual(self.configure("REQUIRED COMPONENTS codec nope"), 0)
        self.assertIn('libresp has no component "nope"; it has: codec, server', self.errors)

    def test_a_missing_optional_component_does_not_fail(self):
        self.assertEqual(self.configure("REQUIRED COMPONENTS codec OPTIONAL_COMPONENTS nope"), 0, self.errors)
        self.assertEqual(self.result, self.CODEC_ONLY)

    @unittest.skipIf(CARRIES_ASIO, "the package brings its own Asio")
    def test_the_codec_is_found_without_asio_if_the_server_is_optional(self):
        found = self.configure("REQUIRED COMPONENTS codec OPTIONAL_COMPONENTS server", self.NO_ASIO)
        self.assertEqual(found, 0, self.errors)
        self.assertEqual(self.result, self.CODEC_ONLY)

    @unittest.skipIf(CARRIES_ASIO, "the package brings its own Asio")
    def test_the_codec_is_found_beside_another_asio_if_the_server_is_optional(self):
        found = self.configure("REQUIRED COMPONENTS codec OPTIONAL_COMPONENTS server", self.asio_of_another_version())
        self.assertEqual(found, 0, self.errors)
        self.assertEqual(self.result, self.CODEC_ONLY)

    @unittest.skipIf(CARRIES_ASIO, "the package brings its own Asio")
    def test_a_server_without_its_asio_fails_and_names_the_version(self):
        for arguments in ("REQUIRED", "REQUIRED COMPONENTS server"):
            with self.subTest(arguments):
                self.assertNotEqual(self.configure(arguments, self.NO_ASIO), 0)
                self.assertRegex(self.errors, r"component server needs Asio \d+\.\d+\.\d+, the version that libresp "
                                              r"was built with; found none")

    @unittest.skipIf(CARRIES_ASIO, "the package brings its own Asio")
    def test_a_server_beside_another_asio_fails_and_names_both_versions(self):
        self.assertNotEqual(self.configure("REQUIRED COMPONENTS server", self.asio_of_another_version()), 0)
        self.assertRegex(self.errors, r"component server needs Asio \d+\.\d+\.\d+, .*; found 1\.10\.0")


class Language(ScratchTest):
    def test_each_header_without_cpp20_stops_at_one_error_that_says_so(self):
        headers = sorted((PREFIX / "include/libresp").rglob("*.hpp"))
        self.assertGreater(len(headers), 20)
        for header in headers:
            name = header.relative_to(PREFIX / "include")
            with self.subTest(str(name)):
                source = self.folder / "old.cpp"
                source.write_text(f"#include <{name}>\nresp::Decoder decoder;\n")
                ran = subprocess.run([COMPILER, "-std=c++17", "-fsyntax-only", "-I", PREFIX / "include", source],
                                     capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
                errors = [line for line in ran.stderr.splitlines() if "error: " in line]
                self.assertRegex(errors[0], r"libresp needs C\+\+20: compile with -std=c\+\+20")
                # The second one ends the compilation; without it, the user's file would add more.
                self.assertRegex(errors[1], "fatal error: .*libresp/stop_here")
                self.assertEqual(len(errors), 2, ran.stderr)


class Documentation(unittest.TestCase):
    def test_the_license_and_the_pages_are_installed(self):
        wanted = ["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"]
        wanted += [f"docs/{page.name}" for page in (SOURCE / "docs").glob("*.md")]
        self.assertGreater(len(wanted), 10)
        for name in wanted:
            with self.subTest(name):
                self.assertEqual((DOCS / name).read_bytes(), (SOURCE / name).read_bytes())

    def test_each_picture_of_an_installed_page_is_installed(self):
        for page in (DOCS / "docs").glob("*.md"):
            for picture in re.findall(r"\]\(([\w-]+\.svg)\)", page.read_text()):
                self.assertTrue((DOCS / "docs" / picture).exists(), picture)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
