/** Scripts of the store: each is begun with the prelude, whose functions it uses. */

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
  day, month, nanoUsd, progress = unpack(ARGV, 2, 21)
local job = redis.call('HMGET', jobKey(id), 'lastSeq', 'status', 'owner', 'fence', 'call', 'answerBytes')
if job[5] == call then return 'stored' end
local ended = { completed = true, failed = true, cancelled = true, incomplete = true }
if job[1] ~= after or ended[job[2]] or (fence ~= '' and job[4] ~= fence) then return 'superseded' end
local from = 22
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
if progress ~= '' then table.insert(changes, 'progress') table.insert(changes, progress) end
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

/** -> whether the server before had ended in order */
const begin = `
local before = redis.call('GET', p .. 'running')
redis.call('SET', p .. 'running', '1')
return (before == false or before == '0') and 1 or 0
`

const postpone = `
redis.call('DEL', p .. 'webhook-sender:' .. ARGV[2])
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

export const storeScripts = {
  create,
  append,
  note,
  forgetOne,
  forgetExpired,
  begin,
  postpone,
  due,
  putKey,
  removeWebhook: 'removeWebhook(ARGV[2])',
} as const
