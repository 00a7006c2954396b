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
  redis.call('DEL', key, p .. 'webhook-sender:' .. webhook)
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
