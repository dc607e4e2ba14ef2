// ioredis.mjs MODULE [VERSION OF RESP...]: ioredis, or iovalkey, which has the same functions.
import { attempt, binary, errorOf, event, eventually, host, match, password, passwordPort, port, protocol, same }
    from './steps.mjs';

const [module, ...versions] = process.argv.slice(2);
const { Redis } = await import(module);

const open = (options = {}) => {
    const client = new Redis({ host, port, retryStrategy: null, ...options });
    client.on('error', () => {});
    return client;
};

async function commands(client, other) {
    attempt('binary values');
    same(await client.set('binary', binary), 'OK');
    same(await client.getBuffer('binary'), binary);
    same(await client.get('none'), null);
    attempt('an error reply');
    match(await errorOf(client.incr('binary')), /^ERR value is not an integer or out of range/);
    attempt('pipeline');
    const pipeline = client.pipeline();
    for (let i = 0; i < 100; ++i) pipeline.incr('n');
    same((await pipeline.exec()).at(-1), [null, 100]);
    attempt('MULTI/EXEC');
    same(await client.multi().set('a', '1').incr('a').get('a').exec(), [[null, 'OK'], [null, 2], [null, '2']]);
    attempt('WATCH conflict');
    await client.watch('a');
    await other.set('a', '5');
    same(await client.multi().incr('a').exec(), null);
    attempt('expiry');
    await client.set('soon', 'gone', 'PX', 30, 'NX');
    await eventually(() => client.get('soon'), null);
    await client.setex('later', 100, 'here');
    same(await client.ttl('later'), 100);
    attempt('SCAN');
    await client.mset(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key:${i}`, 'x'])));
    const found = new Set();
    for await (const keys of client.scanStream({ match: 'key:*', count: 50 })) keys.forEach((key) => found.add(key));
    same(found.size, 300);
}

async function pubsub(client, subscriber) {
    attempt('pub/sub');
    const { promise: message, arrived } = event('the message');
    const { promise: byPattern, arrived: arrivedByPattern } = event('the message by pattern');
    subscriber.on('messageBuffer', (channel, bytes) => arrived(bytes));
    subscriber.on('pmessage', (pattern, channel) => arrivedByPattern([pattern, channel]));
    same(await subscriber.subscribe('news'), 1);
    same(await subscriber.psubscribe('ne*'), 2);
    same(await client.publish('news', binary), 2);
    same(await message, binary);
    same(await byPattern, ['ne*', 'news']);
    await subscriber.unsubscribe('news');
    await subscriber.punsubscribe('ne*');
    same(await subscriber.ping(), 'PONG');
}

for (const version of versions.length ? versions.map(Number) : [undefined]) {
    const options = version ? { protocol: version } : {};
    const [client, other] = [open({ connectionName: 'me', ...options }), open(options)];
    await client.flushall();
    const info = await client.call('CLIENT', 'INFO');
    protocol(info);
    match(info, /name=me /);
    await commands(client, other);
    await pubsub(client, other);
    same(await client.quit(), 'OK');
    other.disconnect();
}

attempt('password');
const socket = { port: passwordPort, maxRetriesPerRequest: 0 };
const stranger = open(socket);
match(await errorOf(stranger.ping()), /NOAUTH/);
stranger.disconnect();
const wrong = open({ ...socket, password: 'wrong' });
match(await errorOf(wrong.ping()), /WRONGPASS|NOAUTH/);
wrong.disconnect();
const trusted = open({ ...socket, password, db: 3 });
same(await trusted.ping(), 'PONG');
same(await trusted.quit(), 'OK');
