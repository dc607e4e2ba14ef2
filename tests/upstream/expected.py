"""Which tests of Redis and hiredis the servers do not pass, and why.

For Redis, a name is the whole name of a test, or `/` and a regular expression that fits a part of the name.
"""

from typing import NamedTuple


class Suite(NamedTuple):
    server: str
    units: list
    denied: dict  # {what Redis' suite calls a need of tests: our name}
    lacks: dict  # tests that do not run, because they use what the server does not have: {unit: {what: names}}
    wrong: dict  # tests that run and fail: {unit: {name: why}}

    def not_run(self, unit):
        """{name: what the test needs}"""
        return {name: what for what, names in self.lacks.get(unit, {}).items() for name in names}


TYPES = "types other than strings"
SCRIPTS = "scripts and functions"
PARAMETERS = "parameters that only Redis has"
FIELDS = "fields of `INFO` that only Redis has"
PLACES = "`COMMAND` of other commands"

ONE_KEY = "one message about several keys"
RESP2 = "`CLIENT TRACKING ON` in RESP2 without `REDIRECT`"

FLUSHED = "`FLUSHALL` and `SWAPDB` also end a transaction that watches a key which does not exist"
FULL = "the limit of memory is checked when `EXEC` runs a command, not when the command is queued"

KV = Suite(
    server="kv",
    units=["protocol", "quit", "pubsub", "type/string", "type/incr", "expire", "multi", "keyspace", "scan",
           "introspection", "introspection-2", "info-command", "pause", "networking", "other"],
    denied={"needs:debug": "`DEBUG`", "needs:repl": "replication"},
    lacks={
        "protocol": {TYPES: ["/^raw protocol response", "Regression for a crash with blocking ops and pipelining"]},
        "pubsub": {
            TYPES: ["/^Keyspace notifications: (list|set|zset|hash|stream) events test",
                    "Keyspace notifications: we are able to mask events"],
            "eviction": ["Keyspace notifications: evicted events"],
        },
        "type/string": {
            TYPES: ["MGET against non-string key", "SETBIT against key with wrong type",
                    "SETRANGE against key with wrong type",
                    "Extended SET GET with incorrect type should result in wrong type error"],
            "`LCS`": ["/^LCS "],
        },
        "type/incr": {TYPES: ["/fails against a key holding a list"]},
        "expire": {TYPES: ["EXPIRE - write on expire should work"]},
        "multi": {
            TYPES: ["MULTI / EXEC basics", "DISCARD", "MULTI where commands alter argc/argv",
                    "/modified by SORT with STORE", "Blocking commands ignores the timeout"],
            SCRIPTS: ["/script timeout$"],
            "`SHUTDOWN`": ["MULTI with SHUTDOWN"],
        },
        "keyspace": {TYPES: ["/^COPY basic usage for (?!string)"]},
        "scan": {TYPES: ["/^[SHZ]SCAN ", "SCAN regression test for issue #4906"]},
        "introspection": {
            SCRIPTS: ["/^MONITOR can log commands issued by"],
            PARAMETERS: ["CONFIG SET with multiple args", "/^CONFIG SET rollback on", "CONFIG SET set immutable",
                         "CONFIG GET hidden configs", "CONFIG GET multiple args"],
        },
        "introspection-2": {
            "`OBJECT`": ["TTL, TYPE and EXISTS do not alter the last access time of a key",
                         "TOUCH alters the last access time of a key"],
            TYPES: ["command stats for GEOADD", "errors stats for GEOADD", "command stats for BRPOP",
                    "command stats for MULTI"],
            SCRIPTS: ["command stats for scripts"],
            PLACES: ["/^COMMAND GETKEYS (MEMORY|XGROUP|EVAL|LCS|MORE)", "COMMAND GETKEYSANDFLAGS",
                     "COMMAND LIST FILTERBY ACLCAT - list all commands/subcommands",
                     "COMMAND LIST FILTERBY PATTERN - list all commands/subcommands",
                     "/^(BITFIELD|[LB]*POP|LMOVE|MEMORY.*|GEO.*|SORT.*|ZUNIONSTORE|XREAD|EVAL|MIGRATE) command .*marked"],
        },
        "pause": {
            TYPES: ["Test special commands are paused by RO"],
            SCRIPTS: ["/scripts"],
            FIELDS: ["Test both active and passive expires are skipped during client pause"],
        },
        "other": {
            TYPES: ["SAVE - make sure there are all the types as values"],
            "`ACL`": ["RESET clears authenticated state"],
        },
    },
    wrong={
        "expire": {"EXPIRE with unsupported options": "an option that does not exist is a syntax error"},
        "multi": {
            "FLUSHALL does not touch non affected keys": FLUSHED,
            "FLUSHDB does not touch non affected keys": FLUSHED,
            "DISCARD should not fail during OOM": FULL,
            "EXEC with at least one use-memory command should fail": FULL,
        },
        "keyspace": {"MOVE basic usage": "it counts keys that a test with other types removes"},
        "other": {"RESET clears client state": "`CLIENT TRACKING ON` needs RESP3 or `REDIRECT`"},
        "introspection": {"CLIENT LIST": "`qbuf` is always 0", "CLIENT INFO": "`qbuf` is always 0"},
    },
)

# The same commands, and those of server.cpp.
MORE = Suite(
    server="kv with more commands",
    units=["protocol", "expire", "multi", "keyspace", "tracking", "slowlog", "latency-monitor"],
    denied={"needs:repl": "replication"},
    lacks={
        "expire": {"`DEBUG LOADAOF`": ["/after loadaof$"], "`DEBUG` with replication": ["/Lazy-expire should not be"]},
        "multi": {
            TYPES: ["/modified by SORT with STORE", "Blocking commands ignores the timeout"],
            SCRIPTS: ["/script timeout$"],
            "`SHUTDOWN`": ["MULTI with SHUTDOWN"],
        },
        "keyspace": {TYPES: ["/^COPY basic usage for (?!string)"]},
        "tracking": {
            ONE_KEY: ["The connection gets invalidation messages about all the keys",
                      "Clients can enable the BCAST mode with prefixes", "Adding prefixes to BCAST mode works"],
            RESP2: ["BCAST with prefix collisions throw errors", "CLIENT GETREDIR provides correct client id",
                    "/^CLIENT TRACKINGINFO .* (on|optin|optout|bcast mode)$",
                    "RESP2 based basic invalidation with client reply off"],
            SCRIPTS: ["/scripts"],
            TYPES: ["/^hdel deliver", "/^Unblocked BLMOVE"],
            "eviction": ["/eviction", "/^Server is able to evacuate"],
            FIELDS: ["Test ASYNC flushall", "Tracking info is correct"],
            "`DEBUG PAUSE-CRON`": ["Regression test for #11715"],
        },
        "slowlog": {TYPES: ["SLOWLOG - Rewritten commands are logged as their original command"]},
        "latency-monitor": {
            TYPES: ["LATENCY HISTOGRAM with a subset of commands"],
            "`LATENCY LATEST` and other events": ["/^Test latency events", "/^LATENCY (HISTORY|LATEST|DOCTOR|RESET)",
                                                  "/^LATENCY of expire events"],
        },
    },
    wrong={
        "expire": {**KV.wrong["expire"], "Redis should lazy expire keys": "`DBSIZE` never counts an expired key"},
        "multi": {
            **KV.wrong["multi"],
            "EXEC fails if there are errors while queueing commands #2": FULL,
            "FLUSHDB while watching stale keys should not fail EXEC": FLUSHED,
            "SWAPDB does not touch watched stale keys": FLUSHED,
            "SWAPDB does not touch non-existing key replaced with stale key": FLUSHED,
            "SWAPDB does not touch stale key replaced with another stale key": FLUSHED,
        },
        "keyspace": KV.wrong["keyspace"],
        "latency-monitor": {"LATENCY HISTOGRAM all commands": "a part of the calls is measured"},
    },
)


class Hiredis(NamedTuple):
    server: str
    is_async: bool  # also its asynchronous tests
    arguments: list
    lacks: dict  # tests that fail or skip themselves, because they use what the server does not have: {name: what}
    wrong: dict  # {name: why}


FORGOTTEN = "a client with `CLIENT TRACKING` that has read nothing is not told of `FLUSHDB`"

# The asynchronous tests and those of the speed end the program if there are no lists.
HIREDIS_KV = Hiredis(
    server=KV.server,
    is_async=False,
    arguments=["--skip-throughput"],
    lacks={
        "Can parse multi bulk replies": TYPES,
        "Can handle nested multi bulk replies": TYPES,
        "Does not return a reply when the command times out": "`DEBUG`",
    },
    wrong={"We properly handle a NIL invalidation payload": FORGOTTEN},
)

HIREDIS_MORE = Hiredis(
    server=MORE.server,
    is_async=True,
    arguments=[],
    lacks={},
    wrong={"We properly handle a NIL invalidation payload": FORGOTTEN},
)
