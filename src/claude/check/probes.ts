/** All probes of the CLI, with what each shows. */
import type { Bench } from './bench.js'
import { historyWithRoles, lean, plainText, prompt } from './chat-probes.js'
import { takingBack, warmUp } from './reuse-probes.js'
import { extraBody, maxTokens, newPrompt, thinking } from './settings-probes.js'
import { everyTool, longText, schemaWorks, toolsWork } from './tool-probes.js'
import { type ProbeId, probeIds } from './verdict.js'

export interface Probe {
  id: ProbeId
  shows: string
  /** rejects with why the probe has not passed */
  run: (bench: Bench) => Promise<void>
}

const table: Record<ProbeId, Omit<Probe, 'id'>> = {
  prompt: { shows: 'a prompt over the control channel is the only one', run: prompt },
  plain_text: { shows: '`/word` and `@/path` stay text', run: plainText },
  history: { shows: 'turns keep roles, order and blocks', run: historyWithRoles },
  max_tokens: { shows: 'the limit of an answer is set and undone', run: maxTokens },
  extra_body: { shows: 'members of the body are set and undone', run: extraBody },
  thinking: { shows: 'thinking is switched off and on again', run: thinking },
  tools: { shows: 'a function of the client is called, and its result sent', run: toolsWork },
  every_tool: { shows: 'every tool that is offered is there', run: everyTool },
  schema: { shows: 'an answer follows a schema', run: schemaWorks },
  long_text: { shows: 'a long description of a tool arrives whole', run: longText },
  new_prompt: { shows: 'a process takes another prompt, and the first again', run: newPrompt },
  taking_back: { shows: 'turns are taken back; then the body is a new process’s to the byte', run: takingBack },
  warm_up: { shows: 'a turn beforehand leaves nothing', run: warmUp },
  lean: { shows: 'no prompt, tool, file or question of the CLI’s own is sent', run: lean },
}

export const probes: readonly Probe[] = probeIds.map((id) => ({ id, ...table[id] }))
