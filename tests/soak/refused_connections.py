#!/usr/bin/env python3
"""Row 8: clients over the limit are told so, and nobody else notices.

As many clients as --max-connections allows are held; more come, a tenth of that. Each of these must read
exactly the error and a FIN. Then all the others are still there and served, and when one of them leaves,
the next client gets its place.

    pass:   every extra client reads `-ERR max number of clients reached` and FIN; nobody else is disturbed
    short:  tests/soak/refused_connections.py           1,000 + 100 connections
    long:   tests/soak/refused_connections.py --long    10,000 + 1,000 connections, seconds
"""

from crowd import Crowd, connect_many, read_last_words
from servers import warm_echo
from support import Verdict, close_all, flags, run, seconds_to_serve_a_fresh_client, wait_until

LAST_WORDS = b"-ERR max number of clients reached\r\n"


def refuse(options, verdict):
    n = 10_000 if options.long else 1_000
    extra = n // 10
    with warm_echo(options, verdict, "--max-connections", str(n)) as server:
        base = server.descriptors()
        clients = connect_many(server.port, n)
        with Crowd(clients) as crowd:
            crowd.ask_all()
            told, ended = serve_extra(server.port, extra)
            disturbed = crowd.disturbed()
            answered = crowd.ask_all()
            crowd.forget(clients[0])
        before = server.descriptors()
        clients.pop(0).close()
        wait_until(lambda: server.descriptors() < before)
        seconds_to_serve_a_fresh_client(server.port)
        close_all(clients)
        server.seconds_back_to(base)
    verdict.add(f"{n} + {extra} connections, {told} read the exact text, {ended} a FIN, {disturbed} of the {n} "
                f"disturbed, all of them answered in {answered:.3f} s")
    verdict.judge(told == extra, f"{extra - told} refused clients did not read the text")
    verdict.judge(ended == extra, f"{extra - ended} refused clients did not end with a FIN")
    verdict.judge(disturbed == 0, f"{disturbed} clients were disturbed")


def serve_extra(port, n):
    """How many of n clients more (read the text, and read a FIN)."""
    told = ended = 0
    for first in range(0, n, 100):
        extra = connect_many(port, min(100, n - first))
        for client in extra:
            words, fin = read_last_words(client)
            told += words == LAST_WORDS
            ended += fin
        close_all(extra)
    return told, ended


if __name__ == "__main__":
    run(Verdict("row 8", "max connections", "exact text and FIN, nobody else disturbed"), refuse, flags(__doc__),
        seconds=110)
