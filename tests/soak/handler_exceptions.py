#!/usr/bin/env python3
"""Row 14, seen from outside: a handler that throws costs its own connection, and nothing else.

20 clients pipeline ECHOs; 1 request in 1,000 is one whose handler throws, in turn an exception, an int and a
bad_alloc, after it has written a part of its reply. The client of that request must read all earlier replies,
`-ERR internal error` and a FIN, and comes again; all other clients must read their echoes, in order. At the end
the server must have counted exactly these exceptions. Half of the requests go to a plain handler, half to a
coroutine that throws after it has waited.

    pass:   that connection only; no other byte differs
    short:  tests/soak/handler_exceptions.py           40,000 requests
    long:   tests/soak/handler_exceptions.py --long    1,000,000 requests, seconds
"""

import contextlib
import re

from servers import Server
from support import Verdict, close_all, connect, flags, read, read_to_end, require, run
from wire import command

CLIENTS = 20
BATCH = 50
SHARE = 1 / 1000
KINDS = [b"exception", b"int", b"bad_alloc"]
LAST_WORDS = b"-ERR internal error\r\n"


def throw(options, verdict):
    n = options.requests or (1_000_000 if options.long else 40_000)
    total = {"requests": 0, "thrown": 0, "lost": 0}
    for handler in ([], ["--coroutine"]):
        server = verdict.judge_for(Server(options.tools / "testserver", *handler)).warm_up()
        with server, contextlib.ExitStack() as stack:
            base = server.descriptors()
            clients = [Client(server.port, options.random) for _ in range(CLIENTS)]
            stack.callback(close_all, clients)
            requests = talk(clients, n // 2)
            thrown = sum(client.thrown for client in clients)
            close_all(clients)
            server.seconds_back_to(base)
            server.stop()
            counted = int(re.search(r"handler_errors (\d+)", server.output[-1])[1])
            require(counted == thrown, f"the server counts {counted} exceptions, its clients {thrown}")
            total["requests"] += requests
            total["thrown"] += thrown
    verdict.add(f"{total['requests']} requests, {total['thrown']} threw and lost their connection, none other was lost "
                "or disturbed")
    verdict.judge(total["thrown"] > 0, "none threw")


def talk(clients, n):
    """All have a batch in flight at a time, so that those of others stand beside one that throws."""
    requests = 0
    while requests < n:
        for client in clients:
            client.send()
        for client in clients:
            requests += client.receive()
    return requests


class Client:
    """Sends batches, and knows what must come back for each."""

    def __init__(self, port, random):
        self.port = port
        self.random = random
        self.socket = connect(port)
        self.thrown = 0
        self.echoes = [command(b"ECHO", b"%d" % random.randrange(1 << random.randrange(40))) for _ in range(100)]

    def send(self):
        self.batch = self.random.choices(self.echoes, k=BATCH)
        self.throws_at = next((i for i in range(BATCH) if self.random.random() < SHARE), None)
        if self.throws_at is not None:
            # What stands behind it is sent too, and must not be handled.
            self.batch[self.throws_at] = command(b"THROW", KINDS[self.thrown % len(KINDS)])
        self.socket.sendall(b"".join(self.batch))

    def receive(self):
        """How many requests were handled."""
        expected = b"".join(self.batch[:self.throws_at])
        if self.throws_at is None:
            require(read(self.socket, len(expected)) == expected, "other bytes come back")
            return BATCH
        replies = read_to_end(self.socket)
        require(replies == expected + LAST_WORDS, f"after an exception: {replies[-80:]}")
        self.socket.close()
        self.socket = connect(self.port)
        self.thrown += 1
        return self.throws_at + 1

    def close(self):
        self.socket.close()


if __name__ == "__main__":
    run(Verdict("row 14", "handler exceptions", "that connection only"), throw,
        flags(__doc__, requests=(int, "how many")), seconds=600)
