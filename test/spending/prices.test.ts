import t from 'tap'
import { noTokens } from '../../src/jobs/spending.js'
import { Prices } from '../../src/spending/prices.js'

const million = 1_000_000
const all = { ...noTokens, input: million, cacheRead: million, cacheWrite: million, hourCacheWrite: million / 2, output: million }
const usd = (prices: Prices, model: string | null, asked = 'x') => prices.nanoUsd({ model, tokens: all, prompt: 10 }, asked) / 1e9

await t.test('each kind of token by its own price', (t) => {
  const prices = new Prices()
  // input + cache read + half of the writes for five minutes, half for an hour + output
  for (const [model, expected] of [
    ['claude-opus-5-5', 4 + 0.2 + 2.5 + 4 + 20],
    ['claude-opus-4-8', 5 + 0.5 + 3.125 + 5 + 25],
    ['claude-opus-4-1-20250805', 15 + 1.5 + 9.375 + 15 + 75],
    ['claude-opus-4-20250514', 15 + 1.5 + 9.375 + 15 + 75],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 3 + 0.3 + 1.875 + 3 + 15],
    ['claude-sonnet-5', 2 + 0.2 + 1.25 + 2 + 10],
    ['claude-sonnet-5-5', 2 + 0.1 + 1.25 + 2 + 10],
    ['claude-haiku-4-5@20251001', 1 + 0.1 + 0.625 + 1 + 5],
    ['claude-fable-5-2', 8 + 0.4 + 5 + 8 + 40],
  ] as const) {
    t.equal(usd(prices, model).toFixed(6), expected.toFixed(6), model)
  }
  t.end()
})

await t.test('a long prompt', (t) => {
  const prices = new Prices()
  const output = { ...noTokens, output: million }
  t.equal(prices.nanoUsd({ model: 'claude-haiku-5-5', tokens: output, prompt: 100_000 }, 'haiku'), 0.5e9)
  t.equal(prices.nanoUsd({ model: 'claude-haiku-5-5', tokens: output, prompt: 100_001 }, 'haiku'), 2.5e9)
  t.end()
})

await t.test('without a price, with one of the operator, with one of the API', (t) => {
  const told: string[] = []
  const own = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, hourCacheWrite: 0 }
  const prices = new Prices(new Map([['local/llama', own]]), (model) => told.push(model))
  t.equal(usd(prices, 'gpt-9'), usd(prices, 'claude-opus-4-1'), 'it counts as the dearest')
  usd(prices, 'gpt-9')
  t.strictSame(told, ['gpt-9'], 'and is told once')
  t.equal(usd(prices, 'llama3', 'local/llama'), 3)
  t.equal(prices.nanoUsd({ model: 'gpt-9', tokens: all, prompt: 10, usd: 0.25 }, 'x'), 0.25e9, "the API's own word")
  t.strictSame([...prices.unknown], ['gpt-9'])
  t.end()
})
