/** The addresses that the server listens on. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../../config.js'
import { isLoopback } from '../../config.js'
import { subscriptionWarning } from '../../claude/terms.js'
import type { CredentialKind } from '../../claude/process/environment.js'
import { name } from '../../version.js'
import { type Finding, fault, warning } from './finding.js'

const patienceMs = 3000

/** `running`: the addresses at which a server of this kind answers. */
export interface Listening {
  findings: Finding[]
  running: string[]
}

export async function checkAddresses({ host, port, bothLoopbacks }: Config): Promise<Listening> {
  if (port === 0) return { findings: [], running: [] }
  const hosts = bothLoopbacks ? ['127.0.0.1', '::1'] : [host]
  const states = await Promise.all(hosts.map((each) => stateOf(each, port)))
  const running = hosts.filter((_, at) => states[at] === 'ours').map((each) => urlOf(each, port))
  // where one of two loopbacks can be had, the server starts
  const usable = states.some((state) => state === 'free' || state === 'ours')
  if (!bothLoopbacks || !usable) return { findings: findingOf(hosts[0]!, port, states[0]!), running }
  const other = states.indexOf('taken')
  return { findings: other === -1 ? [] : [loopbackTaken(hosts[other]!, port)], running }
}

const loopbackTaken = (host: string, port: number) =>
  warning(
    'loopback_taken',
    `port ${port} of ${host} is in use by another program, and "localhost" reaches that one for some clients`,
    'End that program, set PORT, or give clients the other address in numbers.',
  )

type State = 'free' | 'ours' | 'taken' | 'denied' | 'no address'

function findingOf(host: string, port: number, state: State): Finding[] {
  switch (state) {
    case 'taken':
      return [fault('port_taken', `port ${port} of ${host} is in use by another program`, 'End that program, or set PORT to another port.')]
    case 'denied':
      return [fault('address_unusable', `port ${port} is not allowed for this user`, 'Set PORT to a port above 1023.')]
    case 'no address':
      return [fault('address_unusable', `"${host}" is no address of this machine`, 'Set HOST to one of its addresses, or to 0.0.0.0.')]
    default:
      return []
  }
}

async function stateOf(host: string, port: number): Promise<State> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return 'free'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return (await isOurs(urlOf(host, port))) ? 'ours' : 'taken'
    return code === 'EACCES' ? 'denied' : 'no address'
  } finally {
    server.close()
  }
}

/** Whether a server of this kind answers there: its `/health` has a version and its checks or its queue. */
async function isOurs(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(patienceMs), redirect: 'error' })
    const said = (await answer.json()) as Record<string, unknown>
    return typeof said['version'] === 'string' && typeof said['status'] === 'string' && ('queue' in said || 'checks' in said)
  } catch {
    return false
  }
}

function urlOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

export function checkExposure({ apiKeys, host }: Config, credential: CredentialKind): Finding[] {
  const says = subscriptionWarning({ credential, keys: apiKeys.length, exposed: !isLoopback(host) })
  if (says === null) return []
  const [why = says] = says.split(': ')
  return [
    warning('open_with_subscription', why, `Set ANTHROPIC_API_KEY, or use a cloud provider, or let ${name} listen on this machine alone.`),
  ]
}
