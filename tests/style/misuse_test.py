"""misuse_test.py COMPILER FOLDER CASE... -- [FLAG...]: misuse of the library does not compile, for the right reason.
misuse_test.py COMPILER FOLDER --precompile -- [FLAG...]: only precompiles the headers, as a part of the build.

Each CASE is a source that opens with `// expect: REGEX`. It must not compile, and the compiler's output must match
REGEX. With -DCORRECT it must compile. FOLDER keeps precompiled headers of the library: with them a case takes 0.2 s.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HEADERS = Path(__file__).parents[2] / "lib/include"
EXPECT = re.compile(r"// expect: (.+)")
LEAST_CASES = 12
PROCESSES = 2


class Compiler:
    def __init__(self, program, folder, flags):
        self.program = program
        self.folder = Path(folder)
        self.flags = list(flags)
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        self.is_clang = "clang" in version
        # No lines of the source in the output: the message must come from the compiler.
        self.check = ["-std=c++20", "-fsyntax-only",
                      "-fno-caret-diagnostics" if self.is_clang else "-fno-diagnostics-show-caret"]
        self.stamp = f"{version}{shlex.join(self.flags)}"

    def precompile(self, header, text):
        """Makes FOLDER/header from `text` and precompiles it, unless that was done from these headers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        source = self.folder / header
        compiled = source.with_name(header + (".pch" if self.is_clang else ".gch"))
        stamp = source.with_name(header + ".stamp")
        newest = max(path.stat().st_mtime for path in HEADERS.rglob("*.hpp"))
        if (compiled.exists() and compiled.stat().st_mtime > newest and stamp.exists()
                and stamp.read_text() == text + self.stamp):
            return
        source.write_text(text)
        subprocess.run([self.program, "-std=c++20", *self.flags, "-x", "c++-header", source, "-o", compiled],
                       check=True)
        stamp.write_text(text + self.stamp)

    def accepts(self, file, *defines):
        """Whether the file compiles, and the compiler's output."""
        header = self.folder / header_of(file)
        use = ["-include-pch", f"{header}.pch"] if self.is_clang else ["-include", header]
        run = subprocess.run([self.program, *self.check, *self.flags, *defines, *use, file],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env={**os.environ, "LC_ALL": "C"})
        return run.returncode == 0, run.stdout


def header_of(file):
    """A case that includes the header of Asio or of the service gets it precompiled; another must do without."""
    text = file.read_text()
    if "libresp/service.hpp" in text:
        return "with_service.hpp"
    return "with_asio.hpp" if "server/asio.hpp" in text else "without_asio.hpp"


def fault_of(compiler, file):
    """What is wrong with a case, or None."""
    expect = EXPECT.match(file.read_text())
    if not expect:
        return "the first line is not `// expect: REGEX`"
    if re.search(expect.group(1), "error: ") or re.search(expect.group(1), ""):
        return f"/{expect.group(1)}/ matches any message: expect words of this one"
    accepted, output = compiler.accepts(file)
    if accepted:
        return "the misuse compiles"
    if not re.search(expect.group(1), output):
        return f"the compiler does not say /{expect.group(1)}/, but:\n{shortened(output)}"
    accepted, output = compiler.accepts(file, "-DCORRECT")
    if not accepted:
        return f"with -DCORRECT it does not compile:\n{shortened(output)}"
    return None


def shortened(output):
    lines = [line for line in output.splitlines() if re.search(r"(error|static assertion|required|note): ", line)]
    return "\n".join(lines[:12])


def main():
    program, folder, *rest = sys.argv[1:]
    compiler = Compiler(program, folder, rest[rest.index("--") + 1:])
    only_headers = rest[0] == "--precompile"
    cases = [] if only_headers else [Path(case) for case in rest[:rest.index("--")]]
    plain = "#include <libresp/codec.hpp>\n#include <libresp/server.hpp>\n"
    headers = {"without_asio.hpp": plain, "with_asio.hpp": "#include <libresp/server/asio.hpp>\n" + plain,
               "with_service.hpp": plain + "#include <libresp/service.hpp>\n"}
    begin = time.monotonic()
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(compiler.precompile, headers, headers.values()))
        if only_headers:
            return 0
        ready = time.monotonic()
        faults = list(pool.map(lambda file: fault_of(compiler, file), cases))
    for file, fault in zip(cases, faults):
        print(f"{'ok  ' if fault is None else 'FAIL'} misuse/{file.name}:1{'' if fault is None else ': ' + fault}")
    print(f"{len(cases)} cases; precompiled headers {ready - begin:.1f} s, cases {time.monotonic() - ready:.1f} s")
    if len(cases) < LEAST_CASES:
        print(f"at least {LEAST_CASES} cases are wanted: a misuse was deleted, or the folder was moved")
    return 1 if any(faults) or len(cases) < LEAST_CASES else 0


if __name__ == "__main__":
    sys.exit(main())
