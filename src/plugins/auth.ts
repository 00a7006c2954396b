/**
 * Who asks: a bearer key of `API_KEYS`, or anybody where none is set; and on either kind of server a job at work, by its token, which acts
 * for the job's owner. Where there are keys, everything else is refused before anything of its body is read, places that do not exist
 * included. Where there are none, only a token whose job has ended is refused. A route with `config: { public: true }` is open; `'in part'`
 * says that it tells more to those who have a key.
 */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { anonymous } from '../api-keys.js'
import type { ApiKey } from '../config.js'
import { BridgeError, type Failure } from '../errors/catalogue.js'
import { type KeyCheck, Keys } from '../http/key-check.js'
import type { HttpLimits } from '../http/limits.js'
import { closeAfter, isBehindTheLast } from '../http/linger.js'
import { networkOf } from '../http/network-of.js'
import { WrongKeys } from '../http/wrong-keys.js'
import type { JobTokens } from '../jobs/tokens.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** name of the API key, or `anonymous`; jobs belong to it */
    owner: string
    /** brought a key, or none is asked for: may be told everything */
    letIn: boolean
    /** brought the operator's key: may see what belongs to anybody */
    admin: boolean
    /** the job that asks, known by its token; null for any other client */
    parentJob: string | null
  }
  interface FastifyContextConfig {
    public?: boolean | 'in part'
    /** The operator's key (`ADMIN_KEY`) is taken here: beside others, or alone. It is taken nowhere else. */
    admin?: 'too' | 'only'
  }
  interface FastifyInstance {
    /** Why this request gets nothing, whatever it is; null where it brought a key or none is asked for. */
    keyProblem(request: FastifyRequest): Failure | null
  }
}

export interface AuthOptions {
  apiKeys: readonly ApiKey[]
  adminKey: string | undefined
  tokens: Pick<JobTokens, 'find'>
  limits: HttpLimits
}

export default fp(
  async (app, { apiKeys, adminKey, tokens, limits }: AuthOptions) => {
    const keyed = apiKeys.length > 0
    app.decorateRequest('owner', anonymous)
    app.decorateRequest('letIn', !keyed)
    app.decorateRequest('admin', false)
    app.decorateRequest('parentJob', null)
    let keys = new Keys(apiKeys, tokens, adminKey)
    app.liveConfig.onChange((now) => (keys = new Keys(now.apiKeys, tokens, now.adminKey)))
    app.decorate('keyProblem', ({ raw }) => {
      const { kind } = keys.check(raw)
      if (kind === 'owner' || kind === 'admin' || (!keyed && kind !== 'ended')) return null
      return problems[kind].failure
    })
    if (!keyed) {
      app.addHook('onRequest', (request, _reply, done) => {
        const { socket } = request.raw
        const open = opennessOf(request)
        const check = keys.check(request.raw)
        if (open !== true && check.kind === 'ended') {
          request.letIn = false
          return open === false ? done(problems.ended) : done()
        }
        const refusal = takeAdmin(request, check)
        if (refusal !== null) return done(refusal)
        // any other key says nothing here: clients send one where they have to
        if (check.kind === 'owner') {
          request.owner = check.owner
          request.parentJob = check.job
        }
        app.connectionRoom.letIn(socket)
        done()
      })
      return
    }
    const wrongKeys = new WrongKeys(limits)
    app.addHook('preClose', (done) => {
      wrongKeys.close()
      done()
    })
    // synchronous, so that no request behind one that is refused gets any further
    app.addHook('onRequest', (request, reply, done) => {
      const { raw } = request
      if (isBehindTheLast(raw)) {
        reply.hijack()
        return
      }
      const open = opennessOf(request)
      if (open === true) {
        raw.socket.setTimeout(limits.strangerSilenceMs)
        return done()
      }
      const check = keys.check(raw)
      const refusal = check.kind === 'owner' || check.kind === 'admin' ? takeAdmin(request, check) : null
      if (refusal !== null) {
        closeAfter(raw, reply.raw, limits)
        return done(refusal)
      }
      if (check.kind === 'admin') {
        request.letIn = true
        app.connectionRoom.letIn(raw.socket)
        raw.socket.setTimeout(0)
        return done()
      }
      if (check.kind === 'owner') {
        request.owner = check.owner
        request.letIn = true
        request.parentJob = check.job
        app.connectionRoom.letIn(raw.socket)
        raw.socket.setTimeout(0)
        return done()
      }
      raw.socket.setTimeout(limits.strangerSilenceMs)
      const refused = open === false
      if (refused) closeAfter(raw, reply.raw, limits)
      const answer = () => (refused ? done(problems[check.kind]) : done())
      // a process that has outlived its job guesses nothing
      if (check.kind !== 'wrong') return answer()
      wrongKeys.wait(wrongKeys.count(networkOf(raw.socket.remoteAddress)), answer)
    })
  },
  { name: 'auth', dependencies: ['origins'] },
)

/** Notes that the operator asks. Returns why the request gets no further: the key is of the wrong kind for this route. */
function takeAdmin(request: FastifyRequest, { kind }: KeyCheck): BridgeError | null {
  const { admin } = request.routeOptions.config
  if (kind === 'admin') {
    if (admin === undefined) return problems.admin
    request.admin = true
    return null
  }
  return admin === 'only' ? forOperator : null
}

const forOperator = new BridgeError(
  'admin_key_required',
  "This is the operator's: it needs `Authorization: Bearer <ADMIN_KEY>`, and a server that was started with ADMIN_KEY.",
)

const problems = {
  admin: new BridgeError('invalid_api_key', 'ADMIN_KEY is taken at /admin, /usage and /metrics only: ask with a key of API_KEYS.'),
  missing: new BridgeError('invalid_api_key', 'An API key is needed: `Authorization: Bearer <key>`.'),
  wrong: new BridgeError('invalid_api_key', 'This API key is not known here.'),
  ended: new BridgeError('invalid_api_key', 'This is no key of a job that is at work.'),
}

/** The documentation's pages come from a plugin that has no `config` to set. */
function opennessOf({ method, is404, routeOptions }: FastifyRequest): boolean | 'in part' {
  // a preflight brings no key; nothing is behind the method but that
  if (method === 'OPTIONS') return true
  if (is404) return false
  return routeOptions.config.public ?? /^\/docs(\/|$)/.test(routeOptions.url ?? '')
}
