// node-redis, in RESP3 (its default) and in RESP2, and its cache, which uses CLIENT TRACKING.
import { createClient, RESP_TYPES, WatchError } from 'redis';
import { attempt, binary, errorOf, event, eventually, host, match, ok, password, passwordPort, port, protocol, same }
    from './steps.mjs';

const open = async (options = {}) => {
    const client = createClient({ socket: { host, port, reconnectStrategy: false }, ...options });
    client.on('error', () => {});
    await client.connect();
    return client;
};

async function commands(client, other) {
    attempt('binary values');
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    same(await client.set('binary', binary), 'OK');
    same(await bytes.get('binary'), binary);
    same(await client.get('none'), null);
    attempt('an error reply');
    match(await errorOf(client.incr('binary')), /^ERR value is not an integer or out of range/);
    attempt('pipeline');
    const replies = await Promise.all(Array.from({ length: 100 }, () => client.incr('n')));
    same(replies.at(-1), 100);
    attempt('MULTI/EXEC');
    same(await client.multi().set('a', '1').incr('a').get('a').exec(), ['OK', 2, '2']);
    attempt('WATCH conflict');
    await client.watch('a');
    await other.set('a', '5');
    ok((await client.multi().incr('a').exec().catch((error) => error)) instanceof WatchError);
    attempt('expiry');
    await client.set('soon', 'gone', { expiration: { type: 'PX', value: 30 }, condition: 'NX' });
    await eventually(() => client.get('soon'), null);
    await client.setEx('later', 100, 'here');
    same(await client.ttl('later'), 100);
    attempt('SCAN');
    await client.mSet(Array.from({ length: 300 }, (_, i) => [`key:${i}`, 'x']));
    const found = [];
    for await (const keys of client.scanIterator({ MATCH: 'key:*', COUNT: 50 })) found.push(...keys);
    same(new Set(found).size, 300);
}

async function pubsub(client, subscriber) {
    attempt('pub/sub');
    const { promise: message, arrived } = event('the message');
    const { promise: byPattern, arrived: arrivedByPattern } = event('the message by pattern');
    await subscriber.subscribe('news', arrived, true);
    await subscriber.pSubscribe('ne*', arrivedByPattern);
    same(await client.publish('news', binary), 2);
    same(await message, binary);
    await byPattern;
    await subscriber.unsubscribe();
    await subscriber.pUnsubscribe();
    same(String(await subscriber.ping()), 'PONG');
}

for (const RESP of [3, 2]) {
    const [client, other] = [await open({ RESP, name: 'me' }), await open({ RESP })];
    await client.flushAll();
    const info = await client.sendCommand(['CLIENT', 'INFO']);
    protocol(info);
    match(info, /name=me /);
    await commands(client, other);
    await pubsub(client, other);
    await Promise.all([client.close(), other.close()]);
}

attempt('cache with CLIENT TRACKING');
const cached = await open({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100, evictPolicy: 'LRU' } });
const writer = await open();
await writer.set('tracked', 'old');
same(await cached.get('tracked'), 'old');
await writer.set('tracked', 'new');
await eventually(() => cached.get('tracked'), 'new');
await Promise.all([cached.close(), writer.close()]);

attempt('password');
const socket = { host, port: passwordPort, reconnectStrategy: false };
match(await errorOf(open({ socket })), /NOAUTH/);
match(await errorOf(open({ socket, password: 'wrong' })), /WRONGPASS/);
const trusted = await open({ socket, password, database: 3 });
same(await trusted.ping(), 'PONG');
await trusted.close();
