"""The programs under test, for the end-to-end tests, the soak programs and the server benchmark: what they
are started with, and what /proc tells of them."""

import ctypes
import os
import resource
import signal
import socket
import time

libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def environment(**variables):
    """Ours, without any setting for resp-echo but those given."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("RESP_")}
    return {**ours, **variables}


def free_port():
    """A port that nobody has at the moment, for a server that cannot tell its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_descriptor_limit():
    """Ours, and so that of what we start. Returns it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def child(on_cores=None, descriptors=None):
    """For preexec_fn. The kernel kills the child when this process ends, however it ends."""

    def in_child():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if on_cores:
            os.sched_setaffinity(0, on_cores)
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    return in_child


class Program:
    """A program that runs: `process` is its Popen."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid

    @property
    def is_running(self):
        return self.process.poll() is None

    def _status(self, field):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))

    def memory(self):
        """Resident bytes."""
        return self._status("VmRSS")

    def most_memory(self):
        """The most resident bytes at any moment until now."""
        return self._status("VmHWM")

    def is_sanitized(self):
        """Built with a sanitizer, whose shadow takes terabytes of addresses, and memory at will."""
        return self._status("VmSize") > 1 << 40

    def cpu_seconds(self):
        """By the process's own clock, which counts nanoseconds where /proc counts ticks of 10 ms."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
