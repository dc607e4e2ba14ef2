# Redis, the client that is written in Perl.
use strict;
use warnings;
use Redis;
use Time::HiRes 'sleep';

$| = 1;
sub attempt { print "try @_\n" }

sub same {
    my ($got, $expected) = map { defined $_ ? $_ : 'undef' } @_;
    die "$got instead of $expected" unless $got eq $expected;
}

sub error_of {
    my $call = shift;
    eval { $call->(); 1 } and die 'there was no error';
    return $@;
}

sub open_at {
    my ($variable, @options) = @_;
    return Redis->new(server => "127.0.0.1:$ENV{$variable}", cnx_timeout => 5, read_timeout => 5, @options);
}

my $client = open_at('KV_PORT', name => 'perl');
my $other = open_at('KV_PORT');
attempt 'binary values';
my $binary = join('', map { chr } 0 .. 255) . "\r\n";
same($client->set(binary => $binary), 'OK');
same($client->get('binary'), $binary);
same($client->get('none'), undef);
attempt 'an error reply';
die unless error_of(sub { $client->incr('binary') }) =~ /ERR value is not an integer or out of range/;

attempt 'pipeline';
my $sum = 0;
$client->incr('n', sub { $sum += $_[0] }) for 1 .. 100;
$client->wait_all_responses;
same($sum, 5050);
attempt 'MULTI/EXEC';
same($client->multi, 'OK');
same($client->set(a => 1), 'QUEUED');
same($client->incr('a'), 'QUEUED');
same(join(' ', $client->exec), 'OK 2');
attempt 'WATCH conflict';
$client->watch('a');
$other->set(a => 5);
$client->multi;
$client->incr('a');
same(scalar(my @replies = grep { defined } $client->exec), 0);
same($client->get('a'), 5);

attempt 'expiry';
$client->set(soon => 'gone', PX => 30);
sleep 0.05;
same($client->get('soon'), undef);
$client->setex('later', 100, 'here');
same($client->ttl('later'), 100);
attempt 'SCAN';
$client->mset(map { ("key:$_" => $_) } 1 .. 300);
my ($cursor, $found) = (0, 0);
do {
    my $keys;
    ($cursor, $keys) = $client->scan($cursor, MATCH => 'key:*', COUNT => 50);
    $found += @$keys;
} while ($cursor);
same($found, 300);
attempt 'pub/sub';
my $received;
my $receive = sub { $received = "$_[1] $_[0]" };
$other->subscribe('news', $receive);
same($client->publish(news => 'hello'), 1);
$other->wait_for_messages(1) while !defined $received;
same($received, 'news hello');
$other->unsubscribe('news', $receive);
same($other->get('a'), 5);
attempt 'INFO and CLIENT';
same($client->info->{redis_mode}, 'standalone');
same($client->client_getname, 'perl');
die unless $client->client_info =~ / resp=2/;
print "protocol 2\n";
$client->quit;
$other->quit;

attempt 'password';
die unless error_of(sub { open_at('KV_PASSWORD_PORT')->get('a') }) =~ /NOAUTH/;
die unless error_of(sub { open_at('KV_PASSWORD_PORT', password => 'wrong')->ping }) =~ /WRONGPASS/;
same(open_at('KV_PASSWORD_PORT', password => $ENV{KV_PASSWORD})->ping, 'PONG');
