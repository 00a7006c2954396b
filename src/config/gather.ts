/** Puts the file and the environment together, and checks the whole by the one schema. The environment wins. */
import { ConfigError } from '../errors/config-error.js'
import { type Place, readVariables } from './environment.js'
import { readConfigFile } from './file.js'
import { configSchema, type Values } from './schema.js'
import { readSecretFile } from './secret-files.js'
import { oneLine, toPlace, wrongIn } from './words.js'

export interface Gathered {
  values: Values
  /** Names a place in a message: by the variable that its value came from, or as a member of the file. */
  nameOf: (...place: PropertyKey[]) => string
}

/** Secrets of `server` that the file may name a file of. */
const secrets = ['admin_key', 'store_url', 'webhook_secret'] as const

/** @throws ConfigError with one line that names the variable or the member, and shows no value that may be a secret */
export function gather(env: NodeJS.ProcessEnv): Gathered {
  const file = env['CONFIG'] ? readConfigFile(env['CONFIG']) : {}
  const variables = readVariables(env)
  const from = new Map(variables.map(({ name, place }) => [place.join('.'), name]))
  const whole = variables.reduce(put, file)
  const sourceOf = (path: readonly PropertyKey[]): { name: string; rest: readonly PropertyKey[] } | null => {
    for (const length of [2, 1]) {
      const name = from.get(path.slice(0, length).join('.'))
      if (name !== undefined) return { name, rest: path.slice(length) }
    }
    return null
  }
  const nameOf = (...path: PropertyKey[]) => {
    const source = sourceOf(path)
    if (source === null) return `CONFIG: ${toPlace(path)}`
    return source.rest.length === 0 ? source.name : `${source.name}: ${toPlace(source.rest)}`
  }
  const parsed = configSchema.safeParse(whole)
  if (!parsed.success) {
    const { path, message } = wrongIn(parsed.error.issues[0]!, configSchema)
    const name = sourceOf(path)?.name
    // one value of one variable: no secret is checked here
    const got = name !== undefined && sourceOf(path)?.rest.length === 0 && !secretVariables.includes(name)
    throw new ConfigError(oneLine(`${nameOf(...path)}: ${message}${got ? `, got ${JSON.stringify(env[name])}` : ''}`))
  }
  const values = parsed.data
  for (const name of secrets) {
    const { [name]: given, [`${name}_file` as const]: secretFile } = values.server
    if (secretFile === undefined || from.has(`server.${name}`)) continue
    if (given !== undefined) throw new ConfigError(`CONFIG: server.${name}_file: server.${name} is there as well; keep one of the two`)
    values.server[name] = readSecretFile(secretFile, `CONFIG: server.${name}_file`)
  }
  return { values, nameOf }
}

const secretVariables = ['API_KEYS', 'UPSTREAMS', 'ADMIN_KEY', 'STORE_URL', 'WEBHOOK_SECRET']

function put(whole: Record<string, unknown>, { place, value }: { place: Place; value: unknown }): Record<string, unknown> {
  const [section, member] = place
  if (member === undefined) return { ...whole, [section]: value }
  const inside = whole[section] ?? {}
  // what is wrong with a section that is no object is told of the file
  if (typeof inside !== 'object' || Array.isArray(inside)) return whole
  return { ...whole, [section]: { ...inside, [member]: value } }
}
