/** A start that cannot go on; the message is one line for the person who started it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
