"""What a client says to a server, and what must come back: to resp-echo, and to the example kv.

A talk is a list of requests with a reply for each, by a seed. Both are known beforehand, so that a stream which is
cut at any byte can be judged.
"""

import bisect
import itertools

from support import PING
from wire import bulk, command


class Talk:
    def __init__(self, requests, replies):
        self.requests = b"".join(requests)
        self.replies = b"".join(replies)
        self.request_ends = list(itertools.accumulate(map(len, requests)))
        self.reply_ends = list(itertools.accumulate(map(len, replies)))

    def whole_requests(self, n):
        """How many requests are whole in the first n bytes."""
        return bisect.bisect_right(self.request_ends, n)

    def whole_replies(self, n):
        return bisect.bisect_right(self.reply_ends, n)

    def replies_to(self, count):
        """The replies to the first so many requests."""
        return self.replies[:self.reply_ends[count - 1]] if count else b""

    def questions(self):
        """Afterwards: requests that ask for what the server has kept."""
        return b""

    def is_answer(self, received, fewest, most):
        """Whether that is what the questions bring, if between so many of the requests were handled."""
        return received == b""


def size(random):
    """Bytes of a value: mostly few, sometimes many."""
    return int(2 ** random.uniform(0, 10 if random.random() < 0.9 else 18))


class EchoTalk(Talk):
    """RESP values of every kind, each of which comes back."""

    pong = PING

    def __init__(self, random, client):
        kinds = [
            lambda: b":%d\r\n" % random.randrange(-(1 << 40), 1 << 40),
            lambda: b"+client %d\r\n" % client,
            lambda: bulk(random.randbytes(size(random))),
            lambda: command(b"SET", b"key:%d" % client, random.randbytes(size(random))),
            lambda: b"%%2\r\n+one\r\n:1\r\n+two\r\n*3\r\n_\r\n#t\r\n,%d.5\r\n" % random.randrange(1000),
            lambda: b"*1\r\n" * random.randrange(1, 20) + b"$-1\r\n",
            lambda: b"=%d\r\ntxt:%s\r\n" % (4 + 100, b"v" * 100),
            lambda: PING,
        ]
        requests = [random.choice(kinds)() for _ in range(random.randrange(1, 60))]
        super().__init__(requests, requests)


class KvTalk(Talk):
    """Commands on keys of its own, and a model of the store."""

    pong = b"+PONG\r\n"

    def __init__(self, random, client):
        self.keys = [b"%d:%d" % (client, i) for i in range(6)]
        model, self.states = {}, [{}]  # the store after each number of requests
        requests, replies = [], []
        for _ in range(random.randrange(1, 60)):
            request, reply = random.choice([self._set, self._set, self._get, self._delete, self._exists, self._echo])(
                random, model)
            requests.append(request)
            replies.append(reply)
            self.states.append(dict(model))
        super().__init__(requests, replies)

    def _set(self, random, model):
        key, value = random.choice(self.keys), random.randbytes(size(random))
        model[key] = value
        return command(b"SET", key, value), b"+OK\r\n"

    def _get(self, random, model):
        key = random.choice(self.keys)
        return command(b"GET", key), answer(model.get(key))

    def _delete(self, random, model):
        keys = random.sample(self.keys, 2)
        return command(b"DEL", *keys), b":%d\r\n" % sum(model.pop(key, None) is not None for key in keys)

    def _exists(self, random, model):
        keys = random.choices(self.keys, k=3)
        return command(b"EXISTS", *keys), b":%d\r\n" % sum(key in model for key in keys)

    def _echo(self, random, model):
        value = random.randbytes(size(random))
        return command(b"ECHO", value), bulk(value)

    def questions(self):
        return b"".join(command(b"GET", key) for key in self.keys)

    def is_answer(self, received, fewest, most):
        return any(received == b"".join(answer(state.get(key)) for key in self.keys)
                   for state in self.states[fewest:most + 1])


def answer(value):
    """Of GET: the value, or null."""
    return b"$-1\r\n" if value is None else bulk(value)
