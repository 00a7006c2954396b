/** Where jobs are kept where nothing is set. */
import os from 'node:os'
import t from 'tap'
import { defaultDataDir } from '../../src/config/data-dir.js'

const installed = '/opt/app/node_modules/claude-bridge'
const of = (root: string, env: NodeJS.ProcessEnv) => defaultDataDir(root, 'claude-bridge', env)

t.equal(of('/home/me/claude-bridge', { XDG_STATE_HOME: '/state', HOME: '/home/me' }), '.data', 'a checkout')
t.equal(of('/home/me/my_node_modules/claude-bridge', { HOME: '/home/me' }), '.data', 'a folder with such a word in its name')
t.equal(of(installed, { XDG_STATE_HOME: '/state', HOME: '/home/me' }), '/state/claude-bridge')
t.equal(of(installed, { HOME: '/home/me' }), '/home/me/.local/state/claude-bridge')
t.equal(of(installed, { XDG_STATE_HOME: '', HOME: '/home/me' }), '/home/me/.local/state/claude-bridge')
t.equal(of(installed, { XDG_STATE_HOME: 'state', HOME: '/home/me' }), '/home/me/.local/state/claude-bridge', 'a relative path is none')
t.equal(of(installed, {}), `${os.homedir()}/.local/state/claude-bridge`, 'without HOME that of the user')
