/** A job that kills its server is set aside at the third start, and takes no other job with it. */
import t, { type Test } from 'tap'
import { type Story, untilAllHaveEnded } from './poison.js'

t.setTimeout(400_000)

const innocents = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const isPoison = (name: string) => name.startsWith('p')
const setAside = { status: 'failed', code: 'interrupted', message: /killed 2 times/ }

function look(t: Test, { ended }: Story, poison: readonly string[]): void {
  for (const name of innocents) t.match(ended[name], { status: 'completed', text: name, code: null, message: null }, `${name} is complete`)
  for (const name of poison) t.match(ended[name], setAside, `${name} is set aside`)
}

void t.test('one job kills the server, seven run beside it', async (t) => {
  const story = await untilAllHaveEnded({ jobs: [...innocents.slice(0, 4), 'p', ...innocents.slice(4)], kills: isPoison, maxConcurrent: 8 })
  look(t, story, ['p'])
  t.equal(story.starts, 3)
  t.equal(story.asked['p'], 2, 'it does not run a third time')
})

void t.test('one job kills the server, seven run beside it or wait', async (t) => {
  const story = await untilAllHaveEnded({ jobs: ['p', ...innocents], kills: isPoison, maxConcurrent: 3 })
  look(t, story, ['p'])
  t.equal(story.starts, 3)
})

void t.test('two jobs kill the server', async (t) => {
  const story = await untilAllHaveEnded({ jobs: ['p1', ...innocents, 'p2'], kills: isPoison, maxConcurrent: 9 })
  look(t, story, ['p1', 'p2'])
})

void t.test('a job kills the server where others run beside it', async (t) => {
  const kills = (name: string, beside: readonly string[]) => (isPoison(name) && beside.length > 0) || beside.some(isPoison)
  // longer than the start of a process on a busy machine, so that answers overlap
  const story = await untilAllHaveEnded({ jobs: ['p', ...innocents], kills, maxConcurrent: 8, answerMs: 6000 })
  look(t, story, [])
  t.match(story.ended['p'], { status: 'completed', text: 'p' }, 'alone it does no harm')
  t.equal(story.starts, 2)
})

void t.test('a job silences the server, and the supervisor kills it', async (t) => {
  const story = await untilAllHaveEnded({ jobs: ['p', ...innocents], kills: isPoison, signal: 'SIGSTOP', maxConcurrent: 8 })
  look(t, story, ['p'])
  t.equal(story.starts, 3)
})
