// hiredis, the C client: its blocking functions.
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: not true: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static void attempt(const char* step) {
    printf("try %s\n", step);
    fflush(stdout);
}

static redisContext* open_at(const char* variable) {
    const struct timeval timeout = {5, 0};
    redisContext* client = redisConnectWithTimeout("127.0.0.1", atoi(getenv(variable)), timeout);
    CHECK(client && !client->err);
    CHECK(redisSetTimeout(client, timeout) == REDIS_OK);
    return client;
}

/// Checks the type of a reply, and its text or number. Frees the reply.
static void expect(redisReply* reply, int type, const char* text, long long number) {
    CHECK(reply);
    if (reply->type != type) fprintf(stderr, "type %d: %s\n", reply->type, reply->str ? reply->str : "");
    CHECK(reply->type == type);
    if (text) CHECK(strncmp(reply->str, text, strlen(text)) == 0);
    if (type == REDIS_REPLY_INTEGER) CHECK(reply->integer == number);
    freeReplyObject(reply);
}

static redisReply* next(redisContext* client) {
    void* reply = NULL;
    CHECK(redisGetReply(client, &reply) == REDIS_OK);
    return reply;
}

static void values(redisContext* client) {
    attempt("binary values");
    char binary[260];
    for (size_t i = 0; i != sizeof binary; ++i) binary[i] = (char)i;
    expect(redisCommand(client, "SET binary %b", binary, sizeof binary), REDIS_REPLY_STATUS, "OK", 0);
    redisReply* reply = redisCommand(client, "GET binary");
    CHECK(reply && reply->len == sizeof binary && memcmp(reply->str, binary, sizeof binary) == 0);
    freeReplyObject(reply);
    expect(redisCommand(client, "GET none"), REDIS_REPLY_NIL, NULL, 0);
    attempt("an error reply");
    expect(redisCommand(client, "INCR binary"), REDIS_REPLY_ERROR, "ERR value is not an integer or out of range", 0);
}

static void transactions(redisContext* client) {
    attempt("pipeline");
    for (int i = 0; i != 1000; ++i) CHECK(redisAppendCommand(client, "INCR n") == REDIS_OK);
    for (int i = 0; i != 1000; ++i) expect(next(client), REDIS_REPLY_INTEGER, NULL, i + 1);
    attempt("MULTI/EXEC");
    expect(redisCommand(client, "MULTI"), REDIS_REPLY_STATUS, "OK", 0);
    expect(redisCommand(client, "SET a 1"), REDIS_REPLY_STATUS, "QUEUED", 0);
    expect(redisCommand(client, "INCR a"), REDIS_REPLY_STATUS, "QUEUED", 0);
    redisReply* reply = redisCommand(client, "EXEC");
    CHECK(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->integer == 2);
    freeReplyObject(reply);
    attempt("WATCH conflict");
    redisContext* other = open_at("KV_PORT");
    expect(redisCommand(client, "WATCH a"), REDIS_REPLY_STATUS, "OK", 0);
    expect(redisCommand(other, "SET a 5"), REDIS_REPLY_STATUS, "OK", 0);
    expect(redisCommand(client, "MULTI"), REDIS_REPLY_STATUS, "OK", 0);
    expect(redisCommand(client, "INCR a"), REDIS_REPLY_STATUS, "QUEUED", 0);
    expect(redisCommand(client, "EXEC"), REDIS_REPLY_NIL, NULL, 0);
    redisFree(other);
}

static void keys(redisContext* client) {
    attempt("expiry");
    expect(redisCommand(client, "SET soon gone PX 30"), REDIS_REPLY_STATUS, "OK", 0);
    const time_t deadline = time(NULL) + 5;
    for (int is_there = 1; is_there && time(NULL) < deadline;) {
        redisReply* reply = redisCommand(client, "GET soon");
        is_there = reply && reply->type != REDIS_REPLY_NIL;
        if (reply) freeReplyObject(reply);
    }
    expect(redisCommand(client, "GET soon"), REDIS_REPLY_NIL, NULL, 0);
    attempt("SCAN");
    for (int i = 0; i != 200; ++i) expect(redisCommand(client, "SET key:%d x", i), REDIS_REPLY_STATUS, "OK", 0);
    size_t found = 0;
    char cursor[32] = "0";
    do {
        redisReply* reply = redisCommand(client, "SCAN %s MATCH key:* COUNT 20", cursor);
        CHECK(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
        found += reply->element[1]->elements;
        snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        freeReplyObject(reply);
    } while (strcmp(cursor, "0") != 0);
    CHECK(found == 200);
}

static void pubsub(redisContext* client) {
    attempt("pub/sub");
    redisContext* subscriber = open_at("KV_PORT");
    redisReply* reply = redisCommand(subscriber, "SUBSCRIBE news");
    CHECK(reply && reply->elements == 3 && strcmp(reply->element[0]->str, "subscribe") == 0);
    freeReplyObject(reply);
    expect(redisCommand(client, "PUBLISH news hello"), REDIS_REPLY_INTEGER, NULL, 1);
    reply = next(subscriber);
    CHECK(reply->elements == 3 && strcmp(reply->element[2]->str, "hello") == 0);
    freeReplyObject(reply);
    redisFree(subscriber);
}

static void password(void) {
    attempt("password");
    redisContext* client = open_at("KV_PASSWORD_PORT");
    expect(redisCommand(client, "PING"), REDIS_REPLY_ERROR, "NOAUTH", 0);
    expect(redisCommand(client, "AUTH wrong"), REDIS_REPLY_ERROR, "WRONGPASS", 0);
    expect(redisCommand(client, "AUTH %s", getenv("KV_PASSWORD")), REDIS_REPLY_STATUS, "OK", 0);
    expect(redisCommand(client, "PING"), REDIS_REPLY_STATUS, "PONG", 0);
    redisFree(client);
}

int main(void) {
    redisContext* client = open_at("KV_PORT");
    values(client);
    transactions(client);
    keys(client);
    pubsub(client);
    redisReply* reply = redisCommand(client, "CLIENT INFO");
    CHECK(reply && strstr(reply->str, " resp=2"));
    printf("protocol 2\n");
    freeReplyObject(reply);
    redisFree(client);
    password();
    return 0;
}
