/** The wider pool of cases: those that need nobody else's service, as they were sent. */
import t from 'tap'
import { cases } from './cases.js'
import { fixtureStories } from './fixture-stories.js'
import { each, perform } from './perform.js'
import { openStage } from './stage.js'
import { type Stories, type Story, isRun } from './story.js'
import { widerStories } from './wider-stories.js'

t.setTimeout(170_000)
const stage = await openStage(t)

const suites: [suite: string, stories: Stories][] = [
  ['wider', widerStories],
  ['fixture', fixtureStories],
]
for (const [suite, stories] of suites) {
  await t.test(suite, async (t) => {
    const own = cases.filter((one) => one.suite === suite)
    t.strictSame(own.map(({ id }) => id).sort(), Object.keys(stories).sort())
    const list = own.flatMap((one): [typeof one, Story][] => {
      const story = stories[one.id]
      return isRun(story) ? [[one, story]] : []
    })
    await each(list, 6, (one, story) => perform(t, stage, one, story))
  })
}

await t.test('every run is over, but the one that waits for a human', async (t) => {
  const { data } = (await (await stage.bridge.get('/tasks?limit=100')).json()) as { data: { status: string }[] }
  t.strictSame(
    data.map(({ status }) => status).filter((status) => ['queued', 'in_progress', 'requires_action'].includes(status)),
    ['requires_action'],
  )
})
