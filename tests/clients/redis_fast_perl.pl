# Redis::Fast, the client for Perl that uses hiredis. It reads with events, where Redis blocks.
use strict;
use warnings;
use Redis::Fast;

$| = 1;
sub attempt { print "try @_\n" }

sub same {
    my ($got, $expected) = map { defined $_ ? $_ : 'undef' } @_;
    die "$got instead of $expected" unless $got eq $expected;
}

sub open_at {
    my ($variable, @options) = @_;
    return Redis::Fast->new(server => "127.0.0.1:$ENV{$variable}", cnx_timeout => 5, read_timeout => 5, @options);
}

my ($client, $other) = (open_at('KV_PORT'), open_at('KV_PORT'));
attempt 'binary values';
my $binary = join('', map { chr } 0 .. 255) . "\r\n";
same($client->set(binary => $binary), 'OK');
same($client->get('binary'), $binary);
attempt 'an error reply';
eval { $client->incr('binary') };
die "wrong error: $@" unless $@ =~ /ERR value is not an integer or out of range/;
attempt 'pipeline';
my $sum = 0;
$client->incr('n', sub { $sum += $_[0] }) for 1 .. 1000;
$client->wait_all_responses;
same($sum, 500500);
attempt 'MULTI/EXEC';
$client->multi;
$client->set(a => 1);
$client->incr('a');
same(join(' ', $client->exec), 'OK 2');
attempt 'WATCH conflict';
$client->watch('a');
$other->set(a => 5);
$client->multi;
$client->incr('a');
$client->exec;
same($client->get('a'), 5);
attempt 'expiry';
$client->setex('later', 100, 'here');
same($client->ttl('later'), 100);
attempt 'SCAN';
$client->mset(map { ("key:$_" => $_) } 1 .. 300);
my ($cursor, $found) = (0, 0);
do {
    ($cursor, my $keys) = $client->scan($cursor, MATCH => 'key:*', COUNT => 50);
    $found += @$keys;
} while ($cursor);
same($found, 300);
attempt 'pub/sub';
my $received;
$other->subscribe('news', sub { $received = "$_[1] $_[0]" });
same($client->publish(news => 'hello'), 1);
$other->wait_for_messages(1) while !defined $received;
same($received, 'news hello');
die unless $client->client_info =~ / resp=2/;
print "protocol 2\n";
attempt 'password';
same(open_at('KV_PASSWORD_PORT', password => $ENV{KV_PASSWORD})->ping, 'PONG');
