/** The thread's program: does one piece of work after another. Whatever hangs it is ended from outside. */
import { parentPort } from 'node:worker_threads'
// all that any work needs is loaded before the thread is ready: the limit of a piece of work is not for loading
import { validatorOf } from '../registry.js'
import { outputProblem, sourceProblem } from './compile.js'
import type { Reply, Work } from '../../threads/threads.js'
import type { Works } from './messages.js'

const port = parentPort!
const reply = (message: Reply) => port.postMessage(message)

async function resultOf(work: Work<Works>): Promise<Works[keyof Works]['result']> {
  switch (work.kind) {
    case 'check': {
      const { check } = validatorOf(work.type)
      if (check === undefined) throw new Error(`'${work.type}' is checked by a model`)
      return check(work.answer, work.params)
    }
    case 'judge': {
      const { asks } = validatorOf(work.type)
      if (asks === undefined) throw new Error(`'${work.type}' asks no model`)
      return asks.judge(work.verdict, work.params)
    }
    case 'compile':
      return sourceProblem(work.source)
    case 'output':
      return outputProblem(work.schema, work.value)
  }
}

async function run(work: Work<Works>): Promise<Reply> {
  try {
    return { result: await resultOf(work) }
  } catch (error) {
    return { crashed: error instanceof Error ? error.message : 'it threw something that is no error' }
  }
}

port.on('message', (work: Work<Works>) => {
  run(work)
    .then(reply)
    .catch(() => reply({ crashed: 'its verdict could not be passed on' }))
})
reply('ready')
