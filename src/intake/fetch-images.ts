/** Gets the images a request has only named, before its job is stored: so a job that is run again sees the same images. */
import { BridgeError } from '../errors/catalogue.js'
import type { PublicAgent } from '../net/public-agent.js'
import { FetchFailed, type FetchLimits, NoTurn, fetchPublic } from '../net/public-fetch.js'
import { toWebUrl } from '../net/web-url.js'
import { type RemoteImage, fillImages, maxImageBytes } from '../request/images.js'
import { refuse } from '../errors/refuse.js'

/** of all images of a request: the Claude API takes no larger one */
const maxBytes = 32 * 1024 * 1024
const atOnce = 4
/** of one image, with its redirects; as long may it wait for its turn */
const timeoutMs = 15_000
/** of all: a proxy in front of the bridge must not take it for dead meanwhile */
const allMs = 45_000

/**
 * Fills the images' blocks. The client's going away ends it.
 *
 * @returns what is to be named as ignored: the model gets some images scaled or recoded
 * @throws BridgeError invalid_value with the path of the URL at fault; queue_full where the images of others take too long
 */
export async function fetchImages(agent: PublicAgent, images: readonly RemoteImage[], owner: string, gone: AbortSignal): Promise<string[]> {
  if (images.length === 0) return []
  const changed: string[] = []
  const stop = new AbortController()
  const leave = () => stop.abort(clientLeft())
  gone.addEventListener('abort', leave)
  if (gone.aborted) leave()
  const late = setTimeout(() => stop.abort(agent.turns.waiting > 0 ? noTurn() : tooLate(images[0]!)), allMs)
  const limits: FetchLimits = {
    ...{ maxBytes: maxImageBytes, budget: { left: maxBytes }, timeoutMs, signal: stop.signal },
    owner,
    accept: 'image/png, image/jpeg, image/gif, image/webp',
  }
  const queue = byUrl(images)
  const work = async () => {
    for (let next = queue.shift(); next !== undefined && !stop.signal.aborted; next = queue.shift()) {
      changed.push(...(await fetchInto(agent, next, limits)))
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work))
    stop.signal.throwIfAborted()
    return changed
  } catch (error) {
    // the others' images are of no use any more
    stop.abort(error)
    throw error
  } finally {
    clearTimeout(late)
    gone.removeEventListener('abort', leave)
  }
}

/** Each URL is fetched once, however often a conversation shows it. */
function byUrl(images: readonly RemoteImage[]): RemoteImage[][] {
  const groups = new Map<string, RemoteImage[]>()
  for (const image of images) {
    const group = groups.get(image.url)
    if (group === undefined) groups.set(image.url, [image])
    else group.push(image)
  }
  return [...groups.values()]
}

async function fetchInto(agent: PublicAgent, images: readonly RemoteImage[], limits: FetchLimits): Promise<string[]> {
  const { url, param } = images[0]!
  const checked = toWebUrl(url)
  if (checked === null) throw refuse('invalid_value', param, 'it is no http(s) URL, or has a user or password in it')
  try {
    const { bytes, mediaType } = await fetchPublic(agent, checked, limits)
    const changed = fillImages(images, bytes, mediaType)
    // the model gets it as often as the conversation shows it
    limits.budget.left -= bytes.length * (images.length - 1)
    if (limits.budget.left < 0) throw new FetchFailed(`the images have more than ${maxBytes} bytes together`)
    return changed
  } catch (error) {
    if (agent.destroyed) throw new BridgeError('server_shutdown', 'The server is shutting down.', { retryAfter: 5 })
    if (error instanceof NoTurn) throw noTurn()
    if (!(error instanceof FetchFailed)) throw error
    throw refuse('invalid_value', param, `the image could not be fetched: ${error.message}`, error)
  }
}

function clientLeft(): BridgeError {
  return new BridgeError('cancelled', 'The client left before its images were fetched.')
}

function noTurn(): BridgeError {
  return new BridgeError('queue_full', 'The server fetches images for others, as many as it may.', { retryAfter: 5 })
}

function tooLate({ param }: RemoteImage): BridgeError {
  return refuse('invalid_value', param, `the images did not all arrive within ${allMs / 1000} seconds`)
}
