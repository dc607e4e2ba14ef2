"""What the Python scripts of this folder share: the addresses of the servers, and the names of the steps."""

import os

HOST = "127.0.0.1"
PORT = int(os.environ["KV_PORT"])
PASSWORD_PORT = int(os.environ["KV_PASSWORD_PORT"])
PASSWORD = os.environ["KV_PASSWORD"]
BINARY = bytes(range(256)) + b"\r\n\0$5\r\n"


def attempt(step):
    """Says which step begins. run.py reads this line."""
    print("try", step, flush=True)


def protocol(version):
    """Says that the client has used this version of RESP."""
    print("protocol", version, flush=True)


def same(got, expected):
    if got != expected:
        raise AssertionError(f"{got!r} instead of {expected!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")
