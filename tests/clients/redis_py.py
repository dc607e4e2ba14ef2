"""redis-py, as Debian has it."""

import time

import redis
from steps import BINARY, HOST, PASSWORD, PASSWORD_PORT, PORT, attempt, contains, protocol, same


def error_of(call, *arguments, kind=redis.ResponseError):
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError("there was no error")


client = redis.Redis(HOST, PORT)
attempt("binary values")
same(client.set("binary", BINARY), True)
same(client.get("binary"), BINARY)
attempt("an error reply")
client.set("text", "abc")
same(error_of(client.incr, "text"), "value is not an integer or out of range")
contains(error_of(client.execute_command, "NOSUCH"), "unknown command")

attempt("pipeline")
with client.pipeline(transaction=False) as pipeline:
    for i in range(100):
        pipeline.incr("n")
    same(pipeline.execute(), list(range(1, 101)))
attempt("MULTI/EXEC")
with client.pipeline() as pipeline:
    pipeline.set("a", 1)
    pipeline.incr("a")
    pipeline.incr("text")
    replies = pipeline.execute(raise_on_error=False)
    same(replies[:2], [True, 2])
    contains(str(replies[2]), "not an integer")
attempt("WATCH conflict")
with client.pipeline() as pipeline:
    pipeline.watch("a")
    client.set("a", 10)
    pipeline.multi()
    pipeline.incr("a")
    error_of(pipeline.execute, kind=redis.WatchError)
same(client.transaction(lambda pipe: (pipe.multi(), pipe.incr("a")), "a"), [11])

attempt("expiry")
same(client.set("soon", "gone", px=30), True)
deadline = time.monotonic() + 5
while client.get("soon") is not None and time.monotonic() < deadline:
    pass
same(client.get("soon"), None)
client.set("later", "here", ex=100)
same(client.ttl("later"), 100)
attempt("lock (its release needs EVAL)")
same(client.lock("lock", timeout=0.3).acquire(), True)
same(client.lock("lock", timeout=1).acquire(blocking=False), False)
same(client.lock("lock", timeout=1, blocking_timeout=5).acquire(), True)

attempt("SCAN")
client.mset({f"key:{i}": i for i in range(500)})
same(sorted(client.scan_iter("key:*", count=50)), sorted(b"key:%d" % i for i in range(500)))
attempt("pub/sub")
subscriber = client.pubsub()
subscriber.subscribe("news")
subscriber.psubscribe("ne*")
same([subscriber.get_message(timeout=5)["type"] for _ in range(2)], ["subscribe", "psubscribe"])
same(client.publish("news", BINARY), 2)
same([subscriber.get_message(timeout=5)["data"] for _ in range(2)], [BINARY, BINARY])
same(client.pubsub_numsub("news"), [(b"news", 1)])
subscriber.unsubscribe()
subscriber.close()
attempt("INFO and CLIENT")
contains(client.info()["redis_version"], ".")
same(client.client_setname("me"), True)
same(client.client_getname(), "me")
contains([each["name"] for each in client.client_list()], "me")
same(client.client_info()["resp"].strip(), "2")
protocol(2)

attempt("password")
contains(error_of(redis.Redis(HOST, PASSWORD_PORT).ping, kind=redis.AuthenticationError), "Authentication required")
contains(error_of(redis.Redis(HOST, PASSWORD_PORT, password="wrong").ping), "WRONGPASS")
same(redis.Redis(HOST, PASSWORD_PORT, password=PASSWORD, db=3).ping(), True)
client.close()
