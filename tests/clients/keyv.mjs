// Keyv with its Redis adapter: values with a time to live, in a namespace.
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { attempt, event, eventually, host, match, ok, password, passwordPort, port, protocol, same }
    from './steps.mjs';

const open = (namespace, options = {}) =>
    new Keyv(new KeyvRedis({ socket: { host, port, reconnectStrategy: false }, ...options }),
             { namespace, throwOnErrors: true });

const [store, other] = [open('one'), open('two')];
attempt('set, get, has, delete');
same(await store.set('user', { name: 'Ada', tags: [1, 2] }), true);
same(await store.get('user'), { name: 'Ada', tags: [1, 2] });
same(await other.get('user'), undefined);
same(await store.has('user'), true);
same(await store.delete('user'), true);
same(await store.get('user'), undefined);
attempt('many keys');
await store.setMany(Array.from({ length: 100 }, (_, i) => ({ key: `key:${i}`, value: i })));
same(await store.getMany(['key:7', 'none', 'key:99']), [7, undefined, 99]);
attempt('expiry');
await store.set('soon', 'gone', 30);
await eventually(() => store.get('soon'), undefined);
attempt('SCAN');
const found = [];
for await (const [key] of store.iterator()) found.push(key);
same(found.length, 100);
attempt('clear a namespace');
await other.set('kept', 1);
await store.clear();
same(await store.get('key:7'), undefined);
same(await other.get('kept'), 1);
protocol(await store.store.client.sendCommand(['CLIENT', 'INFO']));
await store.disconnect();
await other.disconnect();

attempt('password');
const socket = { host, port: passwordPort, reconnectStrategy: false };
const stranger = open('one', { socket });
const { promise: refused, arrived } = event('the error');
stranger.on('error', arrived);
await stranger.set('a', 1);
match((await refused).message, /NOAUTH/);
await stranger.disconnect();
const trusted = open('one', { socket, password });
ok(await trusted.set('a', 1));
await trusted.disconnect();
