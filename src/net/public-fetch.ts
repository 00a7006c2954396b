/** Fetches what a stranger's URL names, from the public internet only and never more than was agreed on. */
import type { Place } from '../limiter.js'
import { type Agent, request } from 'undici'
import { NotPublic, type PublicAgent } from './public-agent.js'
import { type WebUrl, toWebUrl } from './web-url.js'
import { name } from '../version.js'

export interface FetchLimits {
  /** for whom it is fetched: owners take turns */
  owner?: string
  maxBytes: number
  /** bytes that all fetches with this object may still bring together; counted down */
  budget: { left: number }
  /** of the fetch, and before it of the wait for its turn */
  timeoutMs: number
  /** ends it early; the promise then rejects with its reason */
  signal: AbortSignal
  /** media types to ask for */
  accept: string
}

export interface Fetched {
  bytes: Buffer
  /** the media type the server named, in small letters and without parameters; null where it named none */
  mediaType: string | null
}

/** Why nothing was fetched. The message is for the caller, and says nothing of what is not public. */
export class FetchFailed extends Error {
  override readonly name = 'FetchFailed'
}

/** Others had all the turns: nothing is said of the URL, and no host was asked. */
export class NoTurn extends Error {
  override readonly name = 'NoTurn'
}

/** Fetches that may wait for their turn: some hundred requests with all that each of them fetches at once. */
const longestLine = 512
const maxRedirects = 3
const redirects = new Set([301, 302, 303, 307, 308])

/** @throws FetchFailed, NoTurn, or the reason of `signal` */
export async function fetchPublic(agent: PublicAgent, url: WebUrl, limits: FetchLimits): Promise<Fetched> {
  const place = await takeTurn(agent, limits)
  try {
    return await fetchNow(agent, url, limits)
  } finally {
    place.leave()
  }
}

/** A server that has a lot to do is no fault of the URL's, so the time of the fetch itself is counted from its turn on. */
async function takeTurn({ turns }: PublicAgent, { signal, timeoutMs, owner = '' }: FetchLimits): Promise<Place> {
  if (turns.waiting >= longestLine) throw new NoTurn()
  const late = AbortSignal.timeout(timeoutMs)
  try {
    return await turns.take(owner, AbortSignal.any([signal, late]))
  } catch (error) {
    throw late.aborted ? new NoTurn() : error
  }
}

async function fetchNow(agent: Agent, url: WebUrl, limits: FetchLimits): Promise<Fetched> {
  const late = AbortSignal.timeout(limits.timeoutMs)
  const signal = AbortSignal.any([limits.signal, late])
  try {
    return await follow(agent, url, limits, signal)
  } catch (error) {
    if (limits.signal.aborted) throw limits.signal.reason
    if (error instanceof FetchFailed) throw error
    throw new FetchFailed(late.aborted ? `it did not arrive within ${limits.timeoutMs / 1000} seconds` : wordsFor(error), {
      cause: error,
    })
  }
}

async function follow(agent: Agent, url: WebUrl, limits: FetchLimits, signal: AbortSignal): Promise<Fetched> {
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      // no encoding: a few compressed bytes can be any number of others
      headers: { accept: limits.accept, 'accept-encoding': 'identity', 'user-agent': name },
    })
    // what is left unread ends with its connection, and its end is no error
    body.on('error', () => undefined)
    try {
      if (redirects.has(statusCode)) {
        url = next(url, headers['location'])
        continue
      }
      if (statusCode !== 200) throw new FetchFailed(`its server answered with status ${statusCode}`)
      if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new FetchFailed('its server sent it compressed')
      const bytes = await read(body, headers['content-length'], limits)
      return { bytes, mediaType: mediaTypeOf(headers['content-type']) }
    } finally {
      body.destroy()
    }
  }
  throw new FetchFailed(`it takes more than ${maxRedirects} redirects`)
}

/** Stops at the first byte too many, whatever was announced. */
async function read(body: AsyncIterable<Buffer>, announced: unknown, limits: FetchLimits): Promise<Buffer> {
  const { maxBytes, budget } = limits
  if (Number(announced) > Math.min(maxBytes, budget.left)) throw tooLarge(limits)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    budget.left -= piece.length
    if (length > maxBytes || budget.left < 0) throw tooLarge(limits)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function tooLarge({ maxBytes, budget }: FetchLimits): FetchFailed {
  const together = budget.left < maxBytes ? ', or too many together with the others' : ''
  return new FetchFailed(`it has more than ${maxBytes} bytes${together}`)
}

function next(from: URL, location: string | string[] | undefined): WebUrl {
  const to = typeof location === 'string' ? toWebUrl(location, from) : null
  if (to === null) throw new FetchFailed('its server redirects to something that is no http(s) URL')
  return to
}

function mediaTypeOf(header: string | string[] | undefined): string | null {
  return (
    String(header ?? '')
      .split(';')[0]!
      .trim()
      .toLowerCase() || null
  )
}

const notFound = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'])

/** A name that means nothing and one that means a private address look the same from outside. */
function wordsFor(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof NotPublic || notFound.has(code ?? '')) return 'its host has no public address'
  return 'its server could not be reached, or broke off'
}
