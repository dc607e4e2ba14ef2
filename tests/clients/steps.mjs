// What the Node.js scripts of this folder share: the addresses of the servers, and the names of the steps.
export { deepStrictEqual as same, match, ok } from 'node:assert';

export const host = '127.0.0.1';
export const port = Number(process.env.KV_PORT);
export const passwordPort = Number(process.env.KV_PASSWORD_PORT);
export const password = process.env.KV_PASSWORD;
export const binary = Buffer.from([...Array(256).keys(), 13, 10, 0, 36, 53, 13, 10]);

/** Says which step begins. run.py reads this line. */
export const attempt = (step) => console.log('try', step);

/** Says which version of RESP the client uses. `info` is the reply to CLIENT INFO. */
export const protocol = (info) => console.log('protocol', /resp=(\d)/.exec(String(info))[1]);

/** Waits for an error, and returns its message. */
export async function errorOf(promise) {
    try {
        await promise;
    } catch (error) {
        return error.message;
    }
    throw new Error('there was no error');
}

/** A promise, and the function that ends it. It fails after five seconds. */
export function event(name) {
    let arrived;
    const promise = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${name} did not arrive`)), 5000);
        arrived = (value) => {
            clearTimeout(timer);
            resolve(value);
        };
    });
    return { promise, arrived };
}

/** Waits until `value()` is `expected`, for up to five seconds. */
export async function eventually(value, expected) {
    const deadline = Date.now() + 5000;
    for (;;) {
        const found = await value();
        if (found === expected) return;
        if (Date.now() > deadline) throw new Error(`${found} instead of ${expected} after five seconds`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}
