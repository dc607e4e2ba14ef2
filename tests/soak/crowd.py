"""Thousands of clients at once: all ask, and all are waited for together."""

import select
import time

from support import PATIENCE, PING, connect, require


def connect_many(port, n):
    """n connections that have not sent a byte."""
    return [connect(port) for _ in range(n)]


class Crowd:
    """Waits for any of many sockets; each of them does not block from here on."""

    def __init__(self, sockets):
        self.sockets = {one.fileno(): one for one in sockets}
        self.poll = select.epoll()
        for number, one in self.sockets.items():
            one.setblocking(False)
            self.poll.register(number, select.EPOLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.poll.close()

    def forget(self, one):
        del self.sockets[one.fileno()]
        self.poll.unregister(one.fileno())

    def readable(self, seconds):
        """The sockets with bytes, an end or an error, after at most so many seconds."""
        return [self.sockets[number] for number, _ in self.poll.poll(max(seconds, 0), 4096)]

    def ask_all(self, within=PATIENCE):
        """All send a PING; the seconds until the last of them has read its echo."""
        begun = time.monotonic()
        missing = {number: len(PING) for number in self.sockets}
        for one in self.sockets.values():
            one.send(PING)
        while missing:
            left = begun + within - time.monotonic()
            require(left > 0, f"{len(missing)} of {len(self.sockets)} PINGs are not answered after {within} s")
            for one in self.readable(left):
                reply = one.recv(4096)
                number = one.fileno()
                require(reply, "a client that only pings was closed")
                missing[number] -= len(reply)
                require(reply in PING and missing[number] >= 0, f"a PING comes back as {reply}")
                if not missing[number]:
                    del missing[number]
        return time.monotonic() - begun

    def disturbed(self):
        """How many of them have something to read, an end for example, that nobody asked for."""
        return len(self.readable(0))


def read_last_words(client):
    """(all bytes up to the end, whether the end was a FIN)"""
    received = bytearray()
    client.settimeout(PATIENCE)
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionResetError:
        return bytes(received), False
    return bytes(received), True
