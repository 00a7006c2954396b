/**
 * Paths of Azure's clients -> ours: `/openai/deployments/NAME/chat/completions` is `/v1/chat/completions` of the model NAME, and
 * `/openai/v1/…` is `/v1/…`.
 */
import type { IncomingMessage } from 'node:http'

const names = new WeakMap<object, string>()

/** The path by our names; every other path stays as it is. The name of a deployment is kept for {@link deploymentOf}. */
export function withoutAzure(request: object, path: string): string {
  if (!path.startsWith('/openai/')) return path
  const deployment = /^\/openai\/deployments\/([^/?]+)(\/[^?]*)(.*)$/.exec(path)
  if (deployment !== null) {
    const [, name = '', rest = '', query = ''] = deployment
    names.set(request, decoded(name))
    return `/v1${rest}${query}`
  }
  return path.replace(/^\/openai(\/v1)?(?=\/)/, '/v1')
}

/** The deployment that a request names in its path: the model that is asked. */
export function deploymentOf(request: IncomingMessage): string | undefined {
  return names.get(request)
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
