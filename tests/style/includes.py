"""The layers include downwards only, and the public headers keep Asio, fmt and <iostream> out.

    tls ------> server (its public headers)
    service --> server, codec (their public headers)
    server ---> codec
    codec ----> nothing

Every direct include of every file below lib/ is checked, in all branches of #if. So no path of several includes can
break the rule either: its first forbidden step is found.
"""

import posixpath
import re

import cpp
from tree import Finding

PUBLIC = "lib/include/"
ROOM = re.compile(r"lib/(?:include/libresp|src)/([a-z]+)(?:/|\.hpp$)")
INCLUDE = re.compile(r"\s*#\s*include(?:_next)?\s*(?:<([^>]+)>|\"([^\"]+)\"|(.+))")
MAY_INCLUDE = {
    "codec": {"codec"},
    "server": {"server", "codec"},
    "service": {"service", "server", "codec"},
    "tls": {"tls", "server", "codec"},
}
ONLY_PUBLIC = {"service", "tls"}  # of the layers below
ONLY_IN = {  # of the public headers
    "asio": ("lib/include/libresp/server/asio.hpp", "lib/include/libresp/server/detail/async_send.hpp"),
    "fmt": ("lib/include/libresp/codec/format.hpp",),
    "iostream": ("no public header",),
}
STOPS_THE_COMPILER = "libresp/stop_here"  # is missing on purpose, for a compiler that is not in C++20 mode


def layer_of(file):
    """codec, server, service or tls; "base" for version.hpp, which stands below all of them."""
    room = ROOM.match(file)
    return room.group(1) if room and room.group(1) in MAY_INCLUDE else "base"


def is_public(file):
    return file.startswith(PUBLIC) and "/detail/" not in file


def includes(tree, file):
    """(line, name as written, the project's file or None) of each include."""
    for directive in cpp.directives(tree.text(file)):
        include = INCLUDE.match(directive.text)
        if not include:
            continue
        system, beside, computed = include.groups()
        name = system or beside or computed.strip()
        local = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        target = local if beside and tree.exists(local) else PUBLIC + name
        line = directive.line + directive.text.count("\n", 0, include.start())
        yield line, name, computed is not None, target if tree.exists(target) else None


def check(tree):
    for file in tree.match("lib/*.hpp", "lib/*.cpp"):
        for line, name, computed, target in includes(tree, file):
            fault = fault_of(file, name, computed, target)
            if fault:
                yield Finding(file, line, fault)


def fault_of(file, name, computed, target):
    layer = layer_of(file)
    if computed:
        return f"an include of a macro, {name}: write the file's name, so that this test can follow it"
    if target is not None:
        return arrow_fault(layer, target, name)
    if name.startswith("libresp/") and name != STOPS_THE_COMPILER:
        return f"there is no {name} below {PUBLIC}: correct the name"
    return library_fault(file, layer, re.match(r"\w+", name).group())


def arrow_fault(layer, target, name):
    below = layer_of(target)
    if below not in MAY_INCLUDE.get(layer, set()) | {"base"}:
        return f"{layer} must not include {name}, which belongs to {below}: move what both need into {layer}"
    if layer in ONLY_PUBLIC and below not in (layer, "base") and not is_public(target):
        return f"{layer} includes only public headers of {below}, and {name} is none: use what every user can have"
    return None


def library_fault(file, layer, library):
    if library == "asio" and layer in ("codec", "base"):
        return "the codec must not use Asio: move what needs it into server"
    if file.startswith(PUBLIC) and library in ONLY_IN and file not in ONLY_IN[library]:
        home = ONLY_IN[library][0]
        return f"{home.removeprefix(PUBLIC)} may include {library}, other public headers may not: declare its names"
    return None
