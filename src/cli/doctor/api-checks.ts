/** The way to the model's API, and one short question that goes it as any job does. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { EnvHttpProxyAgent, request } from 'undici'
import { buildApp } from '../../app.js'
import { otherCloudIn } from '../../claude/check/check.js'
import { credentialHint } from '../../claude/credential-hint.js'
import type { CredentialKind } from '../../claude/process/environment.js'
import type { Config } from '../../config.js'
import { sentence } from './cli-checks.js'
import { name } from '../../version.js'
import { type Finding, fault, warning } from './finding.js'

const usual = 'https://api.anthropic.com'
const patienceMs = 10_000
const endMs = 5000
/** a signature or a token of a login lives for minutes */
const clockOffMs = 120_000

const aboutCertificates = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|SSL/
const corporate = "Set NODE_EXTRA_CA_CERTS to the file of your company's certificate authority."

/** Without a credential: any answer of HTTP will do. */
export async function checkWay(env: Record<string, string>): Promise<Finding[]> {
  if (otherCloudIn(env) !== undefined) return []
  const url = env['ANTHROPIC_BASE_URL'] || usual
  const { protocol, host, hostname } = new URL(url)
  const proxy = proxyFor(protocol, hostname, env)
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
    noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
  })
  try {
    const answer = await request(url, { dispatcher, method: 'HEAD', signal: AbortSignal.timeout(patienceMs) })
    await answer.body.dump()
    return checkClock(String(answer.headers['date'] ?? ''), host)
  } catch (error) {
    const { code = '', message } = causeOf(error)
    const why = `${host}: ${message}`
    if (aboutCertificates.test(code))
      return [fault('certificate', why, code.includes('EXPIRED') ? `Look at the clock of this machine; else: ${corporate}` : corporate)]
    if (proxy !== null)
      return [fault('proxy', `${why}, through the proxy ${proxy}`, 'Correct HTTPS_PROXY or HTTP_PROXY, or name the host in NO_PROXY.')]
    const remedy = env['ANTHROPIC_BASE_URL']
      ? 'Correct ANTHROPIC_BASE_URL, or look at the network and its firewall.'
      : 'Look at the network, its name server and its firewall; set HTTPS_PROXY where there is a proxy.'
    return [fault('api_unreachable', why, remedy)]
  } finally {
    await dispatcher.close().catch(() => undefined)
  }
}

/** @param date of an answer (RFC 9110, 6.6.1); one that is no date says nothing */
export function checkClock(date: string, host: string, now = Date.now()): Finding[] {
  const off = now - Date.parse(date)
  if (Number.isNaN(off) || Math.abs(off) < clockOffMs) return []
  const says = `the clock of this machine is ${Math.round(Math.abs(off) / 60_000)} minutes ${off > 0 ? 'ahead of' : 'behind'} that of ${host}`
  return [warning('clock_off', says, 'Set it, or have it set by NTP.')]
}

/** The proxy that an address is reached through, without its password; null: none. */
function proxyFor(protocol: string, hostname: string, env: Record<string, string>): string | null {
  const name = protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const given = env[name] ?? env[name.toUpperCase()]
  const without = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/)
  if (!given || !URL.canParse(given) || without.includes('*') || without.includes(hostname)) return null
  return new URL(given).host
}

/** The innermost error that says something. */
function causeOf(error: unknown): { code?: string; message: string } {
  let found = error as Error & { code?: string; errors?: Error[] }
  for (let depth = 0; depth < 5; depth++) {
    const next = (found.cause ?? found.errors?.[0]) as typeof found | undefined
    if (!(next instanceof Error)) break
    found = next
  }
  const message = found.message || found.code || 'no answer'
  return { ...(typeof found.code === 'string' && { code: found.code }), message }
}

/** Milliseconds of the answer, or what is wrong. The server of a moment, in a folder of its own, asks for a few tokens. */
export async function askOnce(
  config: Config,
  env: NodeJS.ProcessEnv,
  credential: CredentialKind,
): Promise<{ findings: Finding[]; ms: number | null }> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), `${name}-doctor-`))
  const alone: Config = {
    ...config,
    ...{ dataDir, storeUrl: undefined, filesDir: undefined, host: '127.0.0.1', bothLoopbacks: false, port: 0 },
    ...{ apiKeys: [], adminKey: undefined, warmProcesses: 0, startProbe: false, maxConcurrent: 1 },
  }
  const app = await buildApp({ config: alone, env, logger: pino({ level: 'silent' }) })
  try {
    await app.listen({ host: '127.0.0.1', port: 0 })
    await app.recover()
    const { port } = app.server.address() as AddressInfo
    const from = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'haiku', max_tokens: 16, timeout: 60, messages: [{ role: 'user', content: 'Say "ok".' }] }),
    })
    const body = (await answer.json()) as { error: { code: string | null; message: string } }
    if (answer.status === 200) return { findings: [], ms: Math.round(performance.now() - from) }
    return { findings: [ofFailure(body.error, credential)], ms: null }
  } finally {
    // its process and its folder go a moment after its answer
    await app.jobs.drain(endMs)
    await app.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function ofFailure({ code, message }: { code: string | null; message: string }, credential: CredentialKind): Finding {
  const says = message.replace(/\.$/, '')
  switch (code) {
    case 'upstream_auth':
      return fault('login_refused', says, sentence(credentialHint(credential)))
    case 'claude_not_authenticated':
      return fault('not_logged_in', says, sentence(credentialHint(credential)))
    case 'upstream_unreachable':
      return fault('api_unreachable', says, 'Look at the network of this machine, and at proxies and certificates.')
    case 'rate_limit_exceeded':
    case 'upstream_overloaded':
    case 'insufficient_quota':
      return warning('api_limited', says, 'Wait, or look at the limits of the account.')
    default:
      return fault(
        'question_failed',
        `a short question failed (${code}): ${says}`,
        'Look at the words of the error; the log of the server has more.',
      )
  }
}
