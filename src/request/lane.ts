/**
 * Whose place the runs of a job begin in: one of work that needs a process of its own, or one of a provider. `network` stands in jobs of
 * earlier versions, for any provider.
 */
export type Lane = 'process' | 'network' | `provider/${string}`
