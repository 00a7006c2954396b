export interface ClusterShown {
  /** of the balancer */
  url: string
  /** process ids and URLs */
  servers: readonly { pid: number; url: string }[]
  redis: string
}

/** What the cluster prints once all servers answer. */
export function clusterBanner({ url, servers, redis }: ClusterShown): string {
  const body = (text: string, more = '') => `-d '{"model": "sonnet", ${more}"messages": [{"role": "user", "content": "${text}"}]}'`
  const post = `${url}/v1/chat/completions -H 'content-type: application/json'`
  const list = servers.map((server, at) => `  server ${at + 1}: process ${server.pid}, ${server.url}`).join('\n')
  return `
Three servers share ${redis}, behind a balancer at ${url}
${list}
Answers come from a local stand-in and NOT from Claude: no account, no cost.

Stream:
  curl -N ${post} ${body('Give me a slow answer', '"stream": true, ')}
Block:
  curl ${post} ${body('Tell me a joke')}
Poll (then read the task by the id in the answer, from any server: curl "${url}/tasks/<id>?wait=30"):
  curl ${post} -H 'prefer: respond-async' ${body('Give me a slow answer')}

Kill a server and go on reading elsewhere: ask as under Poll, then
  curl -N ${url}/tasks/<id>/events
  kill -9 ${servers[0]?.pid}
What another server runs is not touched. What that one ran is run again by another, or ends with the code interrupted where it had begun
to answer. A reader whose own server was killed goes on with the same command and -H 'last-event-id: <the last id that it saw>'.

Ctrl-C ends it.

`
}
