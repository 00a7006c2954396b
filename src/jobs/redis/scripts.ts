/**
 * What is done in one step of Redis, in Lua. Each script gets the prefix of all names as `ARGV[1]`; names are made in the scripts, which a
 * Redis Cluster would not allow. A name that comes from outside stands last in a key, so that no two can meet.
 *
 * - `job:<id>`: hash, the record and what is noted beside it; `request:<id>`: its request; `log:<id>`: stream, the event `n` has the id `n-0`
 * - `jobs:<status>`, `owner:<status>:<owner>`: sorted sets of `<n>:<id>` by time of creation, with an empty status of all
 * - `expiring`: ids by when they expire; `bytes`: hash, what the jobs of owners take; `idempotency:<hash of owner and key>`
 * - `webhook:<id>`, `webhooks`, `webhooks:host:<host>`, `webhooks:hosts`, `webhooks:job:<id>`: what is to be sent, and when
 * - `usage:<hour>`: hash of sums; `usage`: the hours
 */

/** A job that is given a new status, or none any more, in the lists of jobs. */
const prelude = `
local p = ARGV[1]
local function jobKey(id) return p .. 'job:' .. id end
local function lists(owner, status)
  return { p .. 'jobs:', p .. 'jobs:' .. status, p .. 'owner::' .. owner, p .. 'owner:' .. status .. ':' .. owner }
end
local function listed(id)
  local job = redis.call('HMGET', jobKey(id), 'owner', 'status', 'n', 'createdAt')
  return job[1], job[2], job[3] .. ':' .. id, job[4]
end
local function addBytes(owner, bytes)
  if redis.call('HINCRBY', p .. 'bytes', owner, bytes) == 0 then redis.call('HDEL', p .. 'bytes', owner) end
end
local function addEvents(id, seqs, ats, events)
  for i = 1, #seqs do redis.call('XADD', p .. 'log:' .. id, seqs[i] .. '-0', 'at', ats[i], 'event', events[i]) end
end
local function nextDueOf(host)
  local first = redis.call('ZRANGE', p .. 'webhooks:host:' .. host, 0, 0, 'WITHSCORES')
  if first[2] then redis.call('ZADD', p .. 'webhooks:hosts', first[2], host) else redis.call('ZREM', p .. 'webhooks:hosts', host) end
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
  local owner, status, member = listed(id)
  for _, list in ipairs(lists(owner, status)) do redis.call('ZREM', list, member) end
  local found = redis.call('HMGET', jobKey(id), 'bytes', 'idempotency')
  addBytes(owner, -found[1])
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
  'fence', 0, unpack(ARGV, 13))
for _, list in ipairs(lists(owner, status)) do redis.call('ZADD', list, createdAt, n .. ':' .. id) end
local expires = redis.call('HGET', jobKey(id), 'expiresAt')
if expires ~= '' then redis.call('ZADD', p .. 'expiring', expires, id) end
redis.call('SET', p .. 'request:' .. id, request)
addEvents(id, { '1' }, { at }, { event })
addBytes(owner, bytes)
return false
`

/** -> `stored`, or `superseded`. What the same call has written before is stored. `fence`: empty where none is held. */
const append = `
local id, call, after, fence, lastSeq, bytes, delivered, usedTools, status, webhook, url, host, at, usageHour, usages, members =
  unpack(ARGV, 2, 17)
local job = redis.call('HMGET', jobKey(id), 'lastSeq', 'status', 'owner', 'fence', 'call', 'answerBytes')
if job[5] == call then return 'stored' end
local ended = { completed = true, failed = true, cancelled = true, incomplete = true }
if job[1] ~= after or ended[job[2]] or (fence ~= '' and job[4] ~= fence) then return 'superseded' end
local from = 18
for i = 1, tonumber(usages) do
  redis.call('HINCRBY', p .. 'usage:' .. usageHour, ARGV[from] .. '\\n' .. job[3], ARGV[from + 1])
  from = from + 2
end
if usages ~= '0' then redis.call('ZADD', p .. 'usage', usageHour, usageHour) end
local changes = { 'call', call, 'lastSeq', lastSeq }
if delivered == '1' then table.insert(changes, 'delivered') table.insert(changes, '1') end
if usedTools == '1' then table.insert(changes, 'usedTools') table.insert(changes, '1') end
for i = 1, tonumber(members) do table.insert(changes, ARGV[from]) from = from + 1 end
if status ~= '' and status ~= job[2] then
  local _, _, member, createdAt = listed(id)
  for _, list in ipairs(lists(job[3], job[2])) do redis.call('ZREM', list, member) end
  for _, list in ipairs(lists(job[3], status)) do redis.call('ZADD', list, createdAt, member) end
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
redis.call('PUBLISH', p .. 'log:' .. id, lastSeq)
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

export const scripts = {
  create: prelude + create,
  append: prelude + append,
  note: prelude + note,
  forgetOne: prelude + forgetOne,
  forgetExpired: prelude + forgetExpired,
  removeWebhook: `${prelude} removeWebhook(ARGV[2])`,
  begin: `local p = ARGV[1] ${begin}`,
  postpone: prelude + postpone,
  due: prelude + due,
  putKey: `local p = ARGV[1] ${putKey}`,
} as const

export type ScriptName = keyof typeof scripts
