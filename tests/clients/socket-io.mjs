// The Redis adapter of Socket.IO: two servers, each with one client, exchange messages with PUBLISH and SUBSCRIBE.
import { once } from 'node:events';
import http from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { attempt, event, host, password, passwordPort, port, protocol, same } from './steps.mjs';

async function serve(options) {
    const publisher = createClient(options);
    const subscriber = publisher.duplicate();
    await Promise.all([publisher.connect(), subscriber.connect()]);
    const listener = http.createServer();
    const server = new Server(listener, { adapter: createAdapter(publisher, subscriber) });
    server.on('connection', (socket) => socket.on('join', (room, done) => {
        socket.join(room);
        done();
    }));
    listener.listen(0, host);
    await once(listener, 'listening');
    const client = connect(`http://${host}:${listener.address().port}`, { transports: ['websocket'] });
    await once(client, 'connect');
    const close = async () => {
        client.close();
        await server.close();
        await Promise.all([publisher.close(), subscriber.close()]);
    };
    return { publisher, server, client, close };
}

const arrival = async (client, name, send) => {
    const { promise, arrived } = event(name);
    client.once(name, arrived);
    await send();
    return promise;
};

async function exchange(options) {
    const [one, two] = [await serve(options), await serve(options)];
    attempt('a message to the clients of the other server');
    const news = { text: 'hello', bytes: Buffer.from([0, 255]) };
    same(await arrival(two.client, 'news', () => one.server.emit('news', news)), news);
    attempt('a message to a room');
    await two.client.emitWithAck('join', 'room');
    same(await arrival(two.client, 'room news', () => one.server.to('room').emit('room news', 1)), 1);
    attempt('a message between servers');
    same(await arrival(two.server, 'ping', () => one.server.serverSideEmit('ping', 42)), 42);
    attempt('the clients of both servers');
    same((await one.server.fetchSockets()).length, 2);
    attempt('an answer of each client');
    two.client.on('ask', (done) => done('two'));
    one.client.on('ask', (done) => done('one'));
    same((await one.server.timeout(5000).emitWithAck('ask')).sort(), ['one', 'two']);
    protocol(await one.publisher.sendCommand(['CLIENT', 'INFO']));
    await one.close();
    await two.close();
}

await exchange({ socket: { host, port }, RESP: 3 });
await exchange({ socket: { host, port }, RESP: 2 });
attempt('password');
const trusted = await serve({ socket: { host, port: passwordPort }, password });
same((await trusted.server.fetchSockets()).length, 1);
await trusted.close();
