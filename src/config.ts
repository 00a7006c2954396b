/** The configuration: where it comes from is in `config/`. */
export type { ApiKey } from './api-keys.js'
export type { Config } from './config/config.js'
export { readConfig } from './config/read.js'
export { isLoopback } from './config/exposure.js'
export { ConfigError } from './errors/config-error.js'
