#!/usr/bin/env python3
"""Row 7: connections that are held cost little, and each of them is served at once.

N clients connect and are silent, then all of them PING at the same time, then all are silent again. Memory
is what the server's resident memory has grown by, in the worse of the two silences, over N.

    pass:   <= 2 KiB of memory for each idle connection; all PINGs answered in < 2 s
    short:  tests/soak/held_connections.py              1,000 connections
    long:   tests/soak/held_connections.py --long       10,000 connections, seconds
"""

from crowd import Crowd, connect_many
from servers import warm_echo
from support import KIB, Verdict, close_all, flags, run

MOST_MEMORY = 2 * KIB
MOST_SECONDS = 2.0


def hold(options, verdict):
    n = options.connections or (10_000 if options.long else 1_000)
    with warm_echo(options, verdict) as server:
        base, descriptors = server.memory(), server.descriptors()
        clients = connect_many(server.port, n)
        with Crowd(clients) as crowd:
            first = crowd.ask_all()  # the last of them is accepted now
            silent = server.memory() - base
            answered = crowd.ask_all()
            silent = max(silent, server.memory() - base)
        close_all(clients)
        back = server.seconds_back_to(descriptors)
    verdict.add(f"{n} connections, {silent / n / KIB:.2f} KiB each, all PINGs answered in {answered:.3f} s, "
                f"the first ones in {first:.3f} s, descriptors back to base in {back:.2f} s")
    verdict.judge_size_or_speed(silent / n <= MOST_MEMORY, f"{silent / n:.0f} bytes for each connection")
    verdict.judge_size_or_speed(answered < MOST_SECONDS, f"the last PING is answered after {answered:.3f} s")


if __name__ == "__main__":
    run(Verdict("row 7", "connections held", "<= 2 KiB each when idle, all answered in < 2 s"),
        hold, flags(__doc__, connections=(int, "how many")), seconds=110)
