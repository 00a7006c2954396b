/**
 * What `npm pack` runs before and after: builds what the package holds and nothing else, and writes the versions that were tested into
 * `npm-shrinkwrap.json`, which npm heeds where the package is installed. It is made of `package-lock.json`, without what only the development needs and without
 * addresses of a registry, and is removed afterwards: two files of that kind beside each other would come to differ.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const shrinkwrap = path.join(root, 'npm-shrinkwrap.json')

if (process.argv[2] === 'before') {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  // of an earlier build nothing may be left
  rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  for (const project of ['tsconfig.pack.json', 'tsconfig.types.json']) {
    execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  }
  writeFileSync(shrinkwrap, `${JSON.stringify(withoutDevelopment(readLock()), null, 2)}\n`)
} else {
  rmSync(shrinkwrap, { force: true })
}

function readLock() {
  return JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
}

function withoutDevelopment({ packages, ...lock }) {
  const kept = Object.entries(packages).filter(([, entry]) => entry.dev !== true)
  return { ...lock, packages: Object.fromEntries(kept.map(([place, entry]) => [place, stripped(entry)])) }
}

function stripped(entry) {
  const rest = { ...entry }
  delete rest.devDependencies
  delete rest.resolved
  return rest
}
