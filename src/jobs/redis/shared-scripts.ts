/** Scripts of servers that share the store: who runs which job, whose clients wait, and what all of them may use together. */

/**
 * A server takes a job, also from another server -> the number of the claim, and members of the job; nothing where the job has none of the
 * statuses. `clients`: how many servers have a client that waits for it.
 */
const claim = `
local id, replica, statuses = unpack(ARGV, 2, 4)
local status = redis.call('HGET', jobKey(id), 'status')
if not status or not string.find(statuses, '|' .. status .. '|', 1, true) then return false end
local fence = redis.call('HINCRBY', jobKey(id), 'fence', 1)
redis.call('HSET', jobKey(id), 'runner', replica)
return { tostring(fence), tostring(clientsOf(id)), unpack(redis.call('HMGET', jobKey(id), unpack(ARGV, 5))) }
`

/** The server of a claim has done with the job -> 0 where a later claim has it. */
const release = `
local fence = redis.call('HGET', jobKey(ARGV[2]), 'fence')
if fence and fence ~= ARGV[3] then return 0 end
redis.call('HDEL', jobKey(ARGV[2]), 'runner')
return 1
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

/**
 * A server is at work for so many milliseconds, and serves the lanes named -> Redis' clock, the version of the made keys, and how many wait
 * in each of them.
 */
const beat = `
redis.call('SET', p .. 'replica:' .. ARGV[2], ARGV[4], 'PX', ARGV[3])
for i = 5, #ARGV do redis.call('ZADD', p .. 'lanes', now() + ARGV[3], ARGV[i]) end
local all = { string.format('%d', now()), redis.call('GET', p .. 'keys:version') or '0' }
for i = 5, #ARGV do table.insert(all, tostring(redis.call('ZCARD', p .. 'lane:' .. ARGV[i]))) end
return all
`

/** Whether a server takes the tickets of a lane: not where the provider is in no server's configuration any more. */
const served = `
local function isServed(lane) return tonumber(redis.call('ZSCORE', p .. 'lanes', lane) or '0') > now() end
`

/**
 * The place of an owner's job in the line, and whether any server has its lane. Owners take turns, one with more weight has shorter steps.
 * `most`: the highest number there is.
 */
const turn = `
${served}
local owner, step, most, lane = unpack(ARGV, 2, 5)
local key = p .. 'turns'
if redis.call('ZCARD', p .. 'jobs:queued') <= 1 then redis.call('DEL', key) end
local times = redis.call('HMGET', key, 'now', 'of:' .. owner)
local start = math.max(tonumber(times[1] or '0'), tonumber(times[2] or '0')) + tonumber(step)
redis.call('HSET', key, 'of:' .. owner, string.format('%d', start))
return { math.min(start, tonumber(most)), isServed(lane) and 1 or 0 }
`

/** A job with that place in the line has been taken: who comes now stands behind it. */
const turnTaken = `
if tonumber(redis.call('HGET', p .. 'turns', 'now') or '0') < tonumber(ARGV[2]) then redis.call('HSET', p .. 'turns', 'now', ARGV[2]) end
`

/**
 * A server is dead that was at some place: its leases and the locks of its tickets end -> the jobs that it had, each with format and lane.
 * Nothing where it was elsewhere, or is forgotten already. `queue`: as in `withoutTicket`
 */
const buried = `
local dead, place, queue = unpack(ARGV, 2, 4)
if redis.call('GET', p .. 'replica:' .. dead) ~= place then return {} end
redis.call('DEL', p .. 'replica:' .. dead)
local had = {}
for _, status in ipairs({ 'queued', 'in_progress' }) do
  for _, member in ipairs(redis.call('ZRANGE', p .. 'jobs:' .. status, 0, -1)) do
    local id = string.sub(member, string.find(member, ':', 1, true) + 1)
    redis.call('ZREM', p .. 'clients:' .. id, dead)
    local job = redis.call('HMGET', jobKey(id), 'runner', 'format', 'lane')
    if job[1] == dead then
      redis.call('HDEL', jobKey(id), 'runner')
      for _, lane in ipairs({ job[3], 'spare' }) do redis.call('DEL', queue .. job[2] .. '-' .. lane .. ':' .. id .. ':lock') end
      table.insert(had, { id, job[2], job[3] })
    end
  end
end
return had
`

/**
 * Unfinished jobs that no server runs and that have no ticket -> their ids, oldest first. `queue`: what the names of tickets begin with, before format and
 * lane; `spare`: the lane of the tickets of lanes that no server has.
 */
const withoutTicket = `
${served}
local queue, most, spare = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local found = {}
for _, status in ipairs({ 'queued', 'in_progress' }) do
  local members = redis.call('ZRANGE', p .. 'jobs:' .. status, 0, -1)
  for _, member in ipairs(members) do
    if #found >= most then break end
    local id = string.sub(member, string.find(member, ':', 1, true) + 1)
    local job = redis.call('HMGET', jobKey(id), 'runner', 'format', 'lane', 'createdAt')
    local runs = job[1] and redis.call('EXISTS', p .. 'replica:' .. job[1]) == 1
    local lane = isServed(job[3]) and job[3] or spare
    if not runs and redis.call('EXISTS', queue .. job[2] .. '-' .. lane .. ':' .. id) == 0 then
      table.insert(found, { tonumber(job[4]), member, id })
    end
  end
end
table.sort(found, function(a, b) if a[1] == b[1] then return a[2] < b[2] end return a[1] < b[1] end)
for i = 1, #found do found[i] = found[i][3] end
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

/**
 * So much a minute of an owner, filled evenly: takes an amount -> whether it was taken, and what is left, in thousandths. With `whole` it is
 * taken only where there is as much; else it may be more than there is, since it is known only afterwards.
 */
const takeQuota = `
local key, amount, perMinute, whole = p .. 'quota:' .. ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local bucket = redis.call('HMGET', key, 'left', 'at')
local left, at = tonumber(bucket[1] or perMinute), tonumber(bucket[2] or now())
left = math.min(perMinute, left + (now() - at) / 60000 * perMinute)
local taken = not whole or left >= amount
if taken then left = left - amount end
redis.call('HSET', key, 'left', tostring(left), 'at', string.format('%d', now()))
redis.call('PEXPIRE', key, 3600000)
return { taken and 1 or 0, math.floor(left * 1000) }
`

export const sharedScripts = {
  ...{
    claim,
    release,
    askToCancel,
    holdClient,
    letGoClient,
    clientsLeft,
    beat,
    turn,
    turnTaken,
    buried,
    withoutTicket,
    enterGate,
    leaveGate,
  },
  ...{ lease, renewLease, giveBackLease, takeQuota },
} as const
