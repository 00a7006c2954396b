/** Base URLs as clients are given them. */
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { plainTarget } from '../../src/http/plain-target.js'

const plain = (url: string) => plainTarget({ url, headers: {} } as IncomingMessage)

const cases: [string, string][] = [
  ['/v1/models', '/v1/models'],
  ['/models', '/v1/models'],
  ['/models?limit=2', '/v1/models?limit=2'],
  ['/models/sonnet', '/v1/models/sonnet'],
  ['/modelsX', '/modelsX'],
  ['/responses', '/v1/responses'],
  ['/responses/resp_1/cancel', '/v1/responses/resp_1/cancel'],
  ['/chat/completions', '/chat/completions'],
  ['/chat/completions/', '/chat/completions/'],
  ['/chat/completions/check', '/v1/chat/completions/check'],
  ['//v1/chat/completions', '/v1/chat/completions'],
  ['/v1//chat/completions', '/v1/chat/completions'],
  ['///v1///models//', '/v1/models/'],
  ['/v1/v1/chat/completions', '/v1/chat/completions'],
  ['/v1/v1/v1/models', '/v1/models'],
  ['/v1/v1', '/v1'],
  ['/v1/v10/models', '/v1/v10/models'],
  ['/tasks/task_1/files/a/v1/v1/b', '/tasks/task_1/files/a/v1/v1/b'],
  ['/tasks?after=//x', '/tasks?after=//x'],
  ['http://localhost:3010//v1/v1/models', '/v1/models'],
  ['//health', '//health'],
  ['/tasks//task_1', '/tasks//task_1'],
  ['*', '/*'],
]
for (const [target, path] of cases) t.equal(plain(target), path, target)
