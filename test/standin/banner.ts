/**
 * What the demo prints once the bridge answers.
 * @param url the bridge's, without a slash at the end
 */
export function banner(url: string, env: NodeJS.ProcessEnv): string {
  const key = env['API_KEYS'] ? ` -H 'authorization: Bearer <one of your API_KEYS>'` : ''
  const post = `${url}/v1/chat/completions${key} -H 'content-type: application/json'`
  const body = (text: string, more = '') => `-d '{"model": "sonnet", ${more}"messages": [{"role": "user", "content": "${text}"}]}'`
  return `
claude-bridge runs at ${url}
The real Claude CLI works behind it, but answers come from a local stand-in and NOT from Claude: no account, no cost.

Stream:
  curl -N ${post} ${body('Give me a slow answer', '"stream": true, ')}
Block:
  curl ${post} ${body('Tell me a joke')}
Poll (then read the task by the id in the answer: curl${key} "${url}/tasks/<id>?wait=30"):
  curl ${post} -H 'prefer: respond-async' ${body('Give me a slow answer')}

Ctrl-C ends it.

`
}
