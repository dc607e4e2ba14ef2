-- redis-lua, the client that is written in Lua.
local redis = require 'redis'
local socket = require 'socket'

local function attempt(step)
    print('try ' .. step)
    io.flush()
end

local function same(got, expected)
    if got ~= expected then error(tostring(got) .. ' instead of ' .. tostring(expected), 2) end
end

local function error_of(call)
    local done, text = pcall(call)
    same(done, false)
    return tostring(text)
end

local function open_at(variable)
    return redis.connect('127.0.0.1', tonumber(os.getenv(variable)))
end

local client, other = open_at('KV_PORT'), open_at('KV_PORT')
attempt 'binary values'
local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
local binary = table.concat(bytes) .. '\r\n'
same(client:set('binary', binary), true)
same(client:get('binary'), binary)
same(client:get('none'), nil)
attempt 'an error reply'
same(error_of(function() client:incr('binary') end):find('not an integer') ~= nil, true)

attempt 'pipeline'
local replies = client:pipeline(function(pipeline)
    for _ = 1, 100 do pipeline:incr('n') end
end)
same(#replies, 100)
same(replies[100], 100)
attempt 'MULTI/EXEC'
replies = client:transaction(function(transaction)
    transaction:set('a', 1)
    transaction:incr('a')
end)
same(#replies, 2)
same(replies[2], 2)
attempt 'WATCH conflict'
-- The transaction is repeated after a conflict. So it runs twice.
local rounds = 0
replies = client:transaction({ watch = 'a', cas = true, retry = 2 }, function(transaction)
    rounds = rounds + 1
    if rounds == 1 then other:set('a', 5) end
    transaction:multi()
    transaction:incr('a')
end)
same(rounds, 2)
same(replies[1], 6)

attempt 'expiry'
client:psetex('soon', 30, 'gone')
socket.sleep(0.05)
same(client:get('soon'), nil)
client:setex('later', 100, 'here')
same(client:ttl('later'), 100)
attempt 'SCAN'
for i = 1, 300 do client:set('key:' .. i, i) end
local found, cursor = 0, 0
repeat
    local reply = client:scan(cursor, { match = 'key:*', count = 50 })
    cursor, found = reply[1], found + #reply[2]
until cursor == '0'
same(found, 300)
attempt 'pub/sub'
local received
for message, abort in other:pubsub({ subscribe = { 'news' } }) do
    if message.kind == 'subscribe' then
        same(client:publish('news', 'hello'), 1)
    elseif message.kind == 'message' then
        received = message.payload
        abort()
    end
end
same(received, 'hello')
attempt 'INFO and SELECT'
same(client:info().server.redis_mode, 'standalone')
same(client:select(3), true)
same(client:dbsize(), 0)
same(client:raw_cmd('CLIENT INFO\r\n'):find(' resp=2') ~= nil, true)
print 'protocol 2'
same(client:quit(), true)

attempt 'password'
client = open_at('KV_PASSWORD_PORT')
same(error_of(function() client:ping() end):find('NOAUTH') ~= nil, true)
same(error_of(function() client:auth('wrong') end):find('WRONGPASS') ~= nil, true)
same(client:auth(os.getenv('KV_PASSWORD')), true)
same(client:ping(), true)
client:quit()
