"""Redis keys of `delivery.cluster.redis_presence`, and the Lua scripts that read and change them atomically.

- `im:held:<lease>`     set of `app:person`: whom the node of this lease holds
- `im:holders`          set of the leases that have written any
- `im:person:<person>`  hash whose fields are `app@lease`
- `im:app:<app>`        sorted set of persons, by id: exactly those with a field of this app
- `im:names`            hash person -> name; `im:name:<name>`: set of persons who bear it
- `im:parting`          sorted set of `app:person:name`, by when they will have been away for long enough to be gone

Nothing that a lapsed lease holds counts. Readers skip it or bury it first: whoever comes by cleans up. Long answers are
JSON, which is read here ten times as fast as Redis's own arrays.
"""

from __future__ import annotations

_COMMON = """
local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local living = {}
local function lives(lease)
    if living[lease] == nil then living[lease] = redis.call('EXISTS', 'im:lease:' .. lease) == 1 end
    return living[lease]
end

local function come(lease, person, app, name)
    local before = redis.call('HGET', 'im:names', person)
    if before ~= name then
        if before then redis.call('SREM', 'im:name:' .. before, person) end
        redis.call('HSET', 'im:names', person, name)
        redis.call('SADD', 'im:name:' .. name, person)
    end
    redis.call('SADD', 'im:held:' .. lease, app .. ':' .. person)
    redis.call('HSET', 'im:person:' .. person, app .. '@' .. lease, '')
    local parting = redis.call('ZREM', 'im:parting', app .. ':' .. person .. ':' .. name) == 1
    return redis.call('ZADD', 'im:app:' .. app, person, person) == 1 and not parting
end

local function go(lease, person, app, due)
    redis.call('SREM', 'im:held:' .. lease, app .. ':' .. person)
    local key = 'im:person:' .. person
    if redis.call('HDEL', key, app .. '@' .. lease) == 0 then return end
    local anywhere = false
    for _, field in ipairs(redis.call('HKEYS', key)) do
        if string.sub(field, 1, #app + 1) == app .. '@' then return end
        anywhere = true
    end
    local name = redis.call('HGET', 'im:names', person) or ''
    redis.call('ZREM', 'im:app:' .. app, person)
    if due then redis.call('ZADD', 'im:parting', due, app .. ':' .. person .. ':' .. name) end
    if not anywhere then
        redis.call('HDEL', 'im:names', person)
        redis.call('SREM', 'im:name:' .. name, person)
    end
end

local function bury(lease, due)
    for _, held in ipairs(redis.call('SPOP', 'im:held:' .. lease, 1000)) do
        local app, person = string.match(held, '^(%d+):(-?%d+)$')
        go(lease, person, app, due)
    end
    if redis.call('EXISTS', 'im:held:' .. lease) == 1 then return 1 end
    redis.call('SREM', 'im:holders', lease)
    return 0
end

-- Returns 1 if there is more to bury than should be done in one go.
local function sweep(grace)
    for _, lease in ipairs(redis.call('SMEMBERS', 'im:holders')) do
        if not lives(lease) and bury(lease, now() + grace) == 1 then return 1 end
    end
    return 0
end
"""

WRITE = (
    _COMMON
    + """
-- lease, number of this write, grace, then for each change: '+' or '-', person, app, name.
-- Returns the places (from 0) of those who came and were nowhere on the app; false if the lease has lapsed.
local lease = ARGV[1]
if not lives(lease) then return false end
redis.call('HSET', 'im:lease:' .. lease, 'writes', ARGV[2])
redis.call('SADD', 'im:holders', lease)
local due, first = now() + tonumber(ARGV[3]), {}
for i = 4, #ARGV, 4 do
    if ARGV[i] == '-' then
        go(lease, ARGV[i + 1], ARGV[i + 2], due)
    elseif come(lease, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) then
        first[#first + 1] = (i - 4) / 4
    end
end
return first
"""
)

RETIRE = (
    _COMMON
    + """
-- lease, grace; no grace: nobody is told that its people have gone. Returns 1 if it is to be called again.
redis.call('DEL', 'im:lease:' .. ARGV[1])
redis.call('SREM', 'im:leases', ARGV[1])
return bury(ARGV[1], ARGV[2] ~= '' and now() + tonumber(ARGV[2]) or nil)
"""
)

SWEEP = (
    _COMMON
    + """
-- grace, age of partings that are too old to tell of. Returns whether to ask again, and who has gone (see im:parting).
local more = sweep(tonumber(ARGV[1]))
redis.call('ZREMRANGEBYSCORE', 'im:parting', '-inf', now() - tonumber(ARGV[2]))
local gone = redis.call('ZRANGEBYSCORE', 'im:parting', '-inf', now(), 'LIMIT', 0, 1000)
for _, member in ipairs(gone) do redis.call('ZREM', 'im:parting', member) end
return {math.max(more, #gone == 1000 and 1 or 0), gone}
"""
)

WHERE = (
    _COMMON
    + """
-- persons. Returns [person, field, person, field, ...], of those whom a living lease holds, as JSON; none: '{}'.
local found = {}
for _, person in ipairs(ARGV) do
    for _, field in ipairs(redis.call('HKEYS', 'im:person:' .. person)) do
        if lives(string.match(field, '@(.*)$')) then
            found[#found + 1] = person
            found[#found + 1] = field
        end
    end
end
return cjson.encode(found)
"""
)

COUNT = (
    _COMMON
    + """
-- grace, app. Returns whether to ask again, and the count.
return {sweep(tonumber(ARGV[1])), redis.call('ZCARD', 'im:app:' .. ARGV[2])}
"""
)

PERSONS = (
    _COMMON
    + """
-- grace, app, after, limit. Returns whether to ask again, and [persons, names] as JSON; of nobody: '[{},{}]'.
local more = sweep(tonumber(ARGV[1]))
local key = 'im:app:' .. ARGV[2]
local persons = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[4])
local names = #persons > 0 and redis.call('HMGET', 'im:names', unpack(persons)) or {}
return {more, cjson.encode({persons, names})}
"""
)

NAMED = (
    _COMMON
    + """
-- grace, name, app or ''. Returns whether to ask again, and persons.
local more, found = sweep(tonumber(ARGV[1])), {}
for _, person in ipairs(redis.call('SMEMBERS', 'im:name:' .. ARGV[2])) do
    if ARGV[3] == '' or redis.call('ZSCORE', 'im:app:' .. ARGV[3], person) then found[#found + 1] = person end
end
return {more, found}
"""
)
