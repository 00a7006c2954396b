/**
 * What is done in one step of Redis, in Lua. Each script gets the prefix of all names as `ARGV[1]`; names are made in the scripts, which a
 * Redis Cluster would not allow. A name that comes from outside stands last in a key, so that no two can meet.
 *
 * - `job:<id>`: hash, the record and what is noted beside it; `request:<id>`: its request; `log:<id>`: stream, the event `n` has the id `n-0`
 * - `jobs:<status>`, `owner:<status>:<owner>`: sorted sets of `<n>:<id>` by time of creation, with an empty status of all; `lane:<lane>`: of
 *   those that are queued
 * - `expiring`: ids by when they expire; `bytes`: hash, what the jobs of owners take; `idempotency:<hash of owner and key>`
 * - `webhook:<id>`, `webhooks`, `webhooks:host:<host>`, `webhooks:hosts`, `webhooks:job:<id>`: what is to be sent, and when
 * - `usage:<hour>`: hash of sums; `usage`: the hours; `spent:<owner>`: hash, billionths of a US dollar by day and month
 */

/** What every script begins with. */
export const prelude = `
local p = ARGV[1]
local function jobKey(id) return p .. 'job:' .. id end
local function relist(id, before, after)
  local job = redis.call('HMGET', jobKey(id), 'owner', 'n', 'createdAt', 'lane')
  local owner, member, createdAt, lane = job[1], job[2] .. ':' .. id, job[3], job[4]
  local function lists(status)
    local all = { p .. 'jobs:' .. status, p .. 'owner:' .. status .. ':' .. owner }
    if status == 'queued' then table.insert(all, p .. 'lane:' .. lane) end
    return all
  end
  for _, status in ipairs(before) do for _, list in ipairs(lists(status)) do redis.call('ZREM', list, member) end end
  for _, status in ipairs(after) do for _, list in ipairs(lists(status)) do redis.call('ZADD', list, createdAt, member) end end
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function clientsOf(id)
  redis.call('ZREMRANGEBYSCORE', p .. 'clients:' .. id, '-inf', now())
  return redis.call('ZCARD', p .. 'clients:' .. id)
end
local function addBytes(owner, bytes)
  if redis.call('HINCRBY', p .. 'bytes', owner, bytes) == 0 then redis.call('HDEL', p .. 'bytes', owner) end
end
-- a full Redis refuses what could take memory, and forgetting is what gives it back
local function addWherePossible(...) return redis.pcall(...) end
local function addEvents(id, seqs, ats, events)
  for i = 1, #seqs do redis.call('XADD', p .. 'log:' .. id, seqs[i] .. '-0', 'at', ats[i], 'event', events[i]) end
end
local function nextDueOf(host)
  local first = redis.call('ZRANGE', p .. 'webhooks:host:' .. host, 0, 0, 'WITHSCORES')
  if first[2] then addWherePossible('ZADD', p .. 'webhooks:hosts', first[2], host) else redis.call('ZREM', p .. 'webhooks:hosts', host) end
end
local function removeWebhook(webhook)
  local key = p .. 'webhook:' .. webhook
  local found = redis.call('HMGET', key, 'host', 'job')
  if not found[1] then return end
  redis.call('DEL', key)
  redis.call('ZREM', p .. 'webhooks', webhook)
  redis.call('ZREM', p .. 'webhooks:host:' .. found[1], webhook)
  redis.call('SREM', p .. 'webhooks:job:' .. found[2], webhook)
  nextDueOf(found[1])
end
local function forget(id)
  local found = redis.call('HMGET', jobKey(id), 'bytes', 'idempotency', 'owner', 'status')
  relist(id, { '', found[4] }, {})
  addWherePossible('HINCRBY', p .. 'bytes', found[3], -found[1])
  if redis.call('HGET', p .. 'bytes', found[3]) == '0' then redis.call('HDEL', p .. 'bytes', found[3]) end
  if found[2] and redis.call('HGET', p .. found[2], 'job') == id then redis.call('DEL', p .. found[2]) end
  for _, webhook in ipairs(redis.call('SMEMBERS', p .. 'webhooks:job:' .. id)) do removeWebhook(webhook) end
  redis.call('ZREM', p .. 'expiring', id)
  redis.call('UNLINK', jobKey(id), p .. 'request:' .. id, p .. 'log:' .. id)
end
`

/**
 * -> the id of the earlier job and whether its body was the same, or nothing where the job is stored. What was stored by the same call
 * before (the answer was lost with the connection) is stored.
 */
const create = `
if now() > tonumber(ARGV[13]) then return redis.error_reply('LATE who asked has been refused') end
local id, call, owner, status, createdAt, idempotency, hash, bytes, request, at, event = unpack(ARGV, 2, 12)
if redis.call('HGET', jobKey(id), 'call') == call then return false end
if redis.call('EXISTS', jobKey(id)) == 1 then return redis.error_reply('TAKEN the id is taken') end
if idempotency ~= '' then
  local earlier = redis.call('HMGET', p .. idempotency, 'job', 'hash')
  local before = earlier[1] and redis.call('HGET', jobKey(earlier[1]), 'status')
  if before and before ~= 'failed' and before ~= 'cancelled' then return { earlier[1], earlier[2] == hash and '1' or '0' } end
  redis.call('HSET', p .. idempotency, 'job', id, 'hash', hash)
  redis.call('HSET', jobKey(id), 'idempotency', idempotency)
end
local n = string.format('%015d', redis.call('INCR', p .. 'number'))
redis.call('HSET', jobKey(id), 'n', n, 'call', call, 'owner', owner, 'status', status, 'createdAt', createdAt, 'lastSeq', 1, 'bytes', bytes,
  'fence', 0, unpack(ARGV, 14))
relist(id, {}, { '', status })
local expires = redis.call('HGET', jobKey(id), 'expiresAt')
if expires ~= '' then redis.call('ZADD', p .. 'expiring', expires, id) end
redis.call('SET', p .. 'request:' .. id, request)
addEvents(id, { '1' }, { at }, { event })
addBytes(owner, bytes)
return false
`

/** -> `stored`, or `superseded`. What the same call has written before is stored. `fence`: empty where none is held. */
const append = `
local id, call, after, fence, lastSeq, bytes, delivered, usedTools, status, webhook, url, host, at, usageHour, usages, members,
  day, month, nanoUsd = unpack(ARGV, 2, 20)
local job = redis.call('HMGET', jobKey(id), 'lastSeq', 'status', 'owner', 'fence', 'call', 'answerBytes')
if job[5] == call then return 'stored' end
local ended = { completed = true, failed = true, cancelled = true, incomplete = true }
if job[1] ~= after or ended[job[2]] or (fence ~= '' and job[4] ~= fence) then return 'superseded' end
local from = 21
for i = 1, tonumber(usages) do
  redis.call('HINCRBY', p .. 'usage:' .. usageHour, ARGV[from] .. '\\n' .. job[3], ARGV[from + 1])
  from = from + 2
end
if usages ~= '0' then redis.call('ZADD', p .. 'usage', usageHour, usageHour) end
if nanoUsd ~= '0' then
  redis.call('HINCRBY', p .. 'spent:' .. job[3], day, nanoUsd)
  redis.call('HINCRBY', p .. 'spent:' .. job[3], month, nanoUsd)
end
local changes = { 'call', call, 'lastSeq', lastSeq }
if delivered == '1' then table.insert(changes, 'delivered') table.insert(changes, '1') end
if usedTools == '1' then table.insert(changes, 'usedTools') table.insert(changes, '1') end
for i = 1, tonumber(members) do table.insert(changes, ARGV[from]) from = from + 1 end
if status ~= '' and status ~= job[2] then
  relist(id, { job[2] }, { status })
  if webhook ~= '' then
    redis.call('HSET', p .. 'webhook:' .. webhook, 'job', id, 'status', status, 'url', url, 'host', host, 'at', at, 'attempts', 0)
    redis.call('ZADD', p .. 'webhooks', at, webhook)
    redis.call('ZADD', p .. 'webhooks:host:' .. host, at, webhook)
    redis.call('SADD', p .. 'webhooks:job:' .. id, webhook)
    nextDueOf(host)
  end
end
local wasBackground = redis.call('HGET', jobKey(id), 'background')
redis.call('HSET', jobKey(id), unpack(changes))
if wasBackground == '1' then redis.call('HSET', jobKey(id), 'background', '1') end
if members ~= '0' then
  bytes = bytes - job[6] + redis.call('HGET', jobKey(id), 'answerBytes')
  local expires = redis.call('HGET', jobKey(id), 'expiresAt')
  if expires == '' then redis.call('ZREM', p .. 'expiring', id) else redis.call('ZADD', p .. 'expiring', expires, id) end
end
for i = from, #ARGV, 3 do addEvents(id, { ARGV[i] }, { ARGV[i + 1] }, { ARGV[i + 2] }) end
redis.call('HINCRBY', jobKey(id), 'bytes', bytes)
addBytes(job[3], bytes)
redis.call('PUBLISH', p .. 'log:' .. id, status == '' and 'pieces' or status)
return 'stored'
`

/** Sets members of a job that is there. */
const note = `
if redis.call('EXISTS', jobKey(ARGV[2])) == 1 then redis.call('HSET', jobKey(ARGV[2]), unpack(ARGV, 3)) end
`

/** -> 1, or 0 for an unknown id */
const forgetOne = `
if redis.call('EXISTS', jobKey(ARGV[2])) == 0 then return 0 end
forget(ARGV[2])
redis.call('PUBLISH', p .. 'log:' .. ARGV[2], 'gone')
return 1
`

/** Of those that have expired by a time, some from the `skipped`-th on -> how many were looked at, how many of them are kept. */
const forgetExpired = `
local now, patience, skipped, most = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ids = redis.call('ZRANGEBYSCORE', p .. 'expiring', '-inf', now, 'LIMIT', skipped, most)
local kept = 0
for _, id in ipairs(ids) do
  local keep = redis.call('HGET', jobKey(id), 'status') == 'requires_action'
  for _, webhook in ipairs(redis.call('SMEMBERS', p .. 'webhooks:job:' .. id)) do
    keep = keep or tonumber(redis.call('HGET', p .. 'webhook:' .. webhook, 'at')) > tonumber(patience)
  end
  if keep then kept = kept + 1 else forget(id) end
end
return { #ids, kept }
`

/**
 * A server takes a job, whoever held it before -> the number of the claim and what is to be known of the job; nothing where it is in none
 * of the statuses. `clients`: how many servers have a client that waits for it.
 */
const claim = `
local id, replica, statuses = unpack(ARGV, 2, 4)
local status = redis.call('HGET', jobKey(id), 'status')
if not status or not string.find(statuses, '|' .. status .. '|', 1, true) then return false end
local fence = redis.call('HINCRBY', jobKey(id), 'fence', 1)
redis.call('HSET', jobKey(id), 'runner', replica)
return { tostring(fence), tostring(clientsOf(id)), unpack(redis.call('HMGET', jobKey(id), unpack(ARGV, 5))) }
`

/** The server of a claim has done with the job. */
const release = `
if redis.call('HGET', jobKey(ARGV[2]), 'fence') == ARGV[3] then redis.call('HDEL', jobKey(ARGV[2]), 'runner') end
`

/** The job's end is asked for, wherever it runs. */
const askToCancel = `
if redis.call('EXISTS', jobKey(ARGV[2])) == 1 then redis.call('HSET', jobKey(ARGV[2]), 'cancel', '1') end
redis.call('PUBLISH', p .. 'cancel', ARGV[2])
`

/** A server has a client that waits for the job, for so many milliseconds. */
const holdClient = `
local key = p .. 'clients:' .. ARGV[2]
redis.call('ZADD', key, now() + ARGV[4], ARGV[3])
redis.call('PEXPIRE', key, ARGV[4])
`

/** It has none any more -> how many servers have one. */
const letGoClient = `
redis.call('ZREM', p .. 'clients:' .. ARGV[2], ARGV[3])
return clientsOf(ARGV[2])
`

const clientsLeft = `return clientsOf(ARGV[2])`

/** A server is at work for so many milliseconds -> Redis' clock, the version of the made keys, and how many wait in each lane named. */
const beat = `
redis.call('SET', p .. 'replica:' .. ARGV[2], ARGV[4], 'PX', ARGV[3])
local all = { string.format('%d', now()), redis.call('GET', p .. 'keys:version') or '0' }
for i = 5, #ARGV do table.insert(all, tostring(redis.call('ZCARD', p .. 'lane:' .. ARGV[i]))) end
return all
`

/** The place of an owner's job in the line: owners take turns, one with more weight has shorter steps. `most`: the highest number there is. */
const turn = `
local owner, step, most = unpack(ARGV, 2, 4)
local key = p .. 'turns'
if redis.call('ZCARD', p .. 'jobs:queued') <= 1 then redis.call('DEL', key) end
local times = redis.call('HMGET', key, 'now', 'of:' .. owner)
local start = math.max(tonumber(times[1] or '0'), tonumber(times[2] or '0')) + tonumber(step)
redis.call('HSET', key, 'of:' .. owner, string.format('%d', start))
return math.min(start, tonumber(most))
`

/** A job with that place in the line has been taken: who comes now stands behind it. */
const turnTaken = `
if tonumber(redis.call('HGET', p .. 'turns', 'now') or '0') < tonumber(ARGV[2]) then redis.call('HSET', p .. 'turns', 'now', ARGV[2]) end
`

/** Unfinished jobs that no server runs and that have no ticket -> their ids. `queue`: what the names of tickets begin with, before format and lane. */
const withoutTicket = `
local queue, most = ARGV[2], tonumber(ARGV[3])
local found = {}
for _, status in ipairs({ 'queued', 'in_progress' }) do
  for _, member in ipairs(redis.call('ZRANGE', p .. 'jobs:' .. status, 0, -1)) do
    if #found >= most then return found end
    local id = string.sub(member, string.find(member, ':', 1, true) + 1)
    local job = redis.call('HMGET', jobKey(id), 'runner', 'format', 'lane')
    local runs = job[1] and redis.call('EXISTS', p .. 'replica:' .. job[1]) == 1
    if not runs and redis.call('EXISTS', queue .. job[2] .. '-' .. job[3] .. ':' .. id) == 0 then table.insert(found, id) end
  end
end
return found
`

/** Jobs of an owner at work: whether one more may go into the line. What may not waits for `leaveGate`. */
const enterGate = `
local id, owner, most = unpack(ARGV, 2, 4)
local inside, waiting = p .. 'gate:' .. owner, p .. 'gate-waiting:' .. owner
if redis.call('SISMEMBER', inside, id) == 1 or redis.call('SCARD', inside) < tonumber(most) then
  redis.call('SADD', inside, id)
  redis.call('ZREM', waiting, id)
  return 1
end
redis.call('ZADD', waiting, 'NX', redis.call('INCR', p .. 'number'), id)
return 0
`

/** One is over, or has ended unseen -> those that may go into the line now. */
const leaveGate = `
local id, owner, most = unpack(ARGV, 2, 4)
local inside, waiting = p .. 'gate:' .. owner, p .. 'gate-waiting:' .. owner
redis.call('SREM', inside, id)
redis.call('ZREM', waiting, id)
for _, other in ipairs(redis.call('SMEMBERS', inside)) do
  local status = redis.call('HGET', jobKey(other), 'status')
  if status ~= 'queued' and status ~= 'in_progress' then redis.call('SREM', inside, other) end
end
local next = {}
while redis.call('SCARD', inside) < tonumber(most) do
  local first = redis.call('ZPOPMIN', waiting)
  if not first[1] then break end
  if redis.call('HGET', jobKey(first[1]), 'status') == 'queued' then
    redis.call('SADD', inside, first[1])
    table.insert(next, first[1])
  end
end
return next
`

/** One of so many leases, for so many milliseconds -> 1 where there is one. */
const lease = `
local key, holder, bound, ms = p .. ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
redis.call('ZREMRANGEBYSCORE', key, '-inf', now())
if redis.call('ZCARD', key) >= bound then return 0 end
redis.call('ZADD', key, now() + ms, holder)
return 1
`

const renewLease = `redis.call('ZADD', p .. ARGV[2], 'XX', now() + ARGV[4], ARGV[3])`
const giveBackLease = `redis.call('ZREM', p .. ARGV[2], ARGV[3])`

/** So much a minute of an owner, filled evenly: takes an amount, which may be more than there is -> what is left, in thousandths. */
const takeQuota = `
local key, amount, perMinute = p .. 'quota:' .. ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket = redis.call('HMGET', key, 'left', 'at')
local left, at = tonumber(bucket[1] or perMinute), tonumber(bucket[2] or now())
left = math.min(perMinute, left + (now() - at) / 60000 * perMinute) - amount
redis.call('HSET', key, 'left', tostring(left), 'at', string.format('%d', now()))
redis.call('PEXPIRE', key, 3600000)
return math.floor(left * 1000)
`

/** -> whether the server before had ended in order */
const begin = `
local before = redis.call('GET', p .. 'running')
redis.call('SET', p .. 'running', '1')
return (before == false or before == '0') and 1 or 0
`

const postpone = `
local key = p .. 'webhook:' .. ARGV[2]
local host = redis.call('HGET', key, 'host')
if not host then return end
redis.call('HINCRBY', key, 'attempts', 1)
redis.call('ZADD', p .. 'webhooks', ARGV[3], ARGV[2])
redis.call('ZADD', p .. 'webhooks:host:' .. host, ARGV[3], ARGV[2])
nextDueOf(host)
`

/** -> webhooks due by a time, of the hosts whose turn comes first: host after host */
const due = `
local all = {}
for _, host in ipairs(redis.call('ZRANGEBYSCORE', p .. 'webhooks:hosts', '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])) do
  local some = redis.call('ZRANGEBYSCORE', p .. 'webhooks:host:' .. host, '-inf', ARGV[2], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
  for i = 1, #some, 2 do
    local found = redis.call('HMGET', p .. 'webhook:' .. some[i], 'job', 'status', 'url', 'at', 'attempts')
    table.insert(all, { tostring((i + 1) / 2), some[i + 1], some[i], found[1], found[2], found[3], found[4], found[5] })
  end
end
return all
`

const putKey = `
if redis.call('HSET', p .. 'keys', ARGV[2], ARGV[3]) == 1 then redis.call('RPUSH', p .. 'keys:order', ARGV[2]) end
redis.call('INCR', p .. 'keys:version')
`

const withPrelude = {
  ...{ create, append, note, forgetOne, forgetExpired, begin, postpone, due, putKey, removeWebhook: 'removeWebhook(ARGV[2])' },
  ...{ claim, release, askToCancel, holdClient, letGoClient, clientsLeft, beat, turn, turnTaken, withoutTicket, enterGate, leaveGate },
  ...{ lease, renewLease, giveBackLease, takeQuota },
} as const

export type ScriptName = keyof typeof withPrelude

export const scripts = Object.fromEntries(Object.entries(withPrelude).map(([name, script]) => [name, prelude + script])) as Record<
  ScriptName,
  string
>
