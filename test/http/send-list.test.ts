/** A page is the same JSON, however it is written. */
import Fastify from 'fastify'
import t from 'tap'
import { sendList } from '../../src/http/send-list.js'

const record = (index: number) => ({ id: `task_${index}`, text: 'ä"\n'.repeat(2000), none: null })
const pages = [0, 1, 3, 100].map((count) => ({
  object: 'list',
  data: Array.from({ length: count }, (_, index) => record(index)),
  first_id: 'x',
  last_id: null,
  has_more: true,
}))

await t.test('small pages and large ones', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/:page', async ({ params }, reply) => sendList(reply, pages[Number((params as { page: string }).page)]!))
  for (const [index, page] of pages.entries()) {
    const { body, headers } = await app.inject(`/${index}`)
    t.equal(body, JSON.stringify(page))
    t.match(headers, { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)) })
  }
})
