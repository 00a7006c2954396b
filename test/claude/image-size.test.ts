/** Images that the CLI scales or recodes are named, and those that it would not send are refused; every other one arrives as it is. */
import t from 'tap'
import { startBridge } from '../helper.js'
import { contains } from '../standin/index.js'
import { png } from './png.js'
import { realCli, scalesBySideOnly } from './real-cli.js'

const cli = await realCli()
const bridge = await startBridge(t)
const part = (image: Buffer) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${image.toString('base64')}` } })

/** What the model was sent of an image. */
function sent(marker: string): string[] {
  const call = bridge.standin.calls.find((one) => contains(one, marker))
  return [
    ...JSON.stringify(call?.body.messages ?? []).matchAll(/"media_type":"image\/\w+","data":"([^"]+)"|"data":"([^"]+)","media_type"/g),
  ].map(([, one, other]) => one ?? other!)
}

async function asked(marker: string, image: Buffer, inPast: boolean): Promise<string | null> {
  const shown = { role: 'user', content: [part(image), { type: 'text', text: marker }] }
  const messages = inPast ? [shown, { role: 'assistant', content: 'seen' }, { role: 'user', content: 'and?' }] : [shown]
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages })
  t.equal(response.status, 200)
  await response.arrayBuffer()
  return response.headers.get('x-bridge-ignored')
}

await t.test('what is named is what the CLI changes', async (t) => {
  const sizes: [number, number, boolean?][] = [
    ...[[64, 64] as const, [2000, 50] as const, [2001, 50] as const, [50, 2001] as const],
    ...[[1932, 1932] as const, [1933, 1933] as const, [2000, 1848] as const, [2000, 1876] as const],
    ...[[412, 412, true] as const, [414, 414, true] as const],
  ].map((size) => [...size] as [number, number, boolean?])
  for (const [width, height, noise] of sizes) {
    for (const inPast of [false, true]) {
      const image = png(width, height, noise)
      const marker = `I-${width}-${height}-${inPast}.`
      const named = await asked(marker, image, inPast)
      const isWhole = sent(marker).includes(image.toString('base64'))
      const fits = [64, 1932, 412].includes(width) || height === 1848 || (width === 2000 && height === 50)
      t.equal(named, fits ? null : 'messages[].content[].image_url.size', marker)
      const wholeForAll = [1933, 2000].includes(width) && scalesBySideOnly(cli)
      t.equal(isWhole, fits || wholeForAll, marker)
    }
  }
})

await t.test('a file that the CLI cannot read is named as one that the model does not get', async (t) => {
  const large = png(2100, 40, true)
  const broken: Buffer[] = [png(64, 64).subarray(0, 8), large.subarray(0, 100_000)]
  for (const image of broken) {
    for (const inPast of [false, true]) {
      const marker = `I-broken-${image.length}-${inPast}.`
      t.equal(await asked(marker, image, inPast), 'messages[].content[].image_url')
      t.strictSame(sent(marker), [])
    }
  }
  t.equal(
    await asked('I-behind.', Buffer.concat([large, Buffer.alloc(1000)]), false),
    'messages[].content[].image_url.size',
    'bytes behind its end',
  )
})

await t.test('the result of a tool', async (t) => {
  const result = (image: Buffer) => ({
    model: 'sonnet',
    tools: [{ type: 'function', function: { name: 'look' } }],
    messages: [
      { role: 'user', content: 'Look' },
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: `R-${image.length}.` }, part(image)] },
    ],
  })
  // the most that fits, and one pixel's row more
  const fits = png(1144, 1144, true)
  const whole = await bridge.post('/v1/chat/completions', result(fits))
  t.equal(whole.status, 200)
  t.equal(whole.headers.get('x-bridge-ignored'), null)
  t.ok(sent(`R-${fits.length}.`).includes(fits.toString('base64')))
  const large = await bridge.post('/v1/chat/completions', result(png(1146, 1145, true)))
  t.equal(large.status, 400)
  t.match(await large.json(), {
    error: { code: 'invalid_value', param: 'messages[2].content[1].image_url.url', message: /at most 5242880 characters/ },
  })
})
