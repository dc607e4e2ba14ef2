// connect-redis: the sessions of an HTTP server with express-session.
import { once } from 'node:events';
import http from 'node:http';
import { promisify } from 'node:util';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { createClient } from 'redis';
import { attempt, eventually, host, password, passwordPort, port, protocol, same } from './steps.mjs';

async function visits(options) {
    const client = createClient(options);
    await client.connect();
    const store = new RedisStore({ client, ttl: 100 });
    const withSession = session({ store, secret: 'secret', resave: false, saveUninitialized: false });
    const server = http.createServer((request, response) => withSession(request, response, () => {
        request.session.visits = (request.session.visits ?? 0) + 1;
        response.end(String(request.session.visits));
    }));
    server.listen(0, host);
    await once(server, 'listening');
    let cookie;
    const visit = async () => {
        const response = await fetch(`http://${host}:${server.address().port}/`, { headers: cookie ? { cookie } : {} });
        cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
        return response.text();
    };
    const close = async () => {
        server.closeAllConnections();
        server.close();
        await client.close();
    };
    return { client, store, visit, close };
}

const { client, store, visit, close } = await visits({ socket: { host, port } });
attempt('a session over HTTP');
same([await visit(), await visit(), await visit()], ['1', '2', '3']);
attempt('expiry');
const [key] = await client.keys('sess:*');
same(await client.ttl(key), 100);
await client.pExpire(key, 20);
await eventually(() => client.exists(key), 0);
same(await visit(), '1');
attempt('SCAN');
const [set, length, all, ids] = ['set', 'length', 'all', 'ids'].map((name) => promisify(store[name]).bind(store));
for (let i = 0; i < 250; ++i) await set(`id${i}`, { cookie: {}, visits: i });
same(await length(), 251);
same((await all()).length, 251);
same((await ids()).filter((id) => id === 'id7').length, 1);
attempt('touch, destroy and clear');
await promisify(store.touch).call(store, 'id7', { cookie: {} });
await promisify(store.destroy).call(store, 'id7');
same(await promisify(store.get).call(store, 'id7'), null);
await promisify(store.clear).call(store);
same(await client.dbSize(), 0);
protocol(await client.sendCommand(['CLIENT', 'INFO']));
await close();

attempt('password');
const trusted = await visits({ socket: { host, port: passwordPort }, password });
same([await trusted.visit(), await trusted.visit()], ['1', '2']);
await trusted.close();
