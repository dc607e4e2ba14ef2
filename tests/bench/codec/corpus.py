#!/usr/bin/env python3
"""Writes the inputs of the codec benchmarks: corpus.py FOLDER.

Each <name>.resp is a run of whole frames. The same seed gives the same bytes on every machine. What a
correct parser finds in them is counted while they are made, and stands in manifest.tsv: that is what
every measured parser is held to, so that none can be fast by being wrong. The columns:

    name        of the corpus
    form        command, inline, resp2 or resp3: what a parser must know to read it
    part        stream: the whole file; hot: the first frames of it, which a cache holds
    bytes       of this part
    frames      at the top level
    leaves      values that hold no others; a map of n pairs holds 2n values
    text_bytes  in strings, errors and numbers that are read as text (big numbers, doubles)
    integers    the sum of all integers, with true as 1 and false as 0, modulo 2^64
    crc         CRC-32 over every leaf, each followed by a line feed: a text as it is, an integer in
                decimal, a null as nothing
"""
import pathlib
import random
import sys
import zlib

SEED = 0x5EED
HOT_BYTES = 256 << 10
ALPHABET = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


class Source:
    """Random content of one corpus, cut from pools: much cheaper than a call for each byte."""

    def __init__(self, name):
        self.random = random.Random(f"{SEED}/{name}")
        self.bytes_pool = self.random.randbytes(1 << 20)
        self.text_pool = bytes(ALPHABET[byte & 63] for byte in self.random.randbytes(1 << 20))

    def text(self, low, high=None):
        return self.slice(self.text_pool, low if high is None else self.random.randint(low, high))

    def binary(self, n):
        return self.slice(self.bytes_pool, n)

    def slice(self, pool, n):
        begin = self.random.randrange(len(pool) - n)
        return pool[begin:begin + n]

    def integer(self):
        """Of mixed widths: mostly short, a tail of up to 19 digits, one of ten negative."""
        share = self.random.random()
        low, high = ((1, 3) if share < .50 else (4, 7) if share < .80 else
                     (8, 12) if share < .95 else (13, 19))
        digits = self.random.randint(low, high)
        most = min(10 ** digits - 1, 2 ** 63 - 1)
        value = self.random.randint(0 if digits == 1 else 10 ** (digits - 1), most)
        return -value if self.random.random() < .10 else value


class Writer:
    """Writes values as RESP and counts what a parser must find."""

    def __init__(self):
        self.leaves = self.text_bytes = self.integers = self.crc = 0

    def leaf(self, content):
        self.leaves += 1
        self.crc = zlib.crc32(content + b"\n", self.crc)

    def text(self, content, wire):
        self.leaf(content)
        self.text_bytes += len(content)
        return wire

    def number(self, value, wire):
        self.leaf(b"%d" % value)
        self.integers = (self.integers + value) % 2 ** 64
        return wire

    def bulk(self, content):
        return self.text(content, b"$%d\r\n%s\r\n" % (len(content), content))

    def verbatim(self, form, content):
        return self.text(content, b"=%d\r\n%s:%s\r\n" % (len(content) + 4, form, content))

    def line(self, type_byte, content):
        return self.text(content, b"%s%s\r\n" % (type_byte, content))

    def integer(self, value):
        return self.number(value, b":%d\r\n" % value)

    def boolean(self, value):
        return self.number(value, b"#t\r\n" if value else b"#f\r\n")

    def null(self, wire):
        self.leaf(b"")
        return wire

    def command(self, *words):
        return b"*%d\r\n" % len(words) + b"".join(map(self.bulk, words))


def set_command(source, out, i):
    return out.command(b"SET", b"key:%06d" % (i % 1000000), source.text(16))


def ping(source, out, i):
    return out.command(b"PING")


def commands(source, out, i):
    """A mix of traffic with no two neighbours alike: what a prediction must not be hurt by."""
    def key():
        return source.text(6, 32)

    def value():
        return source.text(1, 128) if draw.random() < .9 else source.text(129, 2000)

    draw = source.random
    share = draw.random()
    if share < .45:
        return out.command(b"GET", key())
    if share < .65:
        return out.command(b"SET", key(), value())
    if share < .72:
        return out.command(b"INCR", key())
    if share < .80:
        return out.command(b"HGET", key(), source.text(3, 12))
    if share < .86:
        return out.command(b"EXPIRE", key(), b"%d" % draw.randint(1, 1000000))
    if share < .92:
        return out.command(b"LPUSH", key(), *[value() for _ in range(draw.randint(1, 4))])
    return out.command(b"MGET", *[key() for _ in range(draw.randint(2, 12))])


def mset(source, out, i):
    """A command of 101 words: 50 keys and their values."""
    words = [b"MSET"]
    for _ in range(50):
        words += [b"key:%06d" % source.random.randrange(1000000), source.text(4, 40)]
    return out.command(*words)


def strings(source, out, i):
    """One frame of 50,000 strings: a parser that starts a cut frame again pays for it."""
    return out.command(*[source.text(8, 32) for _ in range(50000)])


def integers(source, out, i):
    return out.integer(source.integer())


def small_string(source, out):
    n = source.random.randint(4, 64)
    return out.bulk(source.binary(n) if source.random.random() < .1 else source.text(n))


def resp2(source, out, i):
    """A mix of replies: OK, integers, strings, nulls, errors, arrays of ten."""
    share = source.random.random()
    if share < .30:
        return out.line(b"+", b"OK")
    if share < .50:
        return out.integer(source.integer())
    if share < .80:
        return small_string(source, out)
    if share < .88:
        return out.null(b"$-1\r\n")
    if share < .90:
        return out.line(b"-", b"WRONGTYPE Operation against a key holding the wrong kind of value")
    elements = [b"*10\r\n"]
    for _ in range(10):
        share = source.random.random()
        elements.append(out.null(b"$-1\r\n") if share < .1 else
                        out.integer(source.integer()) if share < .2 else small_string(source, out))
    return b"".join(elements)


def decimal(source):
    draw = source.random
    if draw.random() < .03:
        return draw.choice([b"inf", b"-inf", b"nan"])
    return b"%.*g" % (draw.randint(2, 17), draw.uniform(-1e6, 1e6))


def resp3_scalar(source, out):
    draw = source.random
    kind = draw.randrange(8)
    if kind == 0:
        return out.line(b",", decimal(source))
    if kind == 1:
        return out.boolean(draw.random() < .5)
    if kind == 2:
        return out.null(b"_\r\n")
    if kind == 3:
        return out.integer(source.integer())
    if kind == 4:
        return out.line(b"+", source.text(2, 12))
    if kind == 5:
        sign = b"-" if draw.random() < .3 else b""
        return out.line(b"(", sign + b"%d" % draw.getrandbits(draw.randint(70, 200)))
    if kind == 6:
        return out.verbatim(draw.choice([b"txt", b"mkd"]), source.text(4, 60))
    return small_string(source, out)


def resp3(source, out, i):
    """Maps as of HGETALL, sets, pushes, and every scalar."""
    kind = source.random.randrange(10)
    if kind < 4:
        pairs = source.random.randint(1, 8)
        return b"%%%d\r\n" % pairs + b"".join(
            out.bulk(source.text(3, 16)) + resp3_scalar(source, out) for _ in range(pairs))
    if kind == 4:
        n = source.random.randint(1, 10)
        return b"~%d\r\n" % n + b"".join(out.bulk(source.text(3, 24)) for _ in range(n))
    if kind == 5:
        words = [b"message", b"chan:" + source.text(6), source.text(8, 100)]
        return b">3\r\n" + b"".join(map(out.bulk, words))
    return resp3_scalar(source, out)


def nested(source, out, i):
    """Eight arrays inside one another, each an integer, a string and the next array."""
    levels = [b"*3\r\n" + out.integer(source.random.randrange(1000)) + out.bulk(source.text(1, 12))
              for _ in range(8)]
    return b"".join(levels) + out.integer(7)


def inline(source, out, i):
    for word in (b"SET", b"foo", b"bar"):
        out.bulk(word)
    return b"SET foo bar\r\n"


# name: what makes a frame, its form, bytes of the stream. Where all frames are alike, and where they
# are as short as an integer, fewer bytes tell as much.
CORPORA = {
    "set": (set_command, "command", 8 << 20),
    "commands": (commands, "command", 8 << 20),
    "ping": (ping, "command", 1 << 20),
    "mset": (mset, "command", 4 << 20),
    "strings": (strings, "command", 4 << 20),
    "integers": (integers, "resp2", 2 << 20),
    "resp2": (resp2, "resp2", 8 << 20),
    "resp3": (resp3, "resp3", 8 << 20),
    "nested": (nested, "resp2", 4 << 20),
    "inline": (inline, "inline", 1 << 20),
}


def write_corpus(folder, name):
    """Returns the two lines of the manifest."""
    make, form, enough = CORPORA[name]
    source, out = Source(name), Writer()
    frames = []
    size = 0
    hot = None

    def found(part):
        row = (name, form, part, size, len(frames), out.leaves, out.text_bytes, out.integers, out.crc)
        return "\t".join(map(str, row)) + "\n"

    while size < enough:
        frames.append(make(source, out, len(frames)))
        size += len(frames[-1])
        if hot is None and size + len(frames[-1]) > HOT_BYTES:
            hot = found("hot")
    (folder / f"{name}.resp").write_bytes(b"".join(frames))
    return hot + found("stream")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = [write_corpus(folder, name) for name in CORPORA]
    (folder / "manifest.tsv").write_text("".join(rows))


if __name__ == "__main__":
    main()
