#!/usr/bin/env python3
"""Row 20: one message to many subscribers takes the memory of one message.

With max_memory of 64 MiB, a client publishes 20 MiB to 40 subscribers, then, on another server, 4 MiB to 300. The
subscribers begin to read when the publisher has its reply: until then the server holds the message for all of them.
Each must receive every byte. Then 40 MiB are published, which is more than max_pushes (32 MiB): the server must
refuse them, and each subscriber must still receive the next message. With max_memory of 256 MiB, only max_pushes can
refuse them.

    pass:   memory grows by <= 1.1 x max_memory + 32 MiB at any moment; 40 MiB are refused, nobody is unsubscribed
    short:  tests/soak/pushes.py           each message once; seconds
    long:   tests/soak/pushes.py --long    each message 10 times
"""

import contextlib

from crowd import Crowd
from servers import Server
from support import MIB, PATIENCE, Verdict, close_all, connect, flags, read, require, run
from wire import bulk, command

MAX_MEMORY = 64 * MIB
CASES = [(20 * MIB, 40, MAX_MEMORY), (4 * MIB, 300, MAX_MEMORY), (20 * MIB, 40, 4 * MAX_MEMORY)]
REFUSED = 40 * MIB
SUBSCRIBE = command(b"SUBSCRIBE")


def push(options, verdict):
    times = 10 if options.long else 1
    for size, n, max_memory in CASES:
        growth = push_to(options, verdict, size, n, max_memory, times)
        verdict.add(f"{times} x {size // MIB} MiB to {n} subscribers, max_memory {max_memory // MIB} MiB: memory grows "
                    f"by {growth / MIB:.1f} MiB")
        verdict.judge_size_or_speed(growth <= 1.1 * max_memory + 32 * MIB, f"memory grows by {growth / MIB:.0f} MiB")
    verdict.add(f"{REFUSED // MIB} MiB refused {len(CASES)} times")


def push_to(options, verdict, size, n, max_memory, times):
    """By how many bytes memory has grown, at most."""
    server = Server(options.tools / "testserver", "--max-memory", str(max_memory))
    with verdict.judge_for(server).warm_up(), contextlib.ExitStack() as stack:
        publisher = stack.enter_context(connect(server.port))
        subscribers = [connect(server.port) for _ in range(n)]
        stack.callback(close_all, subscribers)
        for one in subscribers:
            one.sendall(SUBSCRIBE)
            require(read(one, len(SUBSCRIBE)) == SUBSCRIBE, "SUBSCRIBE is not confirmed")
        base = server.memory()
        for _ in range(times):
            deliver(publisher, subscribers, options.random.randbytes(size))
        growth = server.most_memory() - base
        require(publish(publisher, bytes(REFUSED)) == 0, f"{REFUSED} bytes are not refused")
        deliver(publisher, subscribers, options.random.randbytes(1024))
        return growth


def deliver(publisher, subscribers, message):
    receivers = publish(publisher, message)
    require(receivers == len(subscribers), f"{len(message)} bytes go to {receivers} of {len(subscribers)} subscribers")
    with Crowd(subscribers) as crowd:
        receive_by_all(crowd, memoryview(bulk(message)))


def publish(publisher, message):
    """The reply: how many clients it was sent to."""
    publisher.sendall(command(b"PUBLISH", message))
    reply = b""
    while not reply.endswith(b"\r\n"):
        reply += read(publisher, 1)
    require(reply[:1] == b":", f"the reply to PUBLISH is {reply}")
    return int(reply[1:])


def receive_by_all(crowd, expected):
    at = {one: 0 for one in crowd.sockets.values()}
    room = memoryview(bytearray(MIB))
    while crowd.sockets:
        ready = crowd.readable(PATIENCE)
        require(ready, f"{len(crowd.sockets)} subscribers wait for their bytes")
        for one in ready:
            size = one.recv_into(room)
            require(size, "a subscriber is disconnected")
            require(room[:size] == expected[at[one]:at[one] + size], "a subscriber receives other bytes")
            at[one] += size
            if at[one] == len(expected):
                crowd.forget(one)


if __name__ == "__main__":
    run(Verdict("row 20", "pushes", "<= 1.1 x max_memory + 32 MiB; 40 MiB refused, nobody unsubscribed"), push,
        flags(__doc__), seconds=280)
