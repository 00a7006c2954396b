/**
 * Who asks: a key of `API_KEYS` or a made one, or any client where no key is asked for; and on either kind of server a job at work, by its
 * token, which acts for the job's owner. Where a key is asked for, everything else is refused before anything of its body is read, places
 * that do not exist included. Where none is, only a token whose job has ended and a key that was revoked are refused. A route with `config: { public: true }` is open; `'in part'`
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
import type { KeyRing } from '../keys/ring.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** name of the API key, id of the made key, or `anonymous`; jobs belong to it */
    owner: string
    /** brought a key, or none is asked for: may be told everything */
    letIn: boolean
    /** brought the operator's key, or a made one that may do the same: may see what belongs to all owners */
    admin: boolean
    /** the job that asks, known by its token; null for any other client */
    parentJob: string | null
  }
  interface FastifyContextConfig {
    public?: boolean | 'in part'
    /** The operator's keys are taken here: beside others, or alone. `ADMIN_KEY` is taken nowhere else but at open ones. */
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
  ring: KeyRing
  /** whether a key is asked for now */
  keyed: () => boolean
  tokens: Pick<JobTokens, 'find'>
  limits: HttpLimits
}

export default fp(
  async (app, { apiKeys, adminKey, ring, keyed, tokens, limits }: AuthOptions) => {
    app.decorateRequest('owner', anonymous)
    app.decorateRequest('letIn', false)
    app.decorateRequest('admin', false)
    app.decorateRequest('parentJob', null)
    let keys = new Keys(apiKeys, tokens, ring, adminKey)
    app.liveConfig.onChange((now) => (keys = new Keys(now.apiKeys, tokens, ring, now.adminKey)))
    const wrongKeys = new WrongKeys(limits)
    app.addHook('preClose', (done) => {
      wrongKeys.close()
      done()
    })
    app.decorate('keyProblem', ({ raw }) => {
      const { kind } = keys.check(raw)
      if (kind === 'owner' || kind === 'admin' || (!keyed() && !isOver(kind))) return null
      return problems[kind].failure
    })
    const hasAdmin = () => adminKey !== undefined || ring.valid.some(({ admin }) => admin)
    const takeAdmin = (request: FastifyRequest, check: KeyCheck) => adminProblem(request, check, hasAdmin)
    const afterWait = ({ raw }: FastifyRequest, answer: () => void) =>
      wrongKeys.wait(wrongKeys.count(networkOf(raw.socket.remoteAddress)), answer)

    function takeAnybody(request: FastifyRequest, done: Done): void {
      const open = opennessOf(request)
      const check = keys.check(request.raw)
      request.letIn = true
      if (open !== true && isOver(check.kind)) {
        request.letIn = false
        return open === false ? done(problems[check.kind]) : done()
      }
      const refusal = takeAdmin(request, check)
      if (refusal !== null) {
        if (check.kind === 'wrong') afterWait(request, () => done(refusal))
        else done(refusal)
        return
      }
      // any other key says nothing here: clients send one where they have to
      if (check.kind === 'owner') {
        request.owner = check.owner
        request.parentJob = check.job
      }
      app.connectionRoom.letIn(request.raw.socket)
      done()
    }

    // synchronous, so that no request behind one that is refused gets any further
    app.addHook('onRequest', (request, reply, done) => {
      if (!keyed()) return takeAnybody(request, done)
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
      if (check.kind === 'owner' || check.kind === 'admin') {
        const refusal = takeAdmin(request, check)
        if (refusal !== null) {
          closeAfter(raw, reply.raw, limits)
          return done(refusal)
        }
        request.letIn = true
        if (check.kind === 'owner') {
          request.owner = check.owner
          request.parentJob = check.job
        }
        app.connectionRoom.letIn(raw.socket)
        raw.socket.setTimeout(0)
        return done()
      }
      raw.socket.setTimeout(limits.strangerSilenceMs)
      const refused = open === false
      if (refused) closeAfter(raw, reply.raw, limits)
      const answer = () => (refused ? done(problems[check.kind]) : done())
      // a process that has outlived its job guesses nothing, nor does a client whose key was revoked
      if (check.kind === 'wrong') afterWait(request, answer)
      else answer()
    })
  },
  { name: 'auth', dependencies: ['origins'] },
)

type Done = (error?: Error) => void

/** Whether it was a key: refused also where none is asked for. */
function isOver(kind: KeyCheck['kind']): kind is 'ended' | 'revoked' {
  return kind === 'ended' || kind === 'revoked'
}

/** Notes that the operator asks. Returns why the request gets no further: the key is of the wrong kind for this route. */
function adminProblem(request: FastifyRequest, check: KeyCheck, hasAdmin: () => boolean): BridgeError | null {
  const { admin } = request.routeOptions.config
  // what is not there is told as such, and what a stranger is told the operator is told as well
  if (check.kind === 'admin' && admin === undefined) return request.is404 || opennessOf(request) !== false ? null : problems.admin
  if (admin === undefined) return null
  request.admin = check.kind === 'admin' || (check.kind === 'owner' && check.admin === true)
  if (request.admin || admin === 'too') return null
  const what = hasAdmin() ? 'it needs `Authorization: Bearer <ADMIN_KEY>`, or a key marked `admin`' : 'set ADMIN_KEY, and ask with it'
  return new BridgeError('admin_key_required', `This is the operator's: ${what}.`)
}

const problems = {
  admin: new BridgeError('invalid_api_key', 'ADMIN_KEY is taken at /admin, /usage, /metrics and /health only: ask with another key.'),
  missing: new BridgeError('invalid_api_key', 'An API key is needed: `Authorization: Bearer <key>`.'),
  wrong: new BridgeError('invalid_api_key', 'This API key is not known here.'),
  ended: new BridgeError('invalid_api_key', 'This is no key of a job that is at work.'),
  revoked: new BridgeError('invalid_api_key', 'This API key was revoked or replaced.'),
}

/** The documentation's pages come from a plugin that has no `config` to set. */
function opennessOf({ method, is404, routeOptions }: FastifyRequest): boolean | 'in part' {
  // a preflight brings no key; nothing is behind the method but that
  if (method === 'OPTIONS') return true
  if (is404) return false
  return routeOptions.config.public ?? /^\/docs(\/|$)/.test(routeOptions.url ?? '')
}
