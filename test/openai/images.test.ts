/** Images: what they say they are, or an error; those behind http(s) URLs are told to be fetched. */
import t from 'tap'
import type { ErrorCode } from '../../src/errors/catalogue.js'
import { fillImages, maxImageBytes } from '../../src/request/images.js'
import { dimensions } from '../../src/request/image-size.js'
import { parse, refusal } from './parse.js'

const heads = {
  png: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  gif: Buffer.from('GIF89a'),
  webp: Buffer.from('RIFF\x10\x00\x00\x00WEBPVP8 ', 'latin1'),
}
const data = (type: keyof typeof heads, bytes = 64) => {
  const image = Buffer.alloc(bytes)
  heads[type].copy(image)
  return image.toString('base64')
}
const png = `data:image/png;base64,${data('png')}`
const part = (url: string, more: object = {}) => ({ type: 'image_url', image_url: { url, ...more } })
const run = (...content: unknown[]) => parse({ model: 'sonnet', messages: [{ role: 'user', content }] })

await t.test('taken', async (t) => {
  for (const type of ['png', 'jpeg', 'gif', 'webp'] as const) {
    for (const bytes of [64, 65, 66]) {
      const image = data(type, bytes)
      t.same(run(part(`data:image/${type};base64,${image}`)).run.turns[0]!.content, [
        { type: 'image', mediaType: `image/${type}`, data: image },
      ])
    }
  }
  t.match(run(part(`data:image/jpg;base64,${data('jpeg')}`)).run.turns[0]!.content, [{ mediaType: 'image/jpeg' }])
  const odd = run(part(`DATA:image/PNG;charset=x;BASE64,${data('png')}`))
  t.match(odd.run.turns[0]!.content, [{ mediaType: 'image/png' }])
  const mixed = run({ type: 'text', text: 'a' }, part(png), { type: 'text', text: 'b' })
  t.same(
    mixed.run.turns[0]!.content.map(({ type }) => type),
    ['text', 'image', 'text'],
    'order is kept',
  )
})

await t.test('the size in the head of a file', async (t) => {
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((one) => (typeof one === 'string' ? Buffer.from(one, 'latin1') : Buffer.from(one))))
  const skipped = [0xff, 0xe1, 0, 6, 0xff, 0xc0, 1, 1]
  const frame = [0xff, 0xc2, 0, 17, 8, 0x0b, 0xb8, 0x07, 0xd1]
  t.same(dimensions('image/jpeg', bytes([0xff, 0xd8], skipped, [0xff], frame)), [2001, 3000])
  t.same(dimensions('image/gif', bytes('GIF89a', [0xd1, 0x07, 0xb8, 0x0b])), [2001, 3000])
  t.same(dimensions('image/webp', bytes('RIFF....WEBPVP8 ....', [0, 0, 0, 0x9d, 1, 0x2a], [0xd1, 0x07, 0xb8, 0x0b])), [2001, 3000])
  t.same(dimensions('image/webp', bytes('RIFF....WEBPVP8X....', [0, 0, 0, 0], [0xd0, 0x07, 0, 0xb7, 0x0b, 0])), [2001, 3000])
  const lossless = Buffer.alloc(4)
  lossless.writeUInt32LE((2000 | (2999 << 14)) >>> 0)
  t.same(dimensions('image/webp', bytes('RIFF....WEBPVP8L....', [0x2f], [...lossless])), [2001, 3000])
  for (const type of ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const) {
    t.equal(dimensions(type, bytes('RIFF')), null, 'it ends before')
  }
})

await t.test('detail is named, unless it is the default', async (t) => {
  t.same(run(part(png, { detail: 'high' })).ignored, ['messages[].content[].image_url.detail'])
  t.same(run(part(png, { detail: 'auto' })).ignored, [])
})

await t.test('refused', async (t) => {
  const cases: [string, ErrorCode][] = [
    ['ftp://example.com/x.png', 'unsupported_value'],
    ['example.com/x.png', 'unsupported_value'],
    ['file:///etc/passwd', 'unsupported_value'],
    ['', 'unsupported_value'],
    ['data:', 'unsupported_value'],
    ['data:,', 'unsupported_value'],
    [`data:${'x'.repeat(1_000_000)}`, 'unsupported_value'],
    [`data:image/svg+xml;base64,${data('png')}`, 'unsupported_value'],
    [`data:application/pdf;base64,${data('png')}`, 'unsupported_value'],
    [`data:constructor;base64,${data('png')}`, 'unsupported_value'],
    [`data:image/png,${data('png')}`, 'invalid_value'],
    [`data:image/png;base64,`, 'invalid_value'],
    [`data:image/png;base64,${data('jpeg')}`, 'invalid_value'],
    [`data:image/webp;base64,${Buffer.from('RIFF0000WAVE0000').toString('base64')}`, 'invalid_value'],
    [`data:image/png;base64,${data('png').slice(0, -1)}`, 'invalid_value'],
    [`data:image/png;base64,${data('png', 65).replace('=', '')}`, 'invalid_value'],
    [`data:image/png;base64,${data('png', 66)}====`, 'invalid_value'],
    [`data:image/png;base64,${data('png').replace('AAAA', 'AA\r\n')}`, 'invalid_value'],
    [`data:image/png;base64,${data('png').replace('AAAA', 'AA-_')}`, 'invalid_value'],
    [`data:image/png;base64,${data('png').replace('AAAA', 'AA==')}`, 'invalid_value'],
    [`data:image/png;base64,${data('png', 64).slice(0, -4)}AB==`, 'invalid_value'],
  ]
  for (const [url, code] of cases) {
    const failure = refusal(() => run({ type: 'text', text: 'a' }, part(url)))
    t.match(failure, { code, param: 'messages[0].content[1].image_url.url' }, `${url.slice(0, 50)}: ${failure.message}`)
  }
})

await t.test('limits', async (t) => {
  const whole = run(part(`data:image/png;base64,${data('png', maxImageBytes)}`)).run.turns[0]!.content[0]
  t.equal(whole?.type, 'image', '20 MiB to the byte')
  const over = refusal(() => run(part(`data:image/png;base64,${data('png', maxImageBytes + 1)}`)))
  t.match(over, { code: 'invalid_value', param: 'messages[0].content[0].image_url.url' })

  const many = (count: number) => Array.from({ length: count }, () => part(png))
  t.equal(run(...many(100)).run.turns[0]!.content.length, 100)
  t.match(
    refusal(() => run(...many(101))),
    { code: 'invalid_value', param: 'messages[0].content[100].image_url.url' },
  )
})

await t.test('images of a tool', async (t) => {
  const { turns } = parse({
    model: 'sonnet',
    messages: [
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      { role: 'tool', tool_call_id: 'c', content: [part(png)] },
    ],
  }).run
  t.match(turns[1]!.content, [{ type: 'tool_result', content: [{ type: 'image', mediaType: 'image/png' }] }])
})

await t.test('an image behind a URL has to be fetched into its place', async (t) => {
  const { run: made, remoteImages } = parse({
    model: 'sonnet',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'a' }, part('https://example.com/a'), part(png)] },
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      { role: 'tool', tool_call_id: 'c', content: [part('HTTP://example.com/b')] },
      { role: 'user', content: [{ type: 'input_image', image_url: 'https://example.com/a', detail: 'auto' }] },
    ],
    tools: [{ type: 'function', function: { name: 'f' } }],
  })
  t.match(remoteImages, [
    { url: 'https://example.com/a', param: 'messages[0].content[1].image_url.url' },
    { url: 'HTTP://example.com/b', param: 'messages[2].content[0].image_url.url' },
    { url: 'https://example.com/a', param: 'messages[3].content[0].image_url' },
  ])
  fillImages(remoteImages, Buffer.from(data('gif'), 'base64'), 'application/octet-stream')
  const filled = { type: 'image', mediaType: 'image/gif', data: data('gif') }
  t.same(made.turns[0]!.content[1], filled)
  t.same(made.turns[2]!.content, [{ type: 'tool_result', toolCallId: 'c', content: [filled] }, filled])
})

await t.test('what was fetched is an image, by its bytes and not against what its server says', async (t) => {
  const fill = (bytes: Buffer, mediaType: string | null) => {
    const { remoteImages, run: made } = run(part('https://example.com/a'))
    fillImages(remoteImages, bytes, mediaType)
    return made.turns[0]!.content[0]
  }
  const bytes = (type: keyof typeof heads) => Buffer.from(data(type), 'base64')
  for (const mediaType of [null, 'image/png', 'image/jpeg', 'image/x-icon', 'binary/octet-stream']) {
    t.match(fill(bytes('webp'), mediaType), { mediaType: 'image/webp' }, String(mediaType))
  }
  const cases: [Buffer, string | null][] = [
    [bytes('png'), 'text/html'],
    [bytes('png'), 'application/json'],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'],
    [Buffer.from('<html>'), 'image/png'],
    [Buffer.alloc(0), 'image/png'],
    [Buffer.from([0xff, 0xd8]), 'image/jpeg'],
  ]
  for (const [wrong, mediaType] of cases) {
    const failure = refusal(() => fill(wrong, mediaType))
    t.match(failure, { code: 'invalid_value', param: 'messages[0].content[0].image_url.url' }, String(mediaType))
  }
})

await t.test("the Responses API's name", async (t) => {
  const input = (more: object) => run({ type: 'input_image', ...more })
  t.match(input({ image_url: png }).run.turns[0]!.content, [{ type: 'image', mediaType: 'image/png' }])
  t.same(input({ image_url: png, detail: 'low' }).ignored, ['messages[].content[].detail'])
  t.match(
    refusal(() => input({ file_id: 'file-1' })),
    { code: 'unsupported_parameter', param: 'messages[0].content[0].file_id' },
  )
  t.match(
    refusal(() => input({})),
    { code: 'unsupported_value', param: 'messages[0].content[0].image_url' },
  )
})
