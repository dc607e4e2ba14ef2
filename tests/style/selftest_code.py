"""Each check of sources finds its violation in a made-up tree, and finds nothing in the same tree without it."""

import unittest

import dead_files
import heads
import includes
import lengths
import unused_names
import wire_bytes
from made_up import MadeUp

HEADERS = "lib/include/libresp"


class Includes(MadeUp):
    LAYERS = {
        f"{HEADERS}/version.hpp": "",
        f"{HEADERS}/codec.hpp": "#include <libresp/codec/view.hpp>\n#include <libresp/version.hpp>\n",
        f"{HEADERS}/codec/view.hpp": "#include <string>\n",
        f"{HEADERS}/codec/detail/node.hpp": "",
        f"{HEADERS}/server.hpp": "#include <libresp/codec.hpp>\n",
        f"{HEADERS}/server/asio.hpp": "#include <asio/awaitable.hpp>\n",
        f"{HEADERS}/server/detail/engine.hpp": "",
        f"{HEADERS}/service.hpp": "#include <libresp/server.hpp>\n#include <libresp/codec/view.hpp>\n",
        f"{HEADERS}/tls.hpp": "#include <libresp/server.hpp>\n",
        "lib/src/codec/view.cpp": "#include <libresp/codec/detail/node.hpp>\n",
        "lib/src/server/session.hpp": "#include <asio/post.hpp>\n#include <libresp/codec/detail/node.hpp>\n",
        "lib/src/server/session.cpp": '#include "session.hpp"\n',
        "lib/src/service/table.cpp": "#include <libresp/service.hpp>\n",
    }

    def assert_refused(self, file, line):
        self.assert_finds(includes.check, {**self.LAYERS, file: f"// head\n{line}\n"}, f"{file}:2")

    def test_the_arrows_of_the_design_are_allowed(self):
        self.assert_finds(includes.check, self.LAYERS)

    def test_the_codec_includes_no_server(self):
        self.assert_refused("lib/src/codec/view.cpp", "#include <libresp/server/asio.hpp>")
        self.assert_refused("lib/src/codec/view.cpp", '#  include "../server/session.hpp" // why')

    def test_no_layer_includes_one_above_it_through_the_version(self):
        self.assert_refused(f"{HEADERS}/version.hpp", "#include <libresp/codec.hpp>")

    def test_the_codec_includes_no_asio(self):
        self.assert_refused("lib/src/codec/view.cpp", "#include <asio/post.hpp>")
        self.assert_refused(f"{HEADERS}/codec.hpp", "#include <asio.hpp>")

    def test_the_server_includes_no_service(self):
        self.assert_refused("lib/src/server/session.cpp", "#include <libresp/service.hpp>")

    def test_the_service_includes_only_public_headers(self):
        self.assert_refused("lib/src/service/table.cpp", "#include <libresp/codec/detail/node.hpp>")
        self.assert_refused("lib/src/service/table.cpp", '#include "../server/session.hpp"')
        self.assert_refused(f"{HEADERS}/service.hpp", "#include <libresp/server/detail/engine.hpp>")
        self.assert_refused("lib/src/service/table.cpp", "#include <libresp/tls.hpp>")

    def test_tls_includes_only_public_headers(self):
        self.assert_refused("lib/src/tls/wrap.cpp", "#include <libresp/server/detail/engine.hpp>")
        self.assert_refused("lib/src/tls/wrap.cpp", "#include <libresp/service.hpp>")

    def test_public_headers_include_no_asio_no_fmt_no_iostream(self):
        self.assert_refused(f"{HEADERS}/server.hpp", "#include <asio/awaitable.hpp>")
        self.assert_refused(f"{HEADERS}/codec/view.hpp", "#include <fmt/format.h>")
        self.assert_refused(f"{HEADERS}/server.hpp", "#include <iostream>")

    def test_an_include_that_cannot_be_followed_is_refused(self):
        self.assert_refused("lib/src/codec/view.cpp", "#include HEADER")
        self.assert_refused("lib/src/codec/view.cpp", "#include <libresp/coded.hpp>")

    def test_an_include_in_a_comment_is_none(self):
        self.assert_finds(includes.check, {**self.LAYERS, f"{HEADERS}/codec.hpp": "/*\n#include <asio.hpp>\n*/\n"})


class Lengths(MadeUp):
    def test_files(self):
        self.assert_finds(lengths.check_files, {
            "lib/a.hpp": "\n" * 200, "lib/b.cpp": "\n" * 300, "apps/c.hpp": "\n" * 201, "examples/d.cpp": "\n" * 301,
        }, "apps/c.hpp:201", "examples/d.cpp:301")

    def test_functions(self):
        for lines, expected in ((38, []), (39, ["lib/a.cpp:2"])):
            text = "\nvoid f() {\n" + ";\n" * lines + "}\n"
            self.assert_finds(lengths.check_functions, {"lib/a.cpp": text}, *expected)

    def test_braces_that_do_not_match(self):
        self.assert_finds(lengths.check_functions, {"lib/a.cpp": "void f() {\n"}, "lib/a.cpp:1")


class WireBytes(MadeUp):
    def test_literals_of_the_grammar(self):
        for literal in ("'$'", r"'\r'", r"'\n'", '"*"', r'"-ERR no\r\n"', "0x0A0D"):
            self.assert_finds(wire_bytes.check, {"lib/src/a.cpp": f"// '+'\nauto a = {literal};\n"},
                              "lib/src/a.cpp:2", allowed={})

    def test_headers_and_raw_strings(self):
        for literal in ('"$-1"', '"*3"', '"%?"', 'R"(*)"'):
            self.assert_finds(wire_bytes.check, {"lib/src/a.cpp": f"auto a = {literal};\n"}, "lib/src/a.cpp:1",
                              allowed={})

    def test_other_literals_and_the_grammar_itself(self):
        other = r'''auto a = 'x'; auto b = "a\\r"; auto c = "$5 more"; auto d = 10'000; auto e = R"(\r)";'''
        grammar = {"lib/include/libresp/codec/wire.hpp": "char a = '$';\n"}
        self.assert_finds(wire_bytes.check, {"lib/src/a.cpp": other, **grammar}, allowed={})

    def test_the_list_of_what_is_allowed(self):
        allowed = {("lib/a.cpp", "':'"): "an address", ("lib/b.cpp", "','"): "a list"}
        self.assert_finds(wire_bytes.check, {"lib/a.cpp": "char a = ':';\n"}, "lib/b.cpp:1", allowed=allowed)

    def test_programs_write_no_cr(self):
        self.assert_finds(wire_bytes.check, {"apps/a.cpp": "auto a = ':';\nauto b = \"+OK\\r\\n\";\n"},
                          "apps/a.cpp:2", allowed={})


class DeadFiles(MadeUp):
    def test_files_of_the_library(self):
        self.assert_finds(dead_files.check, {
            "lib/CMakeLists.txt": "include(cmake/a.cmake)\nadd_library(x src/a.cpp include/a.hpp)\n",
            "lib/cmake/a.cmake": "", "lib/cmake/b.cmake": "",
            "lib/src/a.cpp": '#include "a.hpp"\n', "lib/src/a.hpp": "", "lib/include/a.hpp": "",
            "lib/src/b.cpp": "", "lib/src/b.hpp": "", "lib/include/b.hpp": "",
        }, "lib/cmake/b.cmake:1", "lib/include/b.hpp:1", "lib/src/b.cpp:1", "lib/src/b.hpp:1")

    def test_tests(self):
        self.assert_finds(dead_files.check, {
            "tests/a/CMakeLists.txt": "libresp_add_tests(a)\nadd_executable(b b.cpp)\nfile(GLOB c *_test.py)\n",
            "tests/a/a_test.cpp": "", "tests/a/b.cpp": '#include "c.hpp"\n', "tests/a/c.hpp": "",
            "tests/a/d_test.py": "import support\n", "tests/a/support.py": "",
            "tests/a/e.cpp": "", "tests/a/e.hpp": "", "tests/a/e.py": "# e.py: itself\n",
        }, "tests/a/e.cpp:1", "tests/a/e.hpp:1", "tests/a/e.py:1")

    def test_pages(self):
        self.assert_finds(dead_files.check, {
            "README.md": "[a](docs/a.md)\n", "docs/README.md": "[b](b.md)\n", "docs/a.md": "![c](c.svg)\n",
            "docs/b.md": "", "docs/c.svg": "", "docs/d.md": "", "docs/e.svg": "",
        }, "docs/d.md:1", "docs/e.svg:1")


class UnusedNames(MadeUp):
    def test_each_kind_of_name(self):
        header = """\
            #define UNUSED_MACRO 1
            struct UnusedType {};
            using UnusedAlias = int;
            inline constexpr int unused_constant = 1;
            template <class T> concept UnusedConcept = true;
            enum class E { unused_enumerator, used_enumerator = 2 };
            class C {
            public:
                C() noexcept : used_{1} {}
                void unused_member(int n) const noexcept;
                [[nodiscard]] int unused_inline() const { return used_; }
                void used();
            private:
                int used_;
                int unused_ = 0;
            };
            """
        source = "void C::unused_member(int) const noexcept {}\nvoid f(C c) { c.used(); E::used_enumerator; f(c); }\n"
        self.assert_finds(unused_names.check, {"lib/include/a.hpp": header, "lib/src/a.cpp": source},
                          *(f"lib/include/a.hpp:{line}" for line in (1, 2, 3, 4, 5, 6, 10, 11, 15)))

    def test_a_test_is_a_use(self):
        self.assert_finds(unused_names.check, {"lib/a.hpp": "int f();\n", "tests/a.cpp": "int a = f();\n"})


class Heads(MadeUp):
    def test_heads(self):
        self.assert_finds(heads.check_heads, {
            "lib/a.hpp": "// It owns a.\n#pragma once\n", "lib/b.hpp": "#pragma once\n", "lib/c.cpp": "// c\n" * 61,
        }, "lib/b.hpp:1", "lib/c.cpp:61")

    def test_names(self):
        self.assert_finds(heads.check_names, {
            "lib/a.cpp": "int a = b.get_executor();\nint get_a();\nint do_a();\nint process_a();\nint budget_a;\n",
        }, "lib/a.cpp:2", "lib/a.cpp:3", "lib/a.cpp:4")


if __name__ == "__main__":
    unittest.main()
