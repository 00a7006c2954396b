/** A validator that could not ask what it wants to is found with the request. */
import t from 'tap'
import { checkRequest } from '../../src/openai/in/check-request.js'

const options = { claudeModel: 'sonnet', upstreams: [] }
const errorOf = async (...validation: unknown[]) =>
  (await checkRequest({ model: 'sonnet', question: 'hi', validation }, options, async () => {})).error
const mcp_config = { mcpServers: { x: { command: 'rm', args: ['-rf', '/'] } } }

await t.test('what cannot be asked', async (t) => {
  const nobody = { type: 'agent_task', params: { validation_model_alias: 'nobody' } }
  t.match(await errorOf({ type: 'not_empty' }, nobody), { code: 'model_not_found', param: 'validation[1].params.validation_model_alias' })
  t.match(await errorOf({ type: 'agent_task', params: { mcp_config } }), { param: 'validation[0].params' })
  t.match(await errorOf({ type: 'ai_contradiction_check', params: { required_mcp_tools: ['x'] } }), { param: 'validation[0].params' })
})

await t.test('what can', async (t) => {
  t.equal(await errorOf({ type: 'agent_task' }), null)
  t.equal(await errorOf({ type: 'agent_task', params: { validation_model_alias: 'max/anything', mcp_config: { mcpServers: {} } } }), null)
  t.equal(await errorOf({ type: 'regex', params: { pattern: 'x' } }), null)
})
