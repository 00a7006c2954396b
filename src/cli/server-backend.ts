/** The running server, over HTTP. */
import type { Backend } from './backend.js'
import type { Client } from './client.js'

export function serverBackend(client: Client): Backend {
  const operator = { as: 'operator' } as const
  return {
    tasks: (query) => client.json(`/tasks?${queryOf(query)}`),
    task: (id) => client.json(`/tasks/${encodeURIComponent(id)}`),
    usage: ({ by, ...span }) => client.json(`/usage?${queryOf({ group_by: by, ...span })}`, { as: 'either' }),
    keys: (query) => client.json(`/admin/keys?${queryOf(query)}`, operator),
    makeKey: (body) => client.json('/admin/keys', { method: 'POST', body, ...operator }),
    rotateKey: (id, graceS) =>
      client.json(`/admin/keys/${encodeURIComponent(id)}/rotate`, { method: 'POST', body: { grace_s: graceS }, ...operator }),
    revokeKey: (id) => client.json(`/admin/keys/${encodeURIComponent(id)}`, { method: 'DELETE', ...operator }),
  }
}

function queryOf(members: object): string {
  const given = Object.entries(members).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()
}
