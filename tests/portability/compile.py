"""Compiles files with one compiler, optionally links and runs them. Exit code 77 means: this compiler is not here.

    compile.py [--run] FOLDER COMPILER FLAG... -- SOURCE...

The flags --system=A|B and --define=A|B are lists: -isystem A -isystem B, -DA -DB. Objects go to FOLDER. ccache, if installed, makes the second run fast.
"""

import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77


def expanded(flags):
    """The flags, with --system and --define replaced by the compiler's own flags."""
    result = []
    for flag in flags:
        name, _, values = flag.partition("=")
        if name == "--system":
            # GCC and Clang search /usr/include last; named explicitly it would come too early.
            result += ["-isystem" + value for value in values.split("|") if value not in ("", "/usr/include")]
        elif name == "--define":
            result += ["-D" + value for value in values.split("|") if value]
        else:
            result.append(flag)
    return result


def can_compile(compiler, flags, folder):
    """Whether the compiler exists and its standard library is installed for these flags."""
    if shutil.which(compiler) is None:
        return False
    probe = folder / "probe.cpp"
    probe.write_text("#include <string>\nint main() { return std::string{}.empty() ? 0 : 1; }\n")
    command = [compiler, *flags, str(probe), "-o", str(folder / "probe")]
    return subprocess.run(command, capture_output=True).returncode == 0


def compile_all(compiler, flags, sources, folder):
    ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
    objects = []
    for source in sources:
        objects.append(folder / (pathlib.Path(source).stem + ".o"))
        command = [*ccache, compiler, *flags, "-c", source, "-o", str(objects[-1])]
        if subprocess.run(command).returncode != 0:
            sys.exit("cannot compile: " + " ".join(command))
    return objects


def main():
    arguments = sys.argv[1:]
    run = arguments[0] == "--run"
    folder, compiler, *rest = arguments[1:] if run else arguments
    flags, sources = expanded(rest[: rest.index("--")]), rest[rest.index("--") + 1 :]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    basic = [flag for flag in flags if flag.startswith("-std")]  # -std=c++20, -stdlib=libc++
    if not can_compile(compiler, basic, folder):
        print("skipped: not installed:", compiler, *basic)
        sys.exit(SKIPPED)
    objects = compile_all(compiler, flags, sources, folder)
    if not run:
        return
    program = folder / "program"
    linked = [compiler, *flags, *map(str, objects), "-o", str(program)]
    if subprocess.run(linked).returncode != 0:
        sys.exit("cannot link: " + " ".join(linked))
    sys.exit(subprocess.run([str(program)], timeout=60).returncode)


if __name__ == "__main__":
    main()
