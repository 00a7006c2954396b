/** Who may import whom: the rules of the house as a function, so that they can be tested themselves. */
import path from 'node:path'
import ts from 'typescript'

/** A wrong import, in words. */
export type Violation = string

interface Rule {
  /** paths from the root that the rule is about */
  from: RegExp
  /** modules these must not import: paths from the root, or names of packages */
  never: RegExp
  because: string
}

/** Paths begin at the root of the repository and have no extension. */
const rules: Rule[] = [
  {
    from: /^(src\/(openai|validation|jobs)|mcp|workspace)\//,
    never: /^(fastify|fastify-plugin|@fastify)(\/|$)/,
    because: 'it has to work without a server',
  },
  {
    from: /^src\/jobs\//,
    never: /^(src\/(claude|openai|http|plugins|upstreams)|routes|mcp|workspace)\//,
    because: 'jobs know neither HTTP nor Claude',
  },
  {
    from: /^src\/openai\//,
    never: /^(src\/(claude|http|plugins|upstreams)|routes|mcp|workspace)\//,
    because: 'the wire format is pure',
  },
  {
    from: /^src\/openai\//,
    never: /^(node:)?(fs|child_process|net|tls|http|https|http2|dgram|dns|worker_threads|cluster)(\/|$)|^undici$/,
    because: 'the wire format does no input or output',
  },
  {
    from: /^routes\//,
    never: /^src\/claude\/|^(node:)?child_process$/,
    because: 'routes talk to jobs, never to a process',
  },
  {
    from: /^(?!src\/claude\/|workspace\/leftovers$)/,
    never: /^execa(\/|$)/,
    because: 'processes are the business of src/claude',
  },
  {
    from: /^/,
    never: /^test\//,
    because: 'what is shipped does not need the tests',
  },
]

/** Modules that a source text names in `import`, `export … from`, `import()`, `import type` and `require`. */
export function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** What is wrong with the imports of one file; `file` is its path from the root, with slashes. */
export function violations(file: string, source: string): Violation[] {
  const from = withoutExtension(file)
  return importsOf(source).flatMap((specifier) => {
    const module = specifier.startsWith('.') ? withoutExtension(path.posix.join(path.posix.dirname(file), specifier)) : specifier
    return rules
      .filter((rule) => rule.from.test(from) && rule.never.test(module))
      .map((rule) => `${file} imports ${module}: ${rule.because}`)
  })
}

function withoutExtension(file: string): string {
  return file.replace(/\.[cm]?[jt]s$/, '')
}
