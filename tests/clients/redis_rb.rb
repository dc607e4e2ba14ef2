# redis-rb, the client for Ruby.
require 'redis'

def attempt(step)
  puts "try #{step}"
  $stdout.flush
end

def same(got, expected)
  raise "#{got.inspect} instead of #{expected.inspect}" unless got == expected
end

def error_of
  yield
  raise 'there was no error'
rescue Redis::BaseError => e
  e.message
end

def open_at(variable, **options)
  Redis.new(host: '127.0.0.1', port: ENV[variable].to_i, timeout: 5, reconnect_attempts: 0, **options)
end

client = open_at('KV_PORT')
other = open_at('KV_PORT')
attempt 'binary values'
binary = (0..255).to_a.pack('C*') + "\r\n\0".b
same client.set('binary', binary), 'OK'
same client.get('binary').b, binary
same client.get('none'), nil
attempt 'an error reply'
same error_of { client.incr('binary') }, 'ERR value is not an integer or out of range'

attempt 'pipeline'
same client.pipelined { |pipeline| 100.times { pipeline.incr('n') } }, (1..100).to_a
attempt 'MULTI/EXEC'
same(client.multi { |transaction| transaction.set('a', 1) && transaction.incr('a') }, ['OK', 2])
attempt 'WATCH conflict'
conflict = client.watch('a') do
  other.set('a', 5)
  client.multi { |transaction| transaction.incr('a') }
end
same conflict, nil

attempt 'expiry'
same client.set('soon', 'gone', px: 30, nx: true), true
same client.set('soon', 'again', px: 30, nx: true), false
sleep 0.05
same client.get('soon'), nil
client.setex('later', 100, 'here')
same client.ttl('later'), 100
attempt 'SCAN'
client.mapped_mset((0...300).to_h { |i| ["key:#{i}", i] })
same client.scan_each(match: 'key:*', count: 50).to_a.sort, (0...300).map { |i| "key:#{i}" }.sort
attempt 'pub/sub'
received = nil
other.subscribe('news') do |on|
  on.subscribe { |_channel, _count| same client.publish('news', 'hello'), 1 }
  on.message do |channel, message|
    received = [channel, message]
    other.unsubscribe
  end
end
same received, %w[news hello]
same other.get('a'), '5'
attempt 'INFO and SELECT'
same client.info['redis_mode'], 'standalone'
client.select(3)
same client.dbsize, 0
same client.call('CLIENT', 'INFO').include?(' resp=2'), true
puts 'protocol 2'
client.close
other.close

attempt 'password'
same error_of { open_at('KV_PASSWORD_PORT').ping }.start_with?('NOAUTH'), true
same error_of { open_at('KV_PASSWORD_PORT', password: 'wrong').ping }.include?('WRONGPASS'), true
same open_at('KV_PASSWORD_PORT', password: ENV['KV_PASSWORD'], db: 3).ping, 'PONG'
