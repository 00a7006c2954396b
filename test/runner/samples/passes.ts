import t from 'tap'

await t.test('two assertions', async (t) => {
  t.ok(true)
  t.equal(1, 1)
})
