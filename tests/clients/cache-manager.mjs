// cache-manager on the Redis adapter of Keyv.
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import Keyv from 'keyv';
import { attempt, eventually, host, password, passwordPort, port, protocol, same } from './steps.mjs';

const open = (options = {}) => new Keyv(new KeyvRedis({ socket: { host, port }, ...options }), { throwOnErrors: true });

const store = open();
const cache = createCache({ stores: [store] });
attempt('set, get, delete');
await cache.set('user', { name: 'Ada' });
same(await cache.get('user'), { name: 'Ada' });
await cache.del('user');
same(await cache.get('user'), undefined);
attempt('many keys');
await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: 2, ttl: 10000 }]);
same(await cache.mget(['a', 'b', 'none']), [1, 2, undefined]);
attempt('expiry');
await cache.set('soon', 'gone', 30);
await eventually(() => cache.get('soon'), undefined);
attempt('wrap');
let calls = 0;
for (let i = 0; i < 3; ++i) same(await cache.wrap('slow', async () => ++calls, 10000), 1);
attempt('clear');
await cache.clear();
same(await cache.get('a'), undefined);
protocol(await store.store.client.sendCommand(['CLIENT', 'INFO']));
await cache.disconnect();
attempt('password');
const trusted = createCache({ stores: [open({ socket: { host, port: passwordPort }, password })] });
await trusted.set('a', 1);
same(await trusted.get('a'), 1);
await trusted.disconnect();
