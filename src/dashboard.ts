/** The dashboard: one file of HTML with its script and style in it, and the policy that lets exactly these two run. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { name } from './version.js'

export interface Page {
  html: string
  /** value of `content-security-policy` */
  policy: string
}

/** Read from the sources: the compiler copies no HTML. The package's name stands in it as `{{name}}`. */
export function readDashboard(): Page {
  const html = readFileSync(new URL('../../routes/dashboard.html', import.meta.url), 'utf8').replaceAll('{{name}}', name)
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(html, 'script')}`,
    `style-src ${hashOf(html, 'style')}`,
    "connect-src 'self'",
    // the empty icon
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return { html, policy: policy.join('; ') }
}

function hashOf(html: string, element: 'script' | 'style'): string {
  const content = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(html)![1]!
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`
}
