"""What a figure depends on: the processor, the system, the compiler, the version, the day."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def setting(path, key):
    """What follows the key and a separator in the first line of a file that begins with it."""
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line[len(key):].lstrip(" \t:") for line in lines if line.startswith(key)), "")


def first_line_of(*command, program=None):
    """Of its output; empty if it cannot be run. A program may go by another name, the command's first word."""
    try:
        done = subprocess.run(command, executable=program, capture_output=True, text=True, timeout=10,
                              cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip()


def facts(compiler):
    """{name: text}. The commit has a + behind it where the sources were changed since."""
    processor = setting(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine()
    return {
        "processor": f"{processor}, {os.cpu_count()} threads",
        "system": f"{platform.system()} {platform.release()}",
        "compiler": compiler,
        "commit": first_line_of("git", "describe", "--always", "--dirty=+") or "unknown",
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    }
