import t from 'tap'

await t.test('one of two is wrong', async (t) => {
  t.ok(true)
  t.equal(1, 2, 'one is two')
})
