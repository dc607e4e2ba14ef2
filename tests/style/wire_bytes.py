"""Only the grammar's headers write type bytes and CRLF as literals; other code of lib/ and apps/ uses their names.

The check is strict: each character literal of such a byte, each string that is one such byte or contains a CR, and
the two bytes CR LF as one number. A literal that is no RESP is allowed below, with the reason.
"""

import re

import cpp
from tree import Finding

GRAMMAR = tuple(f"lib/include/libresp/codec/{name}.hpp" for name in ("type", "wire", "wire_write"))
BYTES = set("+-:$*_#,(!=%~|>")
ALLOWED = {
    ("lib/src/codec/inline.cpp", r"'\r'"): "the quoting of inline commands, which is redis-cli's and not RESP's",
    ("lib/src/codec/inline.cpp", r"'\n'"): "the quoting of inline commands, which is redis-cli's and not RESP's",
    ("lib/src/server/options.cpp", "':'"): "an IPv6 address",
    ("lib/src/server/options.cpp", '":"'): "the colon between an address and its port",
    ("lib/src/server/ending.cpp", '"*"'): "the preface of HTTP/2: PRI * HTTP/2.0",
    ("apps/resp-echo/log.hpp", r"'\n'"): "the end of a log line",
    ("apps/resp-echo/main.cpp", "','"): "the delimiter of a list in a flag",
}


def is_wire(token):
    if token.kind == "char":
        inside = token.text[token.text.index("'") + 1:-1]
        return inside in BYTES or inside in (r"\r", r"\n", r"\x0d", r"\x0a", r"\x0D", r"\x0A")
    if token.kind == "string":
        inside = token.text[token.text.index('"') + 1:-1]
        return inside in BYTES or re.search(r"(?<!\\)(\\\\)*\\(r|x0[dD]|015)", inside) is not None
    return token.kind == "number" and token.text.lower() in ("0x0a0d", "0x0d0a", "0xa0d", "0xd0a")


def check(tree, allowed=None):
    allowed = ALLOWED if allowed is None else allowed
    used = set()
    for file in tree.match("lib/*.hpp", "lib/*.cpp", "apps/*.hpp", "apps/*.cpp"):
        if file in GRAMMAR:
            continue
        for token in filter(is_wire, cpp.code(tree.text(file))):
            if (file, token.text) in allowed:
                used.add((file, token.text))
                continue
            yield Finding(file, token.line, f"{token.text} is a byte of the grammar: use its name from "
                                            "codec/wire.hpp or codec/type.hpp, or let resp::Encoder write it")
    for file, literal in allowed.keys() - used:
        yield Finding(file, 1, f"no {literal} is left here: delete its line in tests/style/wire_bytes.py")
