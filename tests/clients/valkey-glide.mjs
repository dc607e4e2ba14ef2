// Valkey GLIDE, whose core is written in Rust, in RESP3 (its default) and in RESP2.
import { Batch, Decoder, GlideClient, ProtocolVersion, TimeUnit } from '@valkey/valkey-glide';
import { attempt, binary, errorOf, event, eventually, host, match, password, passwordPort, port, protocol, same }
    from './steps.mjs';

const open = (options = {}) =>
    GlideClient.createClient({ addresses: [{ host, port }], requestTimeout: 5000, ...options });

async function commands(client, other) {
    attempt('binary values');
    same(await client.set('binary', binary), 'OK');
    same(await client.get('binary', { decoder: Decoder.Bytes }), binary);
    same(await client.get('none'), null);
    attempt('an error reply');
    match(await errorOf(client.incr('binary')), /value is not an integer or out of range/);
    attempt('pipeline');
    const pipeline = new Batch(false);
    for (let i = 0; i < 100; ++i) pipeline.incr('n');
    same((await client.exec(pipeline, true)).at(-1), 100);
    attempt('MULTI/EXEC');
    same(await client.exec(new Batch(true).set('a', '1').incr('a').get('a'), true), ['OK', 2, '2']);
    attempt('WATCH conflict');
    await client.watch(['a']);
    await other.set('a', '5');
    same(await client.exec(new Batch(true).incr('a'), true), null);
    attempt('expiry');
    await client.set('soon', 'gone', { expiry: { type: TimeUnit.Milliseconds, count: 30 } });
    await eventually(() => client.get('soon'), null);
    attempt('SCAN');
    await client.mset(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key:${i}`, 'x'])));
    const found = new Set();
    let [cursor, keys] = ['0', []];
    do {
        [cursor, keys] = await client.scan(cursor, { match: 'key:*', count: 50 });
        keys.forEach((key) => found.add(key));
    } while (cursor !== '0');
    same(found.size, 300);
}

for (const version of [ProtocolVersion.RESP3, ProtocolVersion.RESP2]) {
    const [client, other] = [await open({ protocol: version }), await open({ protocol: version })];
    await client.flushall();
    protocol(await client.customCommand(['CLIENT', 'INFO']));
    await commands(client, other);
    [client, other].forEach((each) => each.close());
}

attempt('pub/sub');  // GLIDE has it in RESP3 only
const client = await open();
const { promise: message, arrived } = event('the message');
const subscriber = await open({
    pubsubSubscriptions: {
        channelsAndPatterns: { [0]: new Set(['news']) }, callback: ({ message: text }) => arrived(text),
    },
});
await eventually(() => client.publish('hello', 'news'), 1);
same(await message, 'hello');
[client, subscriber].forEach((each) => each.close());

attempt('password');
const addresses = [{ host, port: passwordPort }];
match(await errorOf(open({ addresses })), /NOAUTH|Authentication required/i);
match(await errorOf(open({ addresses, credentials: { password: 'wrong' } })), /WRONGPASS|invalid|failed/i);
const trusted = await open({ addresses, credentials: { password }, databaseId: 3 });
same(await trusted.customCommand(['PING']), 'PONG');
trusted.close();
