/** Whose slots a job's runs take: those of work that needs a process of its own, or of work that only waits for the network. */
export type Lane = 'process' | 'network'
