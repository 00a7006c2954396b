/** A bridge whose models are played by one provider on loopback: jobs that cost no CLI. */
import type { Test } from 'tap'
import { type Bridge, startBridge } from '../helper.js'
import { type TestProvider, startProvider } from '../upstreams/provider.js'
import { Recorder } from './recorder.js'
import { calm } from './timing.js'

export interface Played {
  bridge: Bridge
  provider: TestProvider
  recorder: Recorder
}

/** `acme/any` answers, `brisk/any` has one second for it, `gone/any` is nobody, `backed/main` falls back to `acme/spare`. */
export async function startPlayed(t: Test, env: Record<string, string> = {}): Promise<Played> {
  const provider = await startProvider(t)
  const settings = {
    acme: { base_url: provider.url, models: '*' },
    brisk: { base_url: provider.url, models: '*', timeouts: { first_byte: 1, idle: 1 } },
    gone: { base_url: 'http://127.0.0.1:1', models: '*' },
    backed: { base_url: provider.url, models: [{ id: 'main', fallbacks: ['acme/spare'] }] },
  }
  const bridge = await startBridge(t, {
    env: { UPSTREAMS: JSON.stringify(settings), ...env },
    timing: calm,
    webhookDelays: [50],
  })
  return { bridge, provider, recorder: new Recorder(bridge, provider) }
}

export function says(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'acme/any', messages: [{ role: 'user', content: `[${name}] hello` }], ...more }
}
