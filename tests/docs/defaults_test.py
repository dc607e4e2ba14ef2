"""The defaults in the tables of docs/server.md, docs/decoding.md and SECURITY.md are those of the headers."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "ms": 1, "s": 1000}

# Members without a number: what follows the name in the header, and how the tables write it. Otherwise `{}` and "none".
WORDS = {
    "addresses": ('std::vector<std::string>(1, "127.0.0.1")', '`{"127.0.0.1"}`'),
    "unix_permissions": ("", "umask"),
    "connection_rate": ("", "no limit"),
    "limits": ("", "see [limits](decoding.md#limits)"),
    "reads": ("Reads::commands", "`Reads::commands`"),
    "log": ("", "no sink"),
    "max_depth": ("", "128 with `Reads::replies`, otherwise 32"),
}

# The beginning of a row of SECURITY.md, and that of its bound in the library.
BOUNDS = [
    ("a line:", "{max_line:bytes}"),
    ("one string", "{max_bulk:bytes}"),
    ("elements of one aggregate", "{max_elements:count}"),
    ("depth of nested aggregates", "{request_depth} in requests, {reply_depth} in replies; "
                                   "the option cannot exceed {depth_ceiling:count}"),
    ("one whole frame", "{max_frame:bytes}; the option cannot exceed 4 GiB"),
    ("a word that a handler", "{max_stream:bytes}, "),
    ("memory of all connections", "{max_memory:bytes}, "),
    ("one reply", "{max_reply:bytes}, and up to {reply_margin:bytes} more."),
    ("replies of one client that are written", "{batch_output:bytes}, "),
    ("open deferred replies", "{max_deferred:count}, "),
    ("pushes that wait", "{max_pushes:bytes}; "),
    ("connections, also", "{max_connections:count}."),
    ("connections of one address", "no bound; `max_connections_per_address`"),
    ("new connections of one address", "no bound; `connection_rate`"),
    ("time to complete a frame", "{frame_deadline:time}, plus 1 s for each KiB"),
    ("time until the first request", "no bound; `first_request_timeout`"),
    ("time without a request", "no bound; `idle_timeout`"),
    ("time in which a client takes none", "{write_stall:time}"),
    ("rate at which a client must take its queued output, on average over {write_stall:time}",
     "{write_rate:bytes}/s, or the bytes queued divided by {write_time:time} "),
    ("time for the last replies at a stop", "{drain_deadline:time}"),
    ("idle time, until TCP probes", "{keepalive:time}"),
]
# The same for resp-echo, where its default differs or has a flag.
ECHO_BOUNDS = [
    ("one string", "{--max-bulk:bytes}, `--max-bulk`"),
    ("elements of one aggregate", "{max_elements:count}"),
    ("time until the first request", "{--first-request-timeout} s, `--first-request-timeout`"),
    ("time without a request", "{--idle-timeout} s, `--idle-timeout`"),
]


class Amount(int):
    """A number of bytes, of things or of milliseconds, that formats as the pages write it."""

    def __format__(self, kind):
        if kind == "count":
            return f"{int(self):,}"
        if kind == "time":
            return f"{self // 1000} s"
        if kind != "bytes":
            return str(int(self))
        for unit, size in reversed([(unit, size) for unit, size in UNITS.items() if unit.endswith("iB")]):
            if self >= size:
                rest = f" + {Amount(self % size):bytes}" if self % size else ""
                return f"{self // size} {unit}{rest}"
        return f"{int(self)}"


def arithmetic(expression):
    """`(std::size_t{512} << 20) + 64 * 1024` as a number; None for anything else."""
    plain = re.sub(r"std::\w+\{(\w+)\}|'", r"\1", expression)
    return Amount(eval(plain)) if re.fullmatch(r"[\d()<*+ -]+", plain) else None  # nothing but digits and operators


def members(text, name):
    """{member: its default} of a struct, in its order: a number if it is one, times in milliseconds; or the text."""
    body = re.search(rf"^struct {name} \{{\n(.*?)^\}};", text, re.MULTILINE | re.DOTALL)[1]
    found = {}
    for type_, member, after, inside in re.findall(r"^    (\w.*?)\b(\w+)(?: = (.*)|\{(.*)\});$", body, re.MULTILINE):
        default = arithmetic(after or inside)
        if default is not None and "chrono::seconds" in type_:
            default = Amount(default * 1000)
        found[member] = after or inside if default is None else default
    return found


def constants(text):
    found = re.findall(r"constexpr std::size_t (\w+) = ([^;]+);", text)
    return {name: number for name, value in found if (number := arithmetic(value)) is not None}


def rows(page, heading):
    """The cells of each row of the table whose first line begins with `heading`."""
    table = re.search(rf"^{re.escape(heading)}.*\n\|---.*\n((?:\|.*\n)+)", page, re.MULTILINE)[1]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def number(cell):
    """`512 MiB + 64 KiB`, `10,000` or `0, disabled` as a number."""
    parts = re.sub(r", (disabled|no limit)$", "", cell).split(" + ")
    matches = [re.fullmatch(r"([\d,]+)(?: (\w+))?", part) for part in parts]
    if None in matches:
        return None
    return sum(int(match[1].replace(",", "")) * UNITS[match[2] or ""] for match in matches)


class Defaults(unittest.TestCase):
    def setUp(self):
        limits = (ROOT / "lib/include/libresp/codec/limits.hpp").read_text()
        self.limits = members(limits, "Limits")
        self.constants = constants(limits)
        self.options = members((ROOT / "lib/include/libresp/server/options.hpp").read_text(), "Options")
        self.security = rows((ROOT / "SECURITY.md").read_text(), "| what | library |")
        flags = (ROOT / "apps/resp-echo/flags.cpp").read_text()
        numbers = re.findall(r'"(?:-\w,)?(--[\w-]+)", "\w+", "\w+", "(\d+)"', flags)
        self.flags = {name: Amount(value) for name, value in numbers}
        self.flags["max_elements"] = arithmetic(re.search(r"limits\.max_elements = ([\d']+);", flags)[1])

    def check(self, page, heading, defaults):
        table = {row[0].strip("`"): row[1] for row in rows((ROOT / page).read_text(), heading)}
        self.assertEqual(list(table), list(defaults))  # all of them, in the order of the header
        for name, default in defaults.items():
            with self.subTest(name):
                if isinstance(default, Amount):
                    self.assertEqual(number(table[name]), default)
                else:
                    self.assertEqual((default, table[name]), WORDS.get(name, ("", "none")))

    def check_security(self, column, bounds, amounts):
        for what, bound in bounds:
            with self.subTest(what):
                what, bound = what.format_map(amounts), bound.format_map(amounts)
                found = [row[column] for row in self.security if row[0].startswith(what)]
                self.assertEqual([cell[:len(bound)] for cell in found], [bound])

    def test_the_table_of_options(self):
        self.check("docs/server.md", "| `Options::` | default |", self.options)

    def test_the_table_of_limits(self):
        self.check("docs/decoding.md", "| `Limits::` | default |", self.limits)
        self.assertEqual((self.constants["reply_depth"], self.constants["request_depth"]), (128, 32))  # of max_depth

    def test_the_bounds_in_the_page_on_security(self):
        amounts = self.options | self.limits | self.constants
        amounts["reply_margin"] = Amount(self.options["batch_output"] + 64 * 1024)
        self.check_security(1, BOUNDS, amounts)
        self.assertEqual(self.options["frame_rate"], 1024)
        for name in ("max_connections_per_address", "first_request_timeout", "idle_timeout"):
            self.assertEqual(self.options[name], 0, name)

    def test_the_bounds_of_resp_echo_in_the_page_on_security(self):
        self.check_security(2, ECHO_BOUNDS, self.flags)
        self.assertEqual(self.flags["--max-connections"], self.options["max_connections"])
        self.assertEqual(self.flags["--drain-timeout"] * 1000, self.options["drain_deadline"])

    def test_numbers_are_read_and_written(self):
        self.assertEqual([number(cell) for cell in ("512 MiB + 64 KiB", "10,000", "0, disabled", "30 s", "none")],
                         [(512 << 20) + (64 << 10), 10_000, 0, 30_000, None])
        self.assertEqual(f"{Amount((512 << 20) + (64 << 10)):bytes}", "512 MiB + 64 KiB")
        self.assertEqual(arithmetic("(std::size_t{512} << 20) + 64 * 1'024"), (512 << 20) + 65_536)


if __name__ == "__main__":
    unittest.main()
