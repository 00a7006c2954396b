/** What is sent to the model for a one-line question, beyond the question: paid for with every request. */
import { askBlocking, model } from './ask.js'
import { askCli, defaultArgs } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { newQuestion } from './question.js'
import type { Rig } from './rig.js'

export async function measureBytes(rig: Rig, bridge: Bridge): Promise<void> {
  const beyondText = async (ask: (text: string) => Promise<{ text: string }>) => {
    const { text, marker, answer } = newQuestion()
    rig.findings.check((await ask(text)).text === answer, 'upstream bytes: a wrong answer')
    return (await rig.standin.call(marker)).bytes - Buffer.byteLength(text)
  }
  const launch = { binary: rig.cli.binary, env: rig.cli.env, parent: rig.folder, withSystemPrompt: false }
  const byDefault = await beyondText((text) => askCli({ ...launch, args: [...defaultArgs, `--model=${model}`] }, text))
  const bridged = await beyondText((text) => askBlocking(bridge.url, [{ role: 'user', content: text }]))
  rig.findings.add('bytes_default', 'upstream bytes beyond the text: CLI, default flags', 'bytes', byDefault)
  rig.findings.add('bytes_bridge', 'upstream bytes beyond the text: bridge', 'bytes', bridged)
}
