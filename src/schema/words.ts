import type { ErrorObject } from 'ajv'

/** One thing that is wrong with an answer, in words for the model that is asked again. */
export interface CheckError {
  message: string
  /** what to change */
  mend?: string
  /** where in the answer: a dotted path of its JSON, or `line 3, column 7` of its code */
  path?: string
}

/** What ajv finds -> an error in words, with the place as a dotted path. */
export function schemaError({ instancePath, keyword, params, message }: ErrorObject): CheckError {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 64))
    .join('.')
  const where = path === '' ? 'The answer' : `'${path}'`
  const wording = `${where} ${(message ?? 'does not fit the schema').slice(0, 300)}`
  const detail = detailOf(keyword, params as Record<string, unknown>)
  return {
    message: `${wording}${detail === undefined ? '' : ` (${detail})`}.`,
    ...mendOf(keyword, where, params as Record<string, unknown>),
    ...(path !== '' && { path }),
  }
}

function detailOf(keyword: string, params: Record<string, unknown>): string | undefined {
  if (keyword === 'enum') return shown(params.allowedValues)
  if (keyword === 'const') return shown(params.allowedValue)
  if (keyword === 'additionalProperties') return shown(params.additionalProperty)
  if (keyword === 'unevaluatedProperties') return shown(params.unevaluatedProperty)
  return undefined
}

function mendOf(keyword: string, where: string, params: Record<string, unknown>): { mend?: string } {
  if (keyword === 'required') return { mend: `Add ${shown(params.missingProperty)} to ${where === 'The answer' ? 'the answer' : where}.` }
  if (keyword === 'additionalProperties') return { mend: `Leave out ${shown(params.additionalProperty)}.` }
  if (keyword === 'type') return { mend: `Make ${where === 'The answer' ? 'the answer' : where} of type ${String(params.type)}.` }
  return {}
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, 200)
}
