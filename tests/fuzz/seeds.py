"""Writes the seed corpora of the fuzzers: seeds.py VECTORS FOLDER makes FOLDER/<target>/<name>.

The seeds are the wires of the conformance vectors, behind the eight bytes that say how they are
decoded (input.hpp), as they are and a few in a row, since a bug may be in what one leaves behind."""

import json
import pathlib
import re
import shutil
import sys

LONGEST = 2048  # bytes; what is longer is a test's business, and would only slow the fuzzers down
SHORT = 100  # bytes; of these wires, limits that are small matter

READS = {"reply": 0, "request": 1}
ANYTHING = 2
ROOMY = 3  # replies, small limits not so small
SMALL = {"max_line": 0x04, "max_bulk": 0x08, "max_elements": 0x10, "max_depth": 0x20}
ALL_SMALL = 0x7C
WIDE = 0x80

WHOLE = bytes(7)
PIECES = bytes([0x55, 0x00, 0x30, 0xF0, 3, 255, 7])  # own and lent in turn, kept every now and then

REPEATED = [
    b"*1\r\n$4\r\nPINa\r\n",
    b"*2\r\n$3\r\nGEa\r\n$3\r\nkea\r\n",
    b"*3\r\n$3\r\nSET\r\n$3\r\nkea\r\n$0\r\n\r\n",
    b"*2\r\n$1\r\na\r\n$40\r\n" + 40 * b"a" + b"\r\n",
    b"*2\r\n$1\r\na\r\n$90\r\n" + 90 * b"a" + b"\r\n",
    b"*2\r\n$48\r\n" + 48 * b"a" + b"\r\n$9\r\n" + 9 * b"a" + b"\r\n",  # the last string begins at byte 64
    b"*2\r\n$47\r\n" + 47 * b"a" + b"\r\n$0\r\n\r\n",
    b"PING a b\r\n",
    b"*2\r\n+a\r\n:12345\r\n",
    b"*2\r\n*1\r\n$1\r\na\r\n~1\r\n$-1\r\n",
    b"%1\r\n$1\r\na\r\n,1.5\r\n",
    b">2\r\n$5\r\naaaaa\r\n=5\r\ntxt:a\r\n",
]

# Scripts of encoder_fuzz.cpp: a byte for the version, the verb, then what the verb asks for.
SCRIPTS = {
    "texts": b"\0\x08\x05a\r\nb\r\0\x09\x06ERR \r\n\0\x0a\x03x\n!\0\x0d\x03\0\r\n\0\x0b\x02hi\x03txt",
    "numbers": b"".join(bytes([0, verb]) + number for verb in range(8)
                        for number in (bytes(8), b"\xff" * 8, b"\0\0\0\0\0\0\xf8\x3f", b"\n\0\0\0\0\0\0\0")),
    "aggregates": b"".join(bytes([version, verb, 2]) + b"\x07\x0a" * 12 for version in (0, 1)
                           for verb in range(15, 24)),
    "chunks": b"\0\x0c\0\x03\x02ab\0\x03\r\n;",
}


def wire_of(vector):
    if "wire" in vector:
        return vector["wire"].encode("latin-1")
    return b"".join(text.encode("latin-1") * times for text, times in vector["wire_parts"])


def setup_of(vector):
    return READS[vector["mode"]] | sum(SMALL[name] for name in vector.get("limits", {}))


def codec_seeds(vectors):
    """Name and bytes of each seed of the targets that decode."""
    wires = [(v["id"].replace("/", "-"), setup_of(v), wire_of(v)) for v in vectors]
    wires = [seed for seed in wires if len(seed[2]) <= LONGEST]
    for name, setup, wire in wires:
        yield name, bytes([setup]) + WHOLE + wire
        yield name + "-cut", bytes([setup]) + PIECES + wire
        if len(wire) <= SHORT:
            yield name + "-small", bytes([setup | ALL_SMALL]) + WHOLE + wire
            yield name + "-again", bytes([setup]) + WHOLE + 4 * wire
        if re.search(rb"\d{6}", wire):  # a large number may overflow where no limit stops it
            yield name + "-wide", bytes([setup | WIDE]) + WHOLE + wire
    for i in range(0, len(wires) - 4, 4):
        row = b"".join(wire for _, _, wire in wires[i:i + 4])
        yield f"row-{i}", bytes([wires[i][1] & 3]) + PIECES + row
    for i, frame in enumerate(REPEATED):  # a decoder may take a shorter way where frames look alike
        for setup in (READS["reply"], READS["request"], ANYTHING, ROOMY | ALL_SMALL):
            like = frame.replace(b"a", b"b")
            yield f"alike-{i}-{setup}", bytes([setup]) + WHOLE + frame + like + frame + like + like
            yield f"alike-{i}-{setup}-cut", bytes([setup]) + PIECES + 3 * (frame + like)
    for bits in (31, 32, 63, 64):  # where sums of lengths overflow
        for length in (2 ** bits - 14, 2 ** bits - 2, 2 ** bits - 1, 2 ** bits):
            for kind in b"$!=*%":
                header = bytes([kind]) + str(length).encode() + b"\r\n"
                yield f"bound-{kind:02x}-{length}", bytes([WIDE]) + WHOLE + header + 20 * b"a"
    deep = b"*1\r\n" * 130
    yield "deep", bytes([WIDE]) + WHOLE + deep
    yield "deep-attributes", bytes([WIDE]) + PIECES + b"|0\r\n" * 127 + b"*0\r\n"
    yield "numbers", bytes(8) + (b":-9223372036854775808\r\n:+9223372036854775807\r\n:+0\r\n(-0\r\n"
                                 b",-0\r\n,-nan\r\n,+1.5\r\n,+inf\r\n,-NAN(0x8000)\r\n,5e-324\r\n,1e-400\r\n,1.7976931348623159e308\r\n")
    yield "anything", bytes([ANYTHING]) + PIECES + b"PING\r\n:1\r\n\r\n*1\r\n$1\r\na\r\nSET 'a b' \"\\x41\"\n"


def things(*pairs):
    """What happens to the clients of server_fuzz.cpp: (client, action, amount), as in its act()."""
    return bytes([len(pairs)]) + b"".join(bytes([client + 4 * action, amount]) for client, action, amount in pairs)


SEND, RUN, TELL, POSTED, MOST_READ, MOST_WRITE, ROOM, TELLS = 0, 2, 3, 4, 5, 6, 7, 8
FINISH, FAIL, FAILS_AT, PUSH, CLOSE, PASS, OPEN, DRAIN, ANSWER, LONG, FORCE = 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19

# The ways in which streams of the server's clients are bad.
HAPPENINGS = {
    "whole": [],
    "pieces": [(0, MOST_READ, 3), (0, MOST_WRITE, 2), (0, SEND, 5), (0, RUN, 0), (0, SEND, 1), (0, TELL, 0)],
    "two": [(0, SEND, 9), (0, PUSH, 9), (1, SEND, 30), (0, TELL, 0), (1, TELL, 0), (1, PUSH, 40), (1, FINISH, 0)],
    "stuck": [(0, ROOM, 4), (0, SEND, 0), (0, RUN, 0), (0, PUSH, 50), (0, PASS, 20), (0, ROOM, 9), (0, RUN, 0)],
    "late": [(0, SEND, 3), (0, PASS, 50), (0, SEND, 8), (0, RUN, 0), (0, PASS, 60), (0, SEND, 0), (0, PASS, 99)],
    "stop": [(0, SEND, 20), (1, SEND, 20), (0, DRAIN, 0), (0, POSTED, 0), (0, SEND, 3), (0, PASS, 9)],
    "break": [(1, FAILS_AT, 4), (1, SEND, 20), (0, SEND, 20), (0, RUN, 0), (0, FAIL, 0)],
    "gate": [(0, SEND, 0), (0, RUN, 0), (0, PUSH, 5), (0, POSTED, 0), (0, OPEN, 0), (0, POSTED, 0), (0, PASS, 120),
             (0, FORCE, 1), (0, CLOSE, 0)],
    "answers": [(0, SEND, 0), (0, RUN, 0), (0, ANSWER, 3), (0, PUSH, 5), (0, RUN, 0), (0, ANSWER, 0), (0, POSTED, 0)],
    "long": [(0, LONG, 1), (0, RUN, 0), (0, SEND, 20), (0, LONG, 103), (0, TELL, 0), (0, RUN, 0), (0, SEND, 0)],
}
MIXED = 0x80  # the handler is of all kinds

# What the handlers of server_fuzz.cpp know, by the first letter.
VERBS = [b"PUSH", b"THROW", b"XPUSH", b"QUIT", b"SHUT", b"NONE", b"BIG", b"3", b"2", b"WAIT", b"GATE", b"YPUSH"]


def server_seeds(vectors):
    """Name and bytes of each seed of the server: setup, greetings, what happens, the wire."""
    wires = {f"verbs-{i}": b"PING\r\n" + b"\r\n".join(VERBS[i:] + VERBS[:i]) + b"\r\nPING\r\n"
             for i in range(len(VERBS))}
    wires |= {v["id"].replace("/", "-"): wire_of(v) for v in vectors if v["mode"] == "request"}
    wires["http"] = b"POST / HTTP/1.1\r\nHost: a\r\n\r\nPING\r\n"
    wires["http2"] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    wires["tls"] = b"\x16\x03\x01\x02\x00\x01\x00"
    wires["long"] = b"*2\r\n$4\r\nECHO\r\n$300\r\n" + 300 * b"a" + b"\r\nB a b c d\r\nPING\r\n"
    for i, (name, wire) in enumerate(wires.items()):
        if len(wire) > LONGEST:
            continue
        for j, (happening, what) in enumerate(HAPPENINGS.items()):
            if not name.startswith("verbs") and happening != "whole" and (i + j) % 4:
                continue  # one in four is enough of these
            for setup in (0x00, 0x01) if name.startswith("verbs") else ((i % 4) | (0x1C if i % 3 == 0 else 0),):
                yield f"{name}-{happening}-{setup}", bytes([setup, i % 7]) + things(*what) + wire
            if name.startswith("verbs"):
                yield f"{name}-{happening}-mixed", bytes([i % 4, i % 7 | MIXED]) + things(*what) + wire


def main():
    vectors_path, folder = map(pathlib.Path, sys.argv[1:])
    vectors = [json.loads(line) for line in vectors_path.read_text(encoding="ascii").splitlines()]
    decoding = dict(codec_seeds(vectors))
    is_request = lambda seed: seed[0] & 3 != 0
    corpora = {target: decoding for target in ("client", "oracle", "round_trip", "split", "tokens")}
    corpora["inline"] = {name: seed for name, seed in decoding.items() if is_request(seed)}
    corpora["encoder"] = SCRIPTS
    corpora["server"] = dict(server_seeds(vectors))
    for target, seeds in corpora.items():
        shutil.rmtree(folder / target, ignore_errors=True)
        (folder / target).mkdir(parents=True)
        for name, seed in seeds.items():
            (folder / target / name).write_bytes(seed)


main()
