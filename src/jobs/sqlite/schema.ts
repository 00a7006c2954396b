/**
 * The tables, as a list of steps: the database's `user_version` says how many of them it has seen. A step that has been
 * released is never edited; what comes later is a new step.
 */
import type { Database } from './driver.js'
import { DatabaseTooNew } from './errors.js'

/**
 * `jobs.n` is the order of insertion and what the other tables refer to. It is never given twice (AUTOINCREMENT), so
 * what is still to be cleared of a forgotten job (`garbage`) can never show up in another one. There is no foreign key
 * for the same reason: a log outlives its record for the moments it takes to clear it.
 */
const tables = `
  CREATE TABLE jobs (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    status TEXT NOT NULL,
    model TEXT NOT NULL,
    background INTEGER NOT NULL,
    choices INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    expires_at INTEGER,
    ttl_s INTEGER NOT NULL,
    timeout_s INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    used_tools INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL,
    view TEXT NOT NULL,
    error TEXT,
    answer TEXT
  );
  -- status and model ride along so that a filtered page reads no record that it leaves out
  CREATE INDEX jobs_by_owner ON jobs (owner, created_at, n, status, model);
  CREATE INDEX jobs_by_time ON jobs (created_at, n, status, model);
  CREATE INDEX jobs_unfinished ON jobs (created_at, n) WHERE status IN ('queued', 'in_progress', 'requires_action');
  CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE requests (job INTEGER PRIMARY KEY, request TEXT NOT NULL);

  CREATE TABLE events (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) WITHOUT ROWID;

  CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  ) WITHOUT ROWID;
  CREATE INDEX idempotency_by_job ON idempotency (job);

  CREATE TABLE garbage (job INTEGER PRIMARY KEY);

  CREATE TABLE health (one INTEGER PRIMARY KEY CHECK (one = 1), beats INTEGER NOT NULL);
  INSERT INTO health VALUES (1, 0);
`

/** What is still to be sent; a job with something in here is not pruned. */
const webhooks = `
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    job INTEGER NOT NULL,
    status TEXT NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX webhooks_due ON webhooks (due);
  CREATE INDEX webhooks_by_host ON webhooks (host, due);
  CREATE INDEX webhooks_by_job ON webhooks (job);
`

/** What a human has been asked to decide. */
const review = 'ALTER TABLE jobs ADD COLUMN review TEXT'

/** What is done once in the life of a database and is no matter of its tables alone. */
const doneOnce = 'CREATE TABLE done_once (step TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID'

/** Whether a server is at work or has ended in order, and how many ended otherwise, in a row, while a job ran. */
const deaths = `
  ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE server (one INTEGER PRIMARY KEY CHECK (one = 1), running INTEGER NOT NULL);
  INSERT INTO server VALUES (1, 0);
`

/** Which format the request of a job has; see `request/stored.ts`. */
const format = 'ALTER TABLE jobs ADD COLUMN format INTEGER NOT NULL DEFAULT 1'

/**
 * What each job takes, in bytes: its request, its events, its answer, and the files that it has left; and the sum for each owner. Files of
 * jobs that earlier versions have stored are not counted.
 */
const bytes = `
  ALTER TABLE jobs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE jobs SET bytes = coalesce(octet_length(answer), 0)
    + coalesce((SELECT octet_length(request) FROM requests WHERE job = jobs.n), 0)
    + coalesce((SELECT sum(octet_length(event)) FROM events WHERE job = jobs.n), 0);
  CREATE TABLE owner_bytes (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO owner_bytes SELECT owner, sum(bytes) FROM jobs GROUP BY owner;
  CREATE TRIGGER jobs_bytes_changed AFTER UPDATE OF bytes, owner ON jobs BEGIN
    UPDATE owner_bytes SET bytes = bytes - old.bytes WHERE owner = old.owner;
    INSERT INTO owner_bytes VALUES (new.owner, new.bytes) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER jobs_bytes_gone AFTER DELETE ON jobs BEGIN
    UPDATE owner_bytes SET bytes = bytes - old.bytes WHERE owner = old.owner;
    DELETE FROM owner_bytes WHERE owner = old.owner AND bytes = 0;
  END;
`

/** What owners have used, by hours since 1970; it outlives the jobs. */
const usage = `
  CREATE TABLE usage (
    hour INTEGER NOT NULL,
    owner TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    hour_cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    nano_usd INTEGER NOT NULL,
    PRIMARY KEY (hour, owner, model)
  ) WITHOUT ROWID;
`

/** Keys made while the server runs, never removed; see `MadeKey`. */
const keys = 'CREATE TABLE keys (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL)'

/** The sum of an owner's bytes follows each change of a job by one statement, and none where a job's bytes stay the same. */
const bytesByDifference = `
  DROP TRIGGER jobs_bytes_changed;
  CREATE TRIGGER jobs_bytes_new AFTER INSERT ON jobs BEGIN
    INSERT INTO owner_bytes VALUES (new.owner, new.bytes) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER jobs_bytes_changed AFTER UPDATE OF bytes ON jobs WHEN new.bytes <> old.bytes AND new.owner = old.owner BEGIN
    UPDATE owner_bytes SET bytes = bytes + new.bytes - old.bytes WHERE owner = new.owner;
  END;
  CREATE TRIGGER jobs_bytes_moved AFTER UPDATE OF owner ON jobs WHEN new.owner <> old.owner BEGIN
    UPDATE owner_bytes SET bytes = bytes - old.bytes WHERE owner = old.owner;
    INSERT INTO owner_bytes VALUES (new.owner, new.bytes) ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  INSERT INTO owner_bytes SELECT DISTINCT owner, 0 FROM jobs WHERE true ON CONFLICT DO NOTHING;
`

export const migrations: readonly string[] = [tables, review, webhooks, deaths, doneOnce, format, bytes, usage, keys, bytesByDifference]

/** Brings a database up to the last of the steps. Throws {@link DatabaseTooNew}; a step that fails leaves no trace. */
export function migrate(db: Database, steps: readonly string[] = migrations): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.user_version)
  if (found > steps.length) throw new DatabaseTooNew(found, steps.length)
  steps.slice(found).forEach((step, i) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      db.exec(`${step}; PRAGMA user_version = ${found + i + 1}; COMMIT`)
    } catch (error) {
      db.exec('ROLLBACK')
      throw error
    }
  })
}
