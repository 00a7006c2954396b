/** The thread's program: runs one check after another. Whatever hangs it is ended from outside. */
import { parentPort } from 'node:worker_threads'
import { validatorOf } from '../registry.js'
import type { Reply, Work } from './messages.js'

const port = parentPort!
const reply = (message: Reply) => port.postMessage(message)

async function run({ type, params, answer }: Work): Promise<Reply> {
  try {
    return { result: await validatorOf(type).check(answer, params, { originalPrompt: '' }) }
  } catch (error) {
    return { crashed: error instanceof Error ? error.message : 'it threw something that is no error' }
  }
}

port.on('message', (work: Work) => {
  run(work)
    .then(reply)
    .catch(() => reply({ crashed: 'its verdict could not be passed on' }))
})
reply('ready')
