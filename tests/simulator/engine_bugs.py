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
    bug("a paused connection is never resumed", "worker.cpp",
        "if (end_shortage()) for_each([](Session& session) { session.pause(false); });",
        "static_cast<void>(end_shortage());"),
    bug("requests that were held back wait for more input", "batch.cpp",
        "next_ = decoder_ != nullptr ? Next::handle : Next::read;", "next_ = Next::read;"),
    bug("a connection that closes keeps its memory counted", "ending.cpp",
        "give_back(std::move(out_));\n    account();\n", "give_back(std::move(out_));\n"),
    bug("on_close() is called twice after a protocol error", "ending.cpp",
        "adapter->closed(reason_);",
        "adapter->closed(reason_);\n"
        "    if (reason_ == std::errc::protocol_error) adapter->closed(reason_);"),
    bug("a push is lost while a write is blocked", "output.cpp",
        "if (out.pushes.empty()) return;\n",
        "if (out.pushes.empty()) return;\n    if (waiting_.write) return out.pushes.release();\n"),
    bug("a push waits for the next request", "output.cpp",
        "out.pushes.release();\n    out.end_reply();\n    flush();\n",
        "out.pushes.release();\n    out.end_reply();\n"),
    bug("the drain deadline is ignored", "worker.cpp",
        "if (draining_ && now_ >= drain_by_) abort();\n", ""),
    bug("a client that does not read is kept", "output.cpp",
        "if (stalled_ == Clock::time_point{}) stalled_ = next_tick;\n", ""),
    bug("a client that could not be served keeps its place", "worker.cpp",
        "    --shared_->connections;\n    shared_->log(LogLevel::warn, \"[server] Cannot",
        "    shared_->log(LogLevel::warn, \"[server] Cannot"),
    bug("the buffers of a waiting coroutine are given back", "session.cpp",
        "const bool keeps_all = activity_ == Activity::awaiting;", "const bool keeps_all = false;"),
    bug("a connection that lingers is never closed", "ending.cpp",
        "if (now - begun_ >= linger_time) shut({});", ""),
    bug("the memory of a queue is not bounded", "memory.cpp",
        "if (is_memory_over(2)) close_largest();\n", ""),
]
