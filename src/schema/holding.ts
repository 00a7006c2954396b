type Holds = 'one' | 'list' | 'map' | 'one or list'

/** How a keyword holds schemas. `then` and `else` do so beside `if` only. */
export const holding: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ...['not', 'if', 'additionalProperties', 'additionalItems', 'contains', 'propertyNames'].map((name) => [name, 'one'] as const),
  ...['unevaluatedItems', 'unevaluatedProperties', 'then', 'else'].map((name) => [name, 'one'] as const),
  ...['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((name) => [name, 'list'] as const),
  ...['properties', 'patternProperties', 'dependentSchemas', 'dependencies'].map((name) => [name, 'map'] as const),
  ['items', 'one or list'],
])
