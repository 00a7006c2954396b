/** The installed CLI passes the check, and what ships about it is what the check says. */
import t from 'tap'
import { otherCloudIn } from '../../../src/claude/check/check.js'
import { verdictFor } from '../../../src/claude/check/known.js'
import { type ProbeId, abilitiesOf, optionalProbes, probeIds } from '../../../src/claude/check/verdict.js'
import { noneAlive } from '../harness.js'
import { realCli } from '../real-cli.js'
import { checked } from './stub.js'

t.setTimeout(300_000)
const cli = await realCli()

for (const credential of ['api_key', 'oauth_token'] as const) {
  await t.test(`with ${credential}`, async (t) => {
    const told: ProbeId[] = []
    const { verdict, left } = await checked(t, cli.binary, {
      ...{ version: cli.version, credential, onProbe: (id: ProbeId) => told.push(id) },
    })
    t.strictSame(left, [], 'no process and no file is left')
    t.strictSame(told, probeIds, 'every probe is told of once')
    t.ok(verdict.seconds < 60, `${verdict.seconds.toFixed(1)} s`)
    if (process.platform === 'linux') t.ok(verdict.cpuSeconds! > 0.5 && verdict.cpuSeconds! < 15, `${verdict.cpuSeconds} s of CPU`)
    const failed = probeIds.filter((id) => verdict.passed[id] !== true)
    const why = failed.map((id) => `${id}: ${verdict.passed[id]}`)
    const ships = verdictFor(verdict.version, verdict.size, verdict.credential)
    if (ships === undefined)
      t.ok(
        failed.every((id) => optionalProbes.includes(id)),
        why.join('\n') || 'another version passes',
      )
    else {
      t.strictSame(
        failed,
        probeIds.filter((id) => ships.passed[id] !== true),
        `as it ships: ${why.join('\n')}`,
      )
    }
    if (cli.version === '2.1.329') t.strictSame(abilitiesOf(verdict), { takingBack: true, newPrompt: true, warmUp: true })
  })
}

await t.test('what cannot be checked', async (t) => {
  const { verdict, left } = await checked(t, cli.binary, { env: { PATH: process.env['PATH']!, CLAUDE_CODE_USE_BEDROCK: '1' } })
  t.strictSame(new Set(Object.values(verdict.passed)), new Set(['cannot be checked with CLAUDE_CODE_USE_BEDROCK']))
  t.equal(verdict.cpuSeconds, null)
  t.strictSame(abilitiesOf(verdict), { takingBack: false, newPrompt: false, warmUp: false })
  t.strictSame(left, [])
  t.equal(otherCloudIn({ CLAUDE_CODE_USE_VERTEX: '' }), undefined, 'a switch that is off')
})

noneAlive(t)
