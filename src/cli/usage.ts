/** `usage`: what keys have used. */
import { usageText } from '../spending/usage-list.js'
import type { UsageAsk } from './backend.js'
import type { Client } from './client.js'
import { onBackend } from './on-backend.js'
import { note, say, sayJson, sayLine, table } from './terminal.js'

export async function showUsage(
  env: NodeJS.ProcessEnv,
  client: Client,
  { json, csv, ...ask }: UsageAsk & { json?: boolean; csv?: boolean },
): Promise<void> {
  const list = await onBackend(env, client, (backend) => backend.usage(ask))
  if (json === true) return sayJson(list)
  if (csv === true) return say(usageText(list))
  const groups = ask.by.split(',').map((name) => name.trim()) as ('key' | 'model' | 'day' | 'hour')[]
  const counts = ['requests', 'failures', 'prompt_tokens', 'completion_tokens'] as const
  const row = (line: (typeof list)['totals']) => [...counts.map((name) => String(line[name])), line.cost_usd.toFixed(4)]
  sayLine(
    table([
      [...groups, ...counts, 'usd'].map((name) => name.toUpperCase()),
      ...list.data.map((line) => [...groups.map((name) => line[name] ?? ''), ...row(line)]),
      [...groups.map((_, index) => (index === 0 ? 'all' : '')), ...row(list.totals)],
    ]),
  )
  if (list.without_price.length > 0) note(`without a price, counted as the dearest: ${list.without_price.join(', ')}`)
}
