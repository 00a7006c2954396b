/** Further names of models, as the operator gives them. */
export type Aliases = ReadonlyMap<string, string>

/** The model that an alias names; any other name as it is. An alias is taken as it is written, upper and lower case included. */
export function withoutAlias(name: string, aliases: Aliases | undefined): string {
  return aliases?.get(name) ?? name
}
