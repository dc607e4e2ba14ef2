<?php
// Predis, the client that is written in PHP.
require 'Predis/Autoloader.php';
Predis\Autoloader::register();

function attempt($step) { echo "try $step\n"; }

function same($got, $expected) {
    if ($got !== $expected) throw new Exception(var_export($got, true) . ' instead of ' . var_export($expected, true));
}

function error_of($call) {
    try {
        $call();
    } catch (Predis\PredisException $error) {
        return $error->getMessage();
    }
    throw new Exception('there was no error');
}

function open_at($variable, $parameters = []) {
    return new Predis\Client(['host' => '127.0.0.1', 'port' => (int)getenv($variable), 'timeout' => 5,
                              'read_write_timeout' => 5] + $parameters);
}

$client = open_at('KV_PORT');
$other = open_at('KV_PORT');
attempt('binary values');
$binary = implode('', array_map('chr', range(0, 255))) . "\r\n\0";
same($client->set('binary', $binary)->getPayload(), 'OK');
same($client->get('binary'), $binary);
same($client->get('none'), null);
attempt('an error reply');
same(error_of(fn() => $client->incr('binary')), 'ERR value is not an integer or out of range');

attempt('pipeline');
same($client->pipeline(function ($pipeline) {
    for ($i = 0; $i < 100; ++$i) $pipeline->incr('n');
}), range(1, 100));
same($client->pipeline(['atomic' => true], function ($pipeline) { $pipeline->incr('n'); }), [101]);
attempt('MULTI/EXEC');
$client->set('a', '1');
same($client->transaction(function ($transaction) {
    $transaction->incr('a');
    $transaction->get('a');
}), [2, '2']);
attempt('WATCH conflict');
error_of(fn() => $client->transaction(['watch' => 'a', 'cas' => true], function ($transaction) use ($other) {
    same($transaction->get('a'), '2');
    $other->set('a', '5');
    $transaction->multi();
    $transaction->incr('a');
}));
same($client->get('a'), '5');

attempt('expiry');
$client->set('soon', 'gone', 'PX', 30);
$deadline = microtime(true) + 5;
while ($client->get('soon') !== null && microtime(true) < $deadline);
same($client->get('soon'), null);
$client->setex('later', 100, 'here');
same($client->ttl('later'), 100);
attempt('SCAN');
$client->mset(array_fill_keys(array_map(fn($i) => "key:$i", range(0, 299)), 'x'));
same(iterator_count(new Predis\Collection\Iterator\Keyspace($client, 'key:*', 50)), 300);
attempt('pub/sub');
$loop = $other->pubSubLoop();
$loop->subscribe('news');
$messages = [];
foreach ($loop as $message) {
    if ($message->kind === 'subscribe') same($client->publish('news', 'hello'), 1);
    if ($message->kind === 'message') {
        $messages[] = $message->payload;
        $loop->unsubscribe();
    }
}
same($messages, ['hello']);
attempt('INFO and SELECT');
same($client->info()['Server']['redis_mode'], 'standalone');
$client->select(3);
same($client->dbsize(), 0);
same(preg_match('/ resp=2/', $client->executeRaw(['CLIENT', 'INFO'])), 1);
echo "protocol 2\n";
$client->disconnect();
$other->disconnect();

attempt('password');
same(preg_match('/^NOAUTH/', error_of(fn() => open_at('KV_PASSWORD_PORT')->ping())), 1);
same(preg_match('/WRONGPASS/', error_of(fn() => open_at('KV_PASSWORD_PORT', ['password' => 'wrong'])->ping())), 1);
same(open_at('KV_PASSWORD_PORT', ['password' => getenv('KV_PASSWORD')])->ping()->getPayload(), 'PONG');
