/**
 * Questions of five owners to few processes, in every way in which a conversation can go on, of which some are cut off; what the model's API
 * gets is compared with what a process of its own sends. `node dist/test/chaos/questions.js 1000 [key|oauth] [reuse|per-job|unchecked]
 * [share] [seed]` prints the tally; `share`: of the model calls that are compared, 1 by default.
 */
import { seeded } from './conversations.js'
import type { Watched } from './pool-watch.js'
import { Asker, type Outcome } from './questions/asking.js'
import { Calls } from './questions/calls.js'
import { type Compared, compareCalls } from './questions/references.js'
import { Processes, type Way } from './questions/processes.js'
import { ownersIn } from './questions/replies.js'
import { type Left, type Login, type Mode, leftOver, openScene, owners, quiet } from './questions/scene.js'
import { type Conversation, type Cut, type Move, Script } from './questions/script.js'

export interface QuestionsOptions {
  /** up to twice as many, until every move was made */
  questions: number
  seed: number
  login: Login
  mode: Mode
  /** of the model calls, that are compared with those of a process of their own */
  share: number
}

export interface QuestionsTally extends Compared {
  asked: number
  moves: Record<Move, number>
  kinds: Record<string, number>
  images: number
  cuts: Record<Cut, number>
  outcomes: Record<Outcome['kind'], number>
  /** of processes */
  kills: number
  modelCalls: number
  /** by how the process came to the question */
  ways: Record<Way, number>
  processes: number
  watched: Watched
  left: Left
  /** of the questions */
  seconds: number
  findings: string[]
}

const clients = 5
const lookMs = 100
/** Fewer than there are owners and kinds, so that processes are ended for others. */
const env = { MAX_CONCURRENT: '4', MAX_PROCESSES: '12', WARM_PROCESSES: '1' }
/** How a process may come to a question. */
const waysOf: Record<Mode, readonly Way[]> = { reuse: ['new', 'nothing', 'point', 'on'], 'per-job': ['new'], unchecked: ['new', 'on'] }

export async function askQuestions({ questions, seed, login, mode, share }: QuestionsOptions): Promise<QuestionsTally> {
  const random = seeded(seed)
  const calls = new Calls()
  const scene = await openScene({ login, mode, standin: { fallback: calls.answer }, env, lookMs })
  try {
    const script = new Script(owners, random)
    const asker = new Asker(scene.url, scene.root, random)
    const from = performance.now()
    const asked = await askAll(questions, script, asker, calls)
    const seconds = (performance.now() - from) / 1000
    await quiet(scene)
    const { watched, left } = await scene.stop()
    const processes = new Processes()
    const expected = calls.all.map((call) => processes.take(call))
    const found = calls.all.flatMap(({ call, question: { owner, marker } }) =>
      ownersIn(call.body).flatMap((other) => (other === owner ? [] : [`words of ${other} beside ${marker}`])),
    )
    const allowed = waysOf[mode]
    const ways = count<Way>(expected.map(({ way }) => way))
    for (const way of Object.keys(ways) as Way[]) if (!allowed.includes(way)) found.push(`a process came to a question by: ${way}`)
    const compared = await compareCalls(calls.all, expected, { login, share, random })
    const findings = [...asked.findings, ...calls.strays, ...processes.findings, ...found, ...leftOver(left), ...compared.findings]
    findings.push(...watched.overBound, ...watched.disagreed)
    return {
      ...{ moves: script.moves, ...asked, kills: asker.kills, modelCalls: calls.all.length },
      ...{ ways, processes: processes.count, ...compared, watched, left, seconds, findings },
    }
  } finally {
    await scene.remove()
  }
}

async function askAll(
  questions: number,
  script: Script,
  asker: Asker,
  calls: Calls,
): Promise<Pick<QuestionsTally, 'asked' | 'kinds' | 'images' | 'cuts' | 'outcomes' | 'findings'>> {
  const all: { kind: string; image: boolean; cut: Cut | null; outcome: Outcome['kind'] }[] = []
  const findings: string[] = []
  let begun = 0
  const client = async () => {
    let near: Conversation | undefined
    // on a busy machine a move may not have been possible yet
    while (begun < questions || (begun < 2 * questions && !script.complete)) {
      begun += 1
      const { conversation, question } = script.next(near)
      near = conversation
      calls.expect(question)
      const outcome = await asker.ask(question, () => calls.answerTo(question))
      if (outcome.kind === 'wrong') findings.push(`${question.marker} ${question.move}, ${question.kind.name}: ${outcome.detail}`)
      if (outcome.message !== null) {
        conversation.messages = [...question.messages, outcome.message]
        conversation.last = question.marker
      }
      conversation.busy = false
      all.push({ kind: question.kind.name, image: question.image, cut: question.cut, outcome: outcome.kind })
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return {
    asked: begun,
    kinds: count(all.map(({ kind }) => kind)),
    images: all.filter(({ image }) => image).length,
    cuts: count(all.flatMap(({ cut }) => cut ?? [])),
    outcomes: count(all.map(({ outcome }) => outcome)),
    findings,
  }
}

function count<T extends string>(words: readonly T[]): Record<T, number> {
  const counts: Partial<Record<T, number>> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts as Record<T, number>
}

if (process.argv[1] === import.meta.filename) {
  const [, , questions = '1000', login = 'key', mode = 'reuse', share = '1', seed = Date.now() % 1_000_000] = process.argv
  console.log(`seed ${seed}`)
  const options = { questions: Number(questions), login: login as Login, mode: mode as Mode, share: Number(share), seed: Number(seed) }
  const tally = await askQuestions(options)
  console.log(JSON.stringify(tally, null, 2))
  const { findings, comparisons, seconds } = tally
  const kept = `${Object.values(comparisons).reduce((sum, made) => sum + made, 0)} bodies as from a process of its own`
  console.log(findings.length === 0 ? `${tally.asked} questions in ${seconds.toFixed(0)} s, ${kept}` : `${findings.length} findings`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
