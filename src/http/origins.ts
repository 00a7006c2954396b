/** The `Origin`s of browsers and desktop applications that may use a server. */
import { isLoopbackHost, parseHost } from './host.js'

/** Of desktop and mobile applications: no web site can have an origin of these. */
const applicationSchemes = ['app', 'tauri', 'capacitor', 'vscode-webview', 'vscode-file']

/**
 * Whether a page of this origin is let in.
 * @param host the request's `Host` header: a page of this server has it for its origin, with `https` behind a proxy that speaks TLS
 */
export function isAllowedOrigin(origin: string, host: string | undefined, allowed: readonly string[]): boolean {
  const found = /^([a-z][a-z\d+.-]*):\/\/([^/?#@\s,]*)$/i.exec(origin)
  // `null` is what sandboxed frames and files send
  if (found === null) return false
  const scheme = found[1]!.toLowerCase()
  const authority = found[2]!.toLowerCase()
  if (allowed.includes(`${scheme}://${authority}`)) return true
  if (applicationSchemes.includes(scheme)) return authority !== ''
  if (scheme !== 'http' && scheme !== 'https') return false
  const parsed = parseHost(authority)
  if (parsed === null) return false
  return isLoopbackHost(parsed) || authority === host?.toLowerCase()
}

/** `ALLOWED_ORIGINS` -> origins as browsers write them. @throws Error that says what is wrong */
export function readAllowedOrigins(text: string): readonly string[] {
  return text.split(',').map((entry) => {
    const origin = entry.trim().toLowerCase()
    const found = /^([a-z][a-z\d+.-]*):\/\/([^/?#@\s*]+)$/.exec(origin)
    const web = found?.[1] === 'http' || found?.[1] === 'https'
    if (found === null || (web && parseHost(found[2]!) === null)) {
      throw new Error(`${JSON.stringify(entry.trim())} is no origin; write origins as in https://app.example, without path or wildcard`)
    }
    // browsers leave out the port that follows from the scheme
    return web ? new URL(origin).origin : origin
  })
}
