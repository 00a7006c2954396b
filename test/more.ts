/**
 * `npm run test:more`: the stages that take too long, or need too much, for every change. Arguments are names of stages; without any, all
 * of them; test files among them take the place of those that the stages for Node and the CLI run. Exits with 1 if a stage has failed.
 */
import { stages } from './more/stages.js'

const given = process.argv.slice(2)
const names = given.filter((argument) => !argument.endsWith('.test.js'))
const all = stages(given.filter((argument) => argument.endsWith('.test.js')))
const unknown = names.filter((name) => !all.some((stage) => stage.name === name))
if (unknown.length > 0) {
  console.error(`no stage ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const lines: string[] = []
for (const { name, run } of all.filter((stage) => names.length === 0 || names.includes(stage.name))) {
  console.log(`# ${name}`)
  const begun = performance.now()
  const outcome = await run().then(
    (remark) => ({ word: 'passed', remark }),
    (error: Error & { shortMessage?: string; stdout?: string }) => ({
      word: 'FAILED',
      remark: (error.stdout ?? '').trim().split('\n').at(-1) || (error.shortMessage ?? error.message),
    }),
  )
  if (outcome.word === 'FAILED') process.exitCode = 1
  lines.push(`${outcome.word}  ${name} (${((performance.now() - begun) / 1000).toFixed(0)} s)  ${outcome.remark}`)
  console.log(lines.at(-1))
}
console.log(`\n${lines.join('\n')}`)
