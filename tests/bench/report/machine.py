"""What a figure depends on: the processor, the system, the compiler, the version, the day."""
import datetime
import os
import pathlib
import platform
import subprocess


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit():
    """Of the sources that were measured, with a + where they were changed since."""
    try:
        described = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True,
                                   text=True, cwd=pathlib.Path(__file__).parent, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def facts(compiler):
    """A list in Markdown."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    lines = {
        "processor": f"{processor()}, {os.cpu_count()} threads",
        "system": f"{platform.system()} {platform.release()}",
        "compiler": compiler,
        "commit": commit(),
        "date": today.isoformat(),
    }
    return "".join(f"- {name}: {value}\n" for name, value in lines.items())
