#!/usr/bin/env python3
"""Row 13: SIGTERM loses no request that was sent before it, and cuts no reply.

50 clients keep 50 requests each in flight. At a random moment comes SIGTERM. A third of the clients falls silent
then, a third has the first part of one request more on its way, and a third goes on sending until it sees the
end. On loopback, what send() took before the signal is in the server's receive buffer: each request that is
whole there must be answered, in order, and then must come a FIN. A request that was sent later may be answered;
no reply may be cut.

    pass:   all requests fully written before the signal answered, 0 RST, 0 partial frames, exit 0 in <= 5 s
    short:  tests/soak/drain.py           5 runs
    long:   tests/soak/drain.py --long    50 runs, a minute
"""

import contextlib
import time

from crowd import Crowd
from servers import warm_echo
from support import MIB, PATIENCE, Verdict, close_all, connect, flags, require, run
from wire import command

CLIENTS = 50
PIPELINE = 50
MOST_SECONDS = 5.0
SILENT, CUT, GOES_ON = range(3)


def drain(options, verdict):
    runs = 50 if options.long else 5
    results = [one_run(options, verdict) for _ in range(runs)]
    seconds = [result["seconds"] for result in results]
    total = {key: sum(result[key] for result in results) for key in results[0]}
    verdict.add(f"{runs} runs, {total['written']} requests in flight at the signal, {total['lost']} of them not "
                f"answered, {total['later']} later ones answered, {total['resets']} RST, {total['partial']} partial "
                f"frames, exit 0 after {max(seconds):.2f} s at most")
    for key in ("lost", "resets", "partial", "wrong"):
        verdict.judge(total[key] == 0, f"{total[key]} {key}")
    verdict.judge(total["written"] > 0, "no request was in flight")
    verdict.judge_size_or_speed(max(seconds) <= MOST_SECONDS, f"it ends after {max(seconds):.2f} s")


def one_run(options, verdict):
    random = options.random
    with warm_echo(options, verdict) as server, contextlib.ExitStack() as stack:
        sockets = [connect(server.port) for _ in range(CLIENTS)]
        stack.callback(close_all, sockets)
        clients = {one: Client(one, random, i % 3) for i, one in enumerate(sockets)}
        with Crowd(sockets) as crowd:
            talk(crowd, clients, until=time.monotonic() + random.uniform(0.05, 0.3))
            for client in clients.values():
                client.refill()
            for client in clients.values():
                client.signalled()
            begun = time.monotonic()
            server.terminate()
            talk_to_the_end(crowd, clients)
        server.wait_for_end()
        seconds = time.monotonic() - begun
    return {"seconds": seconds, **{key: sum(client.result(key) for client in clients.values())
                                   for key in ("written", "lost", "later", "resets", "partial", "wrong")}}


class Client:
    """Counts requests, not bytes: `ends` holds where each of them ends in the stream, which is the replies' too."""

    def __init__(self, one, random, manner):
        self.socket = one
        self.random = random
        self.manner = manner
        self.stream = bytearray()  # all bytes to send, ever
        self.ends = []
        self.sent = self.received = 0
        self.answered = 0  # whole replies
        self.due = None  # whole requests written before the signal
        self.answered_before = 0
        self.ended = self.reset = self.wrong = False

    def refill(self):
        """As many requests as keep the pipeline full."""
        while len(self.ends) - self.answered < PIPELINE:
            self.stream += command(b"ECHO", self.random.randbytes(self.random.randrange(16, 400)))
            self.ends.append(len(self.stream))
        self.send(len(self.stream))

    def send(self, to):
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            self.sent += self.socket.send(memoryview(self.stream)[self.sent:to])

    def signalled(self):
        self.answered_before = self.answered
        if self.manner == CUT:
            start = len(self.stream)
            self.stream += command(b"ECHO", self.random.randbytes(200))
            self.ends.append(len(self.stream))
            self.send(start + self.random.randrange(1, len(self.stream) - start))
        self.due = sum(end <= self.sent for end in self.ends)

    def receive(self):
        """False at the end."""
        try:
            chunk = self.socket.recv(MIB)
        except ConnectionResetError:
            chunk, self.reset = b"", True
        if not chunk:
            self.ended = True
            return False
        self.wrong |= chunk != self.stream[self.received:self.received + len(chunk)]
        self.received += len(chunk)
        while self.answered < len(self.ends) and self.ends[self.answered] <= self.received:
            self.answered += 1
        return True

    def result(self, key):
        return {
            "written": self.due - self.answered_before,
            "lost": max(self.due - self.answered, 0),
            "later": max(self.answered - self.due, 0),
            "resets": self.reset,
            "partial": self.received not in (0, *self.ends),
            "wrong": self.wrong,
        }[key]


def talk(crowd, clients, until):
    for client in clients.values():
        client.refill()
    while time.monotonic() < until:
        for one in crowd.readable(0.01):
            require(clients[one].receive(), "a client is closed before the signal")
            clients[one].refill()


def talk_to_the_end(crowd, clients):
    deadline = time.monotonic() + PATIENCE
    while crowd.sockets:
        require(time.monotonic() < deadline, f"{len(crowd.sockets)} clients read no end")
        for one in crowd.readable(1.0):
            if not clients[one].receive():
                crowd.forget(one)
                if clients[one].manner != SILENT:  # those keep their half open: the server must not wait long
                    one.close()
            elif clients[one].manner == GOES_ON:
                clients[one].refill()


if __name__ == "__main__":
    run(Verdict("row 13", "drain", "every request written before the signal answered, no RST, no partial frame, "
                "exit 0 <= 5 s"), drain, flags(__doc__), seconds=300)
