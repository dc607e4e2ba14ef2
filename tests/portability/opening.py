"""Checks the comment that opens a header: its example compiles, and its list of parts names every header of the folder.

    opening.py HEADER FOLDER COMPILER FLAG...
"""

import pathlib
import re
import subprocess
import sys
import tempfile

header, folder, compiler, *flags = sys.argv[1:]
opening = []
for line in pathlib.Path(header).read_text().splitlines():
    if not line.startswith("//"):
        break
    opening.append(line[2:])

example = "\n".join(line[5:] for line in opening if line.startswith("     "))
if "int main" not in example:
    example = f"void example() {{\n{example}\n}}\n"
name = "/".join(pathlib.Path(header).parts[-2:])
with tempfile.TemporaryDirectory() as scratch:
    source = pathlib.Path(scratch) / "example.cpp"
    source.write_text(f"#include <{name}>\n#include <cstdio>\n#include <string>\n{example}\n")
    command = [compiler, *flags, "-fsyntax-only", str(source)]
    if subprocess.run(command).returncode != 0:
        sys.exit("the example does not compile:\n" + example)

listed = {part for line in opening if re.match(r"   \w+\.hpp", line)
          for part in re.findall(r"\w+\.hpp", line)}
present = {path.name for path in pathlib.Path(folder).glob("*.hpp")}
if listed != present:
    sys.exit(f"listed but missing: {listed - present}; present but not listed: {present - listed}")
