/** `--import` of a server's process: writes the URL of each module that it imports into the file that `WATCHED_MODULES` names. */
import { register } from 'node:module'

const hooks = `
import { appendFileSync } from 'node:fs'
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  appendFileSync(process.env.WATCHED_MODULES, found.url + '\\n')
  return found
}`

register(`data:text/javascript,${encodeURIComponent(hooks)}`)
