<?php
// phpredis, the C extension of PHP.

function attempt($step) { echo "try $step\n"; }

function same($got, $expected) {
    if ($got !== $expected) throw new Exception(var_export($got, true) . ' instead of ' . var_export($expected, true));
}

function error_of($call) {
    try {
        $call();
    } catch (RedisException $error) {
        return $error->getMessage();
    }
    throw new Exception('there was no error');
}

function open_at($variable) {
    $client = new Redis();
    same($client->connect('127.0.0.1', (int)getenv($variable), 5), true);
    $client->setOption(Redis::OPT_READ_TIMEOUT, 5);
    return $client;
}

$client = open_at('KV_PORT');
$other = open_at('KV_PORT');
attempt('binary values');
$binary = implode('', array_map('chr', range(0, 255))) . "\r\n\0";
same($client->set('binary', $binary), true);
same($client->get('binary'), $binary);
same($client->get('none'), false);
attempt('an error reply');
same($client->incr('binary'), false);
same(rtrim($client->getLastError(), "\0"), 'ERR value is not an integer or out of range');  // phpredis 5.3.7 adds a NUL
same($client->rawCommand('NOSUCH'), false);

attempt('pipeline');
$pipeline = $client->pipeline();
for ($i = 0; $i < 100; ++$i) $pipeline->incr('n');
same($pipeline->exec(), range(1, 100));
attempt('MULTI/EXEC');
same($client->multi()->set('a', '1')->incr('a')->get('a')->exec(), [true, 2, '2']);
attempt('WATCH conflict');
$client->watch('a');
$other->set('a', '5');
same($client->multi()->incr('a')->exec(), false);

attempt('expiry');
same($client->set('soon', 'gone', ['nx', 'px' => 30]), true);
same($client->set('soon', 'again', ['nx', 'px' => 30]), false);
$deadline = microtime(true) + 5;
while ($client->get('soon') !== false && microtime(true) < $deadline);
same($client->get('soon'), false);
$client->setEx('later', 100, 'here');
same($client->ttl('later'), 100);
attempt('SCAN');
same($client->mset(array_fill_keys(array_map(fn($i) => "key:$i", range(0, 299)), 'x')), true);
$client->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$found = 0;
$cursor = null;
while ($keys = $client->scan($cursor, 'key:*', 50)) $found += count($keys);
same($found, 300);
attempt('pub/sub');
// subscribe() returns when its connection ends; so the callback closes it. A process publishes.
$publisher = proc_open([PHP_BINARY, '-r', '
    $client = new Redis();
    $client->connect("127.0.0.1", (int)getenv("KV_PORT"), 5);
    for ($i = 0; $i < 500 && $client->publish("news", "hello") === 0; ++$i) usleep(10000);'], [], $pipes);
$received = null;
$receive = function ($client, $channel, $message) use (&$received) {
    $received = "$channel $message";
    $client->close();
};
error_of(fn() => $other->subscribe(['news'], $receive));
same($received, 'news hello');
same(proc_close($publisher), 0);
attempt('INFO and SELECT');
same($client->info()['redis_mode'], 'standalone');
same($client->select(3), true);
same($client->dbSize(), 0);
same(preg_match('/ resp=2/', $client->rawCommand('CLIENT', 'INFO')), 1);
echo "protocol 2\n";
same($client->close(), true);

attempt('password');
$client = open_at('KV_PASSWORD_PORT');
same(preg_match('/^NOAUTH/', error_of(fn() => $client->ping())), 1);
same($client->auth(getenv('KV_PASSWORD')), true);
same($client->ping(), true);
same($client->close(), true);
