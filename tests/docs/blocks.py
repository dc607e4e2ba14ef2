"""Reads the ```console blocks of a page, and runs them.

The line before a block says how it runs:

    <!-- run -->                        its commands, with bash, in the folder of the page's programs
    <!-- run: PROGRAM [ARGUMENT]... --> the same, while PROGRAM runs as a server on a free port
    <!-- run: log while COMMAND -->     its one command is the server; COMMAND is its client; the output of the
                                        server must begin with that of the block

PROGRAM is resp-echo, kv or echo, or a program of tests/docs: counter, or <page>_<name>.
Each number from 6370 to 6399 in a block stands for the port of the server. If the output has redis-cli's prompt in
it, the command runs on a terminal and what follows each prompt is typed.
"""

import contextlib
import dataclasses
import os
import re
import select
import shutil
import signal
import subprocess
import time

BIN = os.environ.get("RESP_BIN", "")
DOCS_BIN = os.environ.get("RESP_DOCS_BIN", "")
PATIENCE = 30.0  # seconds that any one step may take; only failures wait for it

PORT = r"\b63[789]\d\b"
PROMPT = re.compile(r"^(127\.0\.0\.1:\d+> )(.*)$")
EXAMPLES = {"resp-echo": [], "kv": ["--port", "0"], "echo": ["0"]}  # how each takes a free port


class WrongBlock(AssertionError):
    """A block that does not follow the rules, or whose output differs."""


@dataclasses.dataclass
class Block:
    where: str  # "docs/decoding.md:64"
    page: str  # "decoding", the folder of the programs
    run: str  # what follows "run:"
    commands: list  # of (command, expected output)


def console_blocks(text, name):
    """All console blocks of a page. Throws WrongBlock for one that does not say how it runs."""
    lines = text.split("\n")
    page = os.path.splitext(os.path.basename(name))[0].lower()
    found = []
    i = 0
    while i < len(lines):
        fence = re.match(r"( *)```(\S*)", lines[i])
        if not fence:
            i += 1
            continue
        end = next(j for j in range(i + 1, len(lines)) if lines[j].strip() == "```")
        if fence[2] == "console":
            where = f"{name}:{i + 1}"
            how = re.fullmatch(r"\s*<!-- run(?:: (.+))? -->", lines[i - 1]) if i else None
            if not how:
                raise WrongBlock(f"{where}: no <!-- run --> line before the block")
            body = [line.removeprefix(fence[1]) for line in lines[i + 1:end]]
            found.append(Block(where, page, how[1] or "", split_commands(body, where)))
        i = end + 1
    return found


def split_commands(body, where):
    """[(command, output)]; a command goes on in the next line after a backslash."""
    commands = []
    for line in body:
        if line.startswith("$ "):
            commands.append([line[2:], []])
        elif not commands:
            raise WrongBlock(f"{where}: the block does not begin with a command")
        elif commands[-1][0].endswith("\\") and not commands[-1][1]:
            commands[-1][0] += "\n" + line
        else:
            commands[-1][1].append(line)
    if not commands:
        raise WrongBlock(f"{where}: the block is empty")
    return [(command, "\n".join(output)) for command, output in commands]


def missing_tools(block):
    """The programs that the block needs and this machine does not have."""
    text = block.run + " " + " ".join(command for command, _ in block.commands)
    return [tool for tool in ("nc", "redis-cli") if re.search(rf"(^|[\s|]){tool}\s", text + " ")
            and not shutil.which(tool)]


def program(name):
    """The path of a program that a run line names."""
    if name in EXAMPLES:
        return os.path.join(BIN, name)
    page, _, short = name.partition("_")
    path = os.path.join(DOCS_BIN, page, short) if short else os.path.join(DOCS_BIN, "getting-started", name)
    if not os.access(path, os.X_OK):
        raise WrongBlock(f"no program {name}: {path}")
    return path


class Server:
    """A server on a free port, which it reports by its first line or, in tests/docs, on a pipe."""

    def __init__(self, command, reports_in_log):
        reading, writing = os.pipe()
        env = environment() | {"RESP_PORT": "0", "LIBRESP_DOCS_PORT": str(writing)}
        self.output = b""
        self.process = subprocess.Popen(command, env=env, pass_fds=[writing], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE)
        os.close(writing)
        try:
            if reports_in_log:
                self.port = re.search(r"Listening on 127\.0\.0\.1:(\d+)", self.lines(1)[0])[1]
            else:
                self.port = self.read_line(reading)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            os.close(reading)

    def read_line(self, descriptor):
        readable = select.select([descriptor], [], [], PATIENCE)[0]
        line = os.read(descriptor, 100).decode().split() if readable else []
        if not line:
            raise WrongBlock("the server did not report its port")
        return line[0]

    def lines(self, count):
        """Waits for that many lines of output; returns them."""
        deadline = time.monotonic() + PATIENCE
        while self.output.count(b"\n") < count:
            readable = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            chunk = os.read(self.process.stdout.fileno(), 1 << 16) if readable else b""
            if not chunk:
                raise WrongBlock(f"the server printed only:\n{self.output.decode()}")
            self.output += chunk
        return self.output.decode().split("\n")[:count]

    def stop(self):
        """Ends it, and checks that it ended because of that: a sanitizer's report has another exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        if self.process.returncode not in (0, -signal.SIGTERM):
            raise WrongBlock(f"the server ended with exit code {self.process.returncode}")


def environment():
    """Ours, without settings for resp-echo; redis-cli prints as on a terminal."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RESP_")}
    return ours | {"FAKETTY": "1", "TERM": "dumb", "REDISCLI_HISTFILE": "/dev/null",
                   "PATH": BIN + os.pathsep + os.environ["PATH"]}


def shell_text(command, port):
    """The command as bash gets it: with the port and the build folder of this run."""
    text = command.replace("build/release/bin/", BIN + "/")
    if port:
        text = re.sub(PORT, port, text)
        text = f'redis-cli() {{ command redis-cli -p {port} "$@"; }}\n' + text
    return text


def shell(command, folder, port):
    """What the command prints, errors included."""
    done = subprocess.Popen(["bash", "-c", shell_text(command, port)], cwd=folder, env=environment(),
                            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    try:
        return done.communicate(timeout=PATIENCE)[0].decode()
    except subprocess.TimeoutExpired:
        os.killpg(done.pid, signal.SIGKILL)
        raise WrongBlock(f"does not end: {command}\n{done.communicate()[0].decode()}") from None


def terminal(command, typed, port):
    """What a terminal shows: the prompts, what is typed there, and the answers."""
    import pexpect
    child = pexpect.spawn("bash", ["-c", shell_text(command, port)], timeout=PATIENCE, dimensions=(24, 100),
                          env=environment(), encoding="utf-8")
    prompt = f"127.0.0.1:{port}> "
    shown = ""
    try:
        child.expect_exact(prompt)
        for line in typed:
            child.sendline(line)
            child.expect_exact(prompt)
            shown += prompt + child.before
    finally:
        child.close(force=True)
    return shown


def normal(text, port):
    """The text without what differs from run to run, times and ports of clients, and with the page's line ends."""
    text = text.replace("\r\n", "\n")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "<time>", text)
    if port:
        text = re.sub(rf"{PORT}|\b{port}\b", "<server>", text)
    text = re.sub(r"(127\.0\.0\.1):\d{4,5}\b", r"\1:<client>", text)
    return text.rstrip("\n")


def compare(block, command, actual, expected, port):
    actual, expected = normal(actual, port), normal(expected, port)
    if actual != expected:
        raise WrongBlock(f"{block.where}: $ {command}\n---- the page\n{expected}\n---- printed\n{actual}\n----")


@contextlib.contextmanager
def started(words):
    """Runs the server of a run line, if there is one."""
    if not words:
        yield None
        return
    name, *arguments = words
    server = Server([program(name), *EXAMPLES.get(name, []), *arguments], name in EXAMPLES)
    try:
        yield server
    finally:
        server.stop()


def run_log(block, client):
    """The block's command is a server that logs; `client` causes the lines."""
    (command, expected), = block.commands
    words = command.split()
    with started([os.path.basename(words[0]), *words[1:]]) as server:
        shell(client, None, server.port)
        actual = "\n".join(server.lines(expected.count("\n") + 1))
    compare(block, command, actual, expected, server.port)


def run(block):
    """Throws WrongBlock if a command prints something other than the page shows."""
    if block.run.startswith("log while "):
        return run_log(block, block.run.removeprefix("log while "))
    folder = os.path.join(DOCS_BIN, block.page)
    folder = folder if os.path.isdir(folder) else None
    with started(block.run.split()) as server:
        port = server.port if server else None
        for command, expected in block.commands:
            typed = [match[2] for line in expected.split("\n") if (match := PROMPT.match(line))]
            actual = terminal(command, typed, port) if typed else shell(command, folder, port)
            compare(block, command, actual, expected, port)
