"""Bugs of the server's engine that the simulator must find, besides those of the server in tests/fuzz/bugs_known.py.

If you change a line of the library that a bug replaces, change it here too: find_bugs.py --check fails until you do."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fuzz"))
from bugs_known import BUGS as FUZZED, Bug  # noqa: E402


def bug(name, file, old, new):
    return Bug(name, "simulator", f"src/server/{file}", old, new)


BUGS = [known for known in FUZZED if known.target == "server"] + [
    bug("a stop drops what the next read returns", "batch.cpp",
        "if (receipt == Receipt::end || (receipt == Receipt::nothing && drains)) stop_reading({});",
        "if (receipt == Receipt::end || drains) stop_reading({});"),
    bug("a connection that is held back is never read again", "batch.cpp",
        "    held_back_ = is_held_back();\n", "    held_back_ = held_back_ || is_held_back();\n"),
    bug("requests that were left wait for more input", "batch.cpp",
        "next_ = left_requests ? Next::handle : Next::read;", "next_ = Next::read;"),
    bug("a connection that closes keeps its memory counted", "ending.cpp",
        "stream_.reset();\n    account();\n", "stream_.reset();\n"),
    bug("on_close() is called twice after a protocol error", "ending.cpp",
        "adapter->closed(reason_);",
        "adapter->closed(reason_);\n"
        "    if (reason_ == std::errc::protocol_error) adapter->closed(reason_);"),
    bug("a push is lost while a write is blocked", "sending.cpp",
        "        queue_.push(push, push->size());\n        flush();\n",
        "        if (!waiting_.write) queue_.push(push, push->size());\n        flush();\n"),
    bug("a push waits for the next request", "sending.cpp",
        "        queue_.push(push, push->size());\n        flush();\n", "        queue_.push(push, push->size());\n"),
    bug("a push stands before the replies that were queued first", "send_queue.cpp",
        "    move_output_to_pieces();\n    pieces().add(std::move(payload), pushed);",
        "    pieces().add(std::move(payload), pushed);"),
    bug("a waiting handler loses its request", "awaiting.cpp",
        "    if (kept_ != nullptr) put_away_decoder();\n", "    put_away_decoder();\n"),
    bug("the drain deadline is ignored", "worker.cpp",
        "if (draining_ && now_ >= drain_by_) abort();\n", ""),
    bug("a client that does not read is kept", "write_progress.hpp",
        "if (since_ != next_tick) patience_ -= elapsed;", "if (since_ == next_tick) patience_ -= elapsed;"),
    bug("the output of a waiting coroutine is given back", "session.cpp",
        "    if (queue_.has_output() && !in_use) {",
        "    if (queue_.has_output()) {"),
    bug("a connection that lingers is never closed", "ending.cpp",
        "if (now - linger_.since >= linger_time) shut({});", ""),
    bug("the memory of a queue is not bounded", "memory.cpp",
        "cannot_free_ = !free_memory(memory_target(), Which::all);", ""),
]
