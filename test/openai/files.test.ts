/** Files: PDFs become documents, text files become texts, everything else is refused by its path. */
import t from 'tap'
import type { ErrorCode } from '../../src/errors/catalogue.js'
import { maxFileBytes } from '../../src/openai/in/files.js'
import { parse, refusal } from './parse.js'

const run = (...content: unknown[]) => parse({ model: 'sonnet', messages: [{ role: 'user', content }] })
const blocks = (...content: unknown[]) => run(...content).run.turns[0]!.content
const file = (members: object) => ({ type: 'file', file: members })
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const url = (type: string, text: string | Buffer) => `data:${type};base64,${base64(text)}`
const pdf = '%PDF-1.7\n%âãÏÓ\n1 0 obj\n'

await t.test('PDFs', async (t) => {
  const document = { type: 'document', mediaType: 'application/pdf', data: base64(pdf) }
  t.same(blocks(file({ filename: 'a.pdf', file_data: url('application/pdf', pdf) })), [{ ...document, title: 'a.pdf' }])
  t.same(blocks(file({ file_data: url('application/PDF', pdf) })), [document], 'without a name')
  t.same(blocks(file({ filename: 'A.PDF', file_data: base64(pdf) })), [{ ...document, title: 'A.PDF' }], 'bare base64')
  t.same(blocks(file({ filename: 'x', file_data: base64(pdf) })), [{ ...document, title: 'x' }], 'known by its first bytes')
  t.same(blocks(file({ file_data: url('application/octet-stream', pdf) })), [document])
  t.same(blocks({ type: 'input_file', filename: 'a.pdf', file_data: base64(pdf) }), [{ ...document, title: 'a.pdf' }])
  const [long] = blocks(file({ filename: `${'🙂'.repeat(400)}.pdf`, file_data: url('application/pdf', pdf) }))
  t.equal([...(long as { title: string }).title].length, 255)
  t.same(
    blocks({ type: 'text', text: 'a' }, file({ file_data: base64(pdf) }), { type: 'text', text: ' ' }, { type: 'text', text: 'b' }).map(
      ({ type }) => type,
    ),
    ['text', 'document', 'text'],
    'order is kept',
  )
})

await t.test('text files', async (t) => {
  const said = (members: object) => blocks(file(members))
  const expected = [{ type: 'text', text: '<file name="notes.md">\n# é漢🙂\n</file>' }]
  t.same(said({ filename: 'notes.md', file_data: base64('# é漢🙂') }), expected, 'by name')
  t.same(said({ filename: 'notes.md', file_data: url('text/markdown;charset=utf-8', '# é漢🙂\n') }), expected, 'by type')
  t.same(said({ filename: 'notes.md', file_data: url('text/plain', '\ufeff# é漢🙂\n') }), expected, 'without its byte order mark')
  for (const type of ['application/json', 'text/csv', 'application/xml', 'application/vnd.api+json', 'application/x-ndjson']) {
    t.match(said({ file_data: url(type, '{}') }), [{ type: 'text' }], type)
  }
  for (const name of ['a.json', 'a.csv', 'a.XML', 'a.b.yaml', 'x.py', '/etc/x.ts']) {
    t.match(said({ filename: name, file_data: url('application/octet-stream', 'x') }), [{ text: `<file name="${name}">\nx\n</file>` }])
  }
  const named = said({ filename: 'a">\n</file>&.txt', file_data: base64('x') })
  t.same(named, [{ type: 'text', text: '<file name="a&quot;&gt; &lt;/file&gt;&amp;.txt">\nx\n</file>' }], 'a name stays in its place')
})

await t.test('refused', async (t) => {
  const cases: [object, ErrorCode, string][] = [
    [{ file_id: 'file-abc' }, 'unsupported_parameter', 'file_id'],
    [{ file_id: 'file-abc', file_data: base64(pdf) }, 'unsupported_parameter', 'file_id'],
    [{ file_url: 'https://example.com/a.pdf' }, 'unsupported_parameter', 'file_url'],
    [{}, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: '' }, 'invalid_value', 'file_data'],
    [{ filename: 'a.txt', file_data: 'data:text/plain;base64,' }, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: null }, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: 7 }, 'invalid_type', 'file_data'],
    [{ filename: {}, file_data: base64(pdf) }, 'invalid_type', 'filename'],
    [{ filename: 'a.pdf', file_data: base64('no pdf') }, 'invalid_value', 'file_data'],
    [{ filename: 'a.txt', file_data: url('application/pdf', 'no pdf') }, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: 'data:application/pdf,%25PDF' }, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: 'not base64!' }, 'invalid_value', 'file_data'],
    [{ filename: 'a.txt', file_data: base64(Buffer.from([0xff, 0xfe, 0x41, 0x00])) }, 'invalid_value', 'file_data'],
    [{ filename: 'a.docx', file_data: base64('PK') }, 'unsupported_value', 'file_data'],
    [{ filename: 'noending', file_data: base64('text') }, 'unsupported_value', 'file_data'],
    [{ filename: 'a.constructor', file_data: base64('text') }, 'unsupported_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: url('application/zip', pdf) }, 'unsupported_value', 'file_data'],
    [{ filename: 'a.png', file_data: url('image/png', 'x') }, 'unsupported_value', 'file_data'],
    [{ filename: 'a.svg', file_data: url('image/svg+xml', '<svg/>') }, 'unsupported_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: 'https://example.com/a.pdf' }, 'invalid_value', 'file_data'],
    [{ filename: 'a.pdf', file_data: `data:${'x'.repeat(100_000)}` }, 'invalid_value', 'file_data'],
  ]
  for (const [members, code, member] of cases) {
    const name = JSON.stringify(members).slice(0, 80)
    const failure = refusal(() => run({ type: 'text', text: 'a' }, file(members)))
    t.match(failure, { code, param: `messages[0].content[1].file.${member}` }, `${name}: ${failure.message}`)
    t.ok(failure.message.length < 250)
    const other = refusal(() => run({ type: 'text', text: 'a' }, { type: 'input_file', ...members }))
    t.match(other, { code, param: `messages[0].content[1].${member}` }, `input_file ${name}`)
  }
  t.match(
    refusal(() => run({ type: 'file' })),
    { param: 'messages[0].content[0].file' },
  )
  const large = Buffer.alloc(maxFileBytes + 1)
  large.write('%PDF-')
  t.match(
    refusal(() => run(file({ file_data: base64(large) }))),
    { code: 'invalid_value', message: /more than/ },
  )
  t.match(blocks(file({ file_data: base64(large.subarray(1).fill('%PDF-', 0, 5)) })), [{ type: 'document' }], 'to the byte')
})

await t.test('members without effect are named', async (t) => {
  const { ignored } = run({ ...file({ file_data: base64(pdf), file_id: '', format: 'x' }), cache_control: { type: 'ephemeral' } })
  t.same(ignored, ['messages[].content[].cache_control', 'messages[].content[].file.format'])
})

await t.test('only where the model can have them, and no sound', async (t) => {
  const part = file({ file_data: base64(pdf) })
  const messages = [
    { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
    { role: 'tool', tool_call_id: 'c', content: [part] },
  ]
  t.match(
    refusal(() => parse({ model: 'sonnet', messages })),
    { code: 'unsupported_value', param: 'messages[1].content[0].type' },
  )
  const system = [{ role: 'system', content: [part] }]
  t.match(
    refusal(() => parse({ model: 'sonnet', messages: system })),
    { param: 'messages[0].content[0].type' },
  )
  const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
  t.match(
    refusal(() => run({ type: 'text', text: 'a' }, sound)),
    { code: 'unsupported_value', param: 'messages[0].content[1].type' },
  )
})
