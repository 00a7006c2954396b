/** What can be wrong with the store as a whole; trouble with a single call is the driver's own error. */

export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse'

  constructor(readonly dataDir: string) {
    super(`the data directory ${dataDir} is in use by another server`)
  }
}

/** The database was written by a later version of this program. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew'

  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(`its schema has version ${found}, this server knows versions up to ${known}: a newer server has written it`)
  }
}

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed'

  constructor() {
    super('the job store is closed')
  }
}
