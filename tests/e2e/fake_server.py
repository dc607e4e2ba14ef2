"""A server that a test scripts: it answers each command with bytes, right or wrong."""

import re
import socket
import threading

from support import PATIENCE

# Bytes that would control a terminal: its title, the screen, colours; C1 codes, as one byte and in UTF-8.
EVIL = b"\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\xc2\x9b31m\x08\x7f\x00\xe2\x80\xae"


class FakeServer:
    """`answers` maps the first word of a command, in capitals, to bytes, or to a function that gets the connection.
    A command without an answer gets none."""

    def __init__(self, answers, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.answers = answers
        self.received = []
        self.listener = socket.create_server(address, family=family)
        self.port = self.listener.getsockname()[1] if family == socket.AF_INET else None
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                connection.settimeout(PATIENCE)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()
        except OSError:
            pass  # closed

    def _talk(self, connection):
        data = b""
        try:
            with connection:
                while chunk := connection.recv(65536):
                    data += chunk
                    while words := self._first_command(data):
                        data = data[len(words[0]):]
                        self._answer(connection, words[1:])
        except OSError:
            pass  # the client has gone, or `close`

    def _first_command(self, data):
        """[its bytes, word, word...]; [] if it is incomplete."""
        header = re.match(rb"\*(\d+)\r\n", data)
        at, words = header.end() if header else 0, []
        for _ in range(int(header[1]) if header else 0):
            length = re.compile(rb"\$(\d+)\r\n").match(data, at)
            if not length or len(data) < length.end() + int(length[1]) + 2:
                return []
            words.append(data[length.end():length.end() + int(length[1])])
            at = length.end() + int(length[1]) + 2
        return [data[:at], *words] if words else []

    def _answer(self, connection, words):
        self.received.append(words)
        answer = self.answers.get(words[0].decode().upper(), b"")
        if callable(answer):
            return answer(connection)
        connection.sendall(answer)


def then_close(data):
    """An answer after which the connection ends."""

    def answer(connection):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def byte_by_byte(data):
    def answer(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            connection.sendall(data[i:i + 1])

    return answer
