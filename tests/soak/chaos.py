#!/usr/bin/env python3
"""Chaos: clients behind a proxy that treats them badly get their bytes, or at least no wrong ones.

In each run 60 clients, some pipelining and some waiting for each reply, talk through proxy.py to resp-echo and to the
example kv, on one thread and on two in turn. What the proxy did to a client decides what the client must have read:

    delayed, re-split, stalled    exactly its replies, in order, and the end
    half-closed at byte n         exactly the replies to the requests that were whole by then, and the end
    reset, truncated              a part of its replies from their beginning, and nothing else

kv must then hold what a model of each client's keys says, after as many of its requests as that client may have
got through. At the end of each run all descriptors are back to base, a fresh client is served, and the server ends
with exit code 0.

    pass:   0 clients with wrong bytes, 0 wrong keys, all descriptors back to base, no crash
    short:  tests/soak/chaos.py           2 runs against each
    long:   tests/soak/chaos.py --long    40 runs against each, 3 minutes; --runs N; --seed N
"""

import asyncio
import collections
import random
import socket

from proxy import Proxy
from servers import Server
from support import (MIB, PATIENCE, Verdict, connect, flags, read_to_end, require, run,
                     seconds_to_serve_a_fresh_client)
from talks import EchoTalk, KvTalk

CLIENTS = 60


def be_chaotic(options, verdict):
    runs = options.runs or (40 if options.long else 2)
    fates = collections.Counter()
    for number in range(runs):
        for program, talk in ((options.resp_echo, EchoTalk), (options.kv, KvTalk)):
            seed = f"{options.seed}/{number}/{program.name}"
            for failure in one_run(program, talk, seed, 1 + number % 2, verdict, fates):
                verdict.judge(False, f"{failure} (run {number} against {program.name})")
    verdict.add(f"{runs} runs against each of resp-echo and kv with {CLIENTS} clients: "
                f"{', '.join(f'{count} {fate}' for fate, count in sorted(fates.items()))}, "
                f"{len(verdict.failures)} with wrong bytes or keys")


def one_run(program, make_talk, seed, threads, verdict, fates):
    """The texts of what went wrong."""
    with verdict.judge_for(Server(program, "--threads", str(threads))).warm_up(make_talk.pong) as server:
        base = server.descriptors()
        talks = [make_talk(random.Random(f"{seed}/{i}"), i) for i in range(CLIENTS)]
        clients = asyncio.run(talk_all(server.port, talks, seed))
        server.seconds_back_to(base)
        failures = []
        for client in clients:
            fates[client.fate()] += 1
            failures += client.wrong_bytes() or client.wrong_keys(server.port)
        seconds_to_serve_a_fresh_client(server.port, make_talk.pong)
        server.seconds_back_to(base)
        return failures


async def talk_all(port, talks, seed):
    """The clients, with what each of them has read."""
    proxy = Proxy(port, seed)
    proxy.start()
    clients = [Client(i, talk, random.Random(f"{seed}/manner/{i}")) for i, talk in enumerate(talks)]
    try:
        await asyncio.wait_for(asyncio.gather(*(client.talk(proxy) for client in clients)), 2 * PATIENCE)
    except asyncio.TimeoutError:
        late = [f"{client.number} ({client.fate()})" for client in clients if not client.finished]
        require(False, f"clients wait for ever: {', '.join(late)}")
    finally:
        await proxy.stop()
    return clients


class Client:
    """Sends its talk in pieces of its own, and reads until the end."""

    def __init__(self, number, talk, dice):
        self.number = number
        self.script = talk
        self.random = dice
        self.waits = dice.random() < 0.3  # for each reply
        self.received = bytearray()
        self.grown = asyncio.Event()
        self.plan = None
        self.finished = self.orderly = False

    async def talk(self, proxy):
        self.loop = asyncio.get_running_loop()
        with socket.socket() as self.socket:
            self.socket.setblocking(False)
            await self.loop.sock_connect(self.socket, ("127.0.0.1", proxy.port))
            sender = asyncio.create_task(self._send())
            await self._receive()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            self.plan = proxy.plans[self.socket.getsockname()[1]]
            self.finished = True

    async def _send(self):
        data, at = memoryview(self.script.requests), 0
        while at < len(data):
            count = self.script.whole_requests(at)
            if self.waits:
                await self._until_received(len(self.script.replies_to(count)))
                end = self.script.request_ends[count]
            else:
                end = min(at + self.random.choice([10, 1_000, 100_000]), len(data))
            await self.loop.sock_sendall(self.socket, data[at:end])
            at = end
        self.socket.shutdown(socket.SHUT_WR)

    async def _until_received(self, n):
        while len(self.received) < n:
            self.grown.clear()
            await self.grown.wait()

    async def _receive(self):
        try:
            while chunk := await self.loop.sock_recv(self.socket, MIB):
                self.received += chunk
                self.grown.set()
            self.orderly = True
        except ConnectionError:
            pass

    # ---- what became of it

    def fate(self):
        if self.plan is None:
            return "not ended"
        return {"half-close": "half-closed", "reset": "reset", "truncate": "truncated"}[
            self.plan.ending] if self.plan.ended else "only slowed"

    def is_cut(self):
        return self.fate() in ("reset", "truncated")

    def handled(self):
        """(the fewest, the most) of its requests that the server may have handled."""
        most = self.script.whole_requests(self.plan.forwarded)
        return (self.script.whole_replies(len(self.received)) if self.is_cut() else most), most

    def wrong_bytes(self):
        received = bytes(self.received)
        if self.is_cut():
            right = self.script.replies.startswith(received)
        else:
            right = self.orderly and received == self.script.replies_to(self.handled()[1])
        if self.fate() == "only slowed":
            right = right and received == self.script.replies
        if right:
            return []
        return [f"client {self.number}, {self.fate()}, reads {len(received)} of {len(self.script.replies)} bytes, or "
                f"other ones: …{received[-60:]}"]

    def wrong_keys(self, port):
        with connect(port) as asking:
            asking.sendall(self.script.questions())
            asking.shutdown(socket.SHUT_WR)
            answers = read_to_end(asking)
        if self.script.is_answer(answers, *self.handled()):
            return []
        return [f"client {self.number}, {self.fate()}: its keys are not as after {self.handled()} requests"]


if __name__ == "__main__":
    run(Verdict("chaos", "a proxy between", "0 wrong bytes, 0 wrong keys, descriptors back to base, no crash"),
        be_chaotic, flags(__doc__, runs=(int, "how many against each")), seconds=900)
