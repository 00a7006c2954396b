/** What the requests of `silence-cases.ts` are made of. */

export const user = (content: unknown) => [{ role: 'user', content }]
export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
export const members = <T>(count: number, make: (index: number) => [string, T]): Record<string, T> => Object.fromEntries(times(count, make))

/** One definition, and references to it: a compiler that copies the definition writes their product. */
export function manyReferences(characters: number): object {
  const definition = {
    type: 'object',
    properties: members(characters / 110, (index) => [`p${index}`, { type: 'string', maxLength: index }]),
  }
  const properties = members(characters / 60, (index) => [`q${index}`, { $ref: '#/$defs/a' }])
  return { type: 'object', $defs: { a: definition }, properties }
}

/** Definitions that each refer twice to the one before. */
export function doubling(levels: number): object {
  const definition = (level: number) => (level === 0 ? { type: 'number' } : { allOf: times(2, () => ({ $ref: `#/$defs/d${level - 1}` })) })
  const $defs = members(levels + 1, (level) => [`d${level}`, definition(level)])
  return { type: 'object', $defs, properties: { x: { $ref: `#/$defs/d${levels}` } } }
}

export const format = (schema: object) => ({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } })
export const tool = (name: string, parameters: object) => ({ type: 'function', function: { name, parameters } })

/** As large as those of coding agents: a description and a dozen parameters. */
export function realTools(count: number): object[] {
  return times(count, (index) => {
    const description = `What the tool ${index} does, when to use it and when not, with an example. `.repeat(8)
    const about = (name: number) => `What the parameter ${name} of the tool ${index} means, and how it has to look.`
    const properties = members(12, (name) => [
      `parameter_${name}`,
      name % 3 === 0
        ? {
            type: 'object',
            description: about(name),
            properties: { x: { type: 'number' }, y: { type: 'array', items: { type: 'string' } } },
          }
        : { type: 'string', description: about(name), enum: ['first', 'second', 'third'] },
    ])
    const parameters = { type: 'object', properties, required: ['parameter_0'], additionalProperties: false }
    return { type: 'function', function: { name: `tool_${index}`, description, parameters } }
  })
}

export function callsAndResults(count: number): object[] {
  const id = (index: number) => `call_${index}`
  const call = (index: number) => ({ id: id(index), type: 'function', function: { name: 'look', arguments: '{}' } })
  const results = times(count, (index) => ({ role: 'tool', tool_call_id: id(index), content: 'ok' }))
  return [...user('look'), { role: 'assistant', content: null, tool_calls: times(count, call) }, ...results]
}

/** @param length of the address, in characters */
export const picture = (length: number): object => ({
  type: 'image_url',
  image_url: { url: `data:image/png;base64,iVBORw0KGgo${'A'.repeat(length)}` },
})
