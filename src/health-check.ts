/**
 * The image's health check: exit code 0 where the server in this container is ready or only busy, else 1 and one line that says why.
 * With `--alive` 0 as long as it answers, for those who end a container that is not healthy.
 */
import type { OpenHealth, Readiness } from './health.js'

/** What passes by itself. A server that is ended for it would lose what it is working on. */
const busy = ['accepting', 'queue']

const host = process.env['HOST'] ?? ''
const own = ['', 'localhost', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
const path = process.argv.includes('--alive') ? '/health' : '/health/ready'
const url = `http://${own}:${process.env['PORT'] || 3010}${path}`

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(8000) })
  const { checks } = (await answer.json()) as Readiness | OpenHealth
  const failed = Object.entries(checks ?? {}).filter(([, { ok }]) => !ok)
  const faults = path === '/health' || answer.ok ? [] : failed.filter(([name]) => !busy.includes(name))
  const words = failed.map(([name, { code, detail }]) => `${name}: ${code}${detail === null ? '' : `, ${detail}`}`).join('; ')
  console.log(failed.length === 0 ? 'ok' : words)
  process.exitCode = faults.length === 0 ? 0 : 1
} catch (error) {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  console.log(`no answer from ${url}: ${cause?.code ?? cause?.message ?? message}`)
  process.exitCode = 1
}
