#!/usr/bin/env python3
"""A proxy that treats connections badly, by a seed: the same seed does the same to the n-th connection.

Every connection suffers some of: bytes delayed, re-split into other pieces, stalled for a while. And some end
before their time: by a RST to both sides, by a half-close towards the server, or truncated towards the client.
None of them changes a byte.

    tests/soak/proxy.py --to 6379 --seed 7      listens on a free port and says which
"""

import argparse
import asyncio
import contextlib
import random
import socket
from dataclasses import dataclass, field

ENDINGS = ["reset", "half-close", "truncate"]
CHUNK = 64 * 1024


@dataclass
class Plan:
    """What one connection will suffer, and what became of it."""

    number: int
    random: random.Random
    delay: float = 0.0  # at most so many seconds before a piece
    piece: int = CHUNK  # at most so many bytes in a piece
    stalls: dict = field(default_factory=dict)  # seconds, by the number of the piece before which it stalls
    ending: str = None
    at: int = 0  # the byte at which it ends: from the client, for truncate from the server
    forwarded: int = 0  # bytes that went to the server
    ended: bool = False  # whether it came to the ending


def make_plan(seed, number, share=0.4):
    """A share of the connections is ended before its time."""
    dice = random.Random(f"{seed}/{number}")
    plan = Plan(number, dice)
    if dice.random() < 0.3:
        plan.delay = dice.choice([0.001, 0.005, 0.02])
    if dice.random() < 0.6:
        plan.piece = dice.choice([1, 2, 7, 100, 4096])
    if dice.random() < 0.3:
        plan.stalls = {dice.randrange(20): dice.uniform(0.05, 0.5) for _ in range(3)}
    if dice.random() < share:
        plan.ending = dice.choice(ENDINGS)
        plan.at = int(2 ** dice.uniform(0, 16))
    return plan


class Proxy:
    """Serves in the running loop, from start() to stop(). `plans` are those of all connections so far."""

    def __init__(self, port, seed, share=0.4):
        self.to = ("127.0.0.1", port)
        self.seed = seed
        self.share = share
        self.plans = {}  # by the client's port
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]

    def start(self):
        self.task = asyncio.create_task(self._accept())

    async def stop(self):
        self.task.cancel()
        for connection in self.connections:
            connection.cancel()
        await asyncio.gather(self.task, *self.connections, return_exceptions=True)
        self.listener.close()

    async def _accept(self):
        while True:
            client, address = await asyncio.get_running_loop().sock_accept(self.listener)
            plan = self.plans[address[1]] = make_plan(self.seed, len(self.plans), self.share)
            connection = asyncio.create_task(Connection(plan, client, self.to).run())
            self.connections.add(connection)
            connection.add_done_callback(self.connections.discard)


class Connection:
    """One client and its server, and the two streams between them."""

    def __init__(self, plan, client, to):
        self.plan = plan
        self.client = client
        self.server = socket.socket()
        self.to = to
        self.loop = asyncio.get_running_loop()

    async def run(self):
        try:
            for one in (self.client, self.server):
                one.setblocking(False)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self.loop.sock_connect(self.server, self.to)
            streams = [asyncio.create_task(self._stream(self.client, self.server, self._end_of("reset", "half-close"))),
                       asyncio.create_task(self._stream(self.server, self.client, self._end_of("truncate")))]
            try:
                # A truncated reply, and a RST, end both streams; anything else ends one.
                await asyncio.gather(*streams)
            finally:
                for stream in streams:
                    stream.cancel()
                await asyncio.gather(*streams, return_exceptions=True)
        except (OSError, EOFError):
            pass
        finally:
            self.client.close()
            self.server.close()

    def _end_of(self, *endings):
        """The byte at which this stream is to end, if it is."""
        return self.plan.at if self.plan.ending in endings else None

    async def _stream(self, source, sink, end):
        done = pieces = 0
        while end is None or done < end:
            chunk = await self.loop.sock_recv(source, CHUNK)
            if not chunk:
                sink.shutdown(socket.SHUT_WR)
                return
            data = memoryview(chunk)[:None if end is None else end - done]
            while data:
                piece = data[:self._piece(pieces)]
                await self._wait(pieces)
                await self.loop.sock_sendall(sink, piece)
                data = data[len(piece):]
                done += len(piece)
                pieces += 1
                if sink is self.server:
                    self.plan.forwarded = done
        self._end(sink)
        # Half-closed. What the client still sends is read, for a close with bytes unread is a RST, which
        # takes from the client what it has not read.
        while await self.loop.sock_recv(source, CHUNK):
            pass

    def _piece(self, number):
        """Small pieces at the beginning only: a megabyte byte by byte takes too long."""
        return self.plan.random.randint(1, self.plan.piece) if number < 300 else CHUNK

    async def _wait(self, number):
        if number in self.plan.stalls:
            await asyncio.sleep(self.plan.stalls[number])
        elif self.plan.delay and number < 50:
            await asyncio.sleep(self.plan.random.uniform(0, self.plan.delay))

    def _end(self, sink):
        """The ending: what came so far has been sent on."""
        self.plan.ended = True
        if self.plan.ending == "half-close":
            sink.shutdown(socket.SHUT_WR)
            return
        if self.plan.ending == "reset":
            for one in (self.client, self.server):
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raise EOFError


async def serve(to, seed):
    proxy = Proxy(to, seed)
    proxy.start()
    print(f"Listening on 127.0.0.1:{proxy.port}", flush=True)
    await proxy.task


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=int, required=True, help="the server's port")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (1)")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.to, options.seed))


if __name__ == "__main__":
    main()
