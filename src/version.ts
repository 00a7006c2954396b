/** The package's own name and version, as `package.json` has them: the name of the command, and what servers and clients are told. */
import { readFileSync } from 'node:fs'

export const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  name: string
  version: string
}
