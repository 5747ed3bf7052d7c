import type { Migration } from './migration.ts'

/**
 * A job is one small row in `jobs`, which every transition rewrites. What may be large and is written once
 * (arguments, meta, result and failure) lies in tables beside it, under the same `seq`.
 *
 * - `seq` grows with the order of creation: it is the order of lists.
 * - `position` is the place in the queue: claims take the smallest, the end is the greatest plus one.
 * - Indexes are partial, so that a transition touches only those of the states it leaves and enters.
 * - Triggers empty the tables beside and count the settled jobs, those that neither wait nor run: there may be millions,
 *   while the others are counted over their index at less cost than a counter would add to each enqueue and claim.
 */
export const jobs: Migration = {
  version: 1,
  sql: `
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  queue TEXT NOT NULL,
  state TEXT NOT NULL,
  position INTEGER NOT NULL,
  at_front INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  enqueued_at INTEGER,
  due_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  expires_at INTEGER,
  lease_until INTEGER,
  timeout_ms INTEGER NOT NULL,
  result_ttl_ms INTEGER NOT NULL,
  failure_ttl_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  abandonments INTEGER NOT NULL DEFAULT 0,
  progress REAL,
  worker TEXT,
  execution_id TEXT
) STRICT;

CREATE INDEX jobs_queued ON jobs (queue, position) WHERE state = 'queued';
CREATE INDEX jobs_started ON jobs (lease_until) WHERE state = 'started';
CREATE INDEX jobs_scheduled ON jobs (due_at, position) WHERE state = 'scheduled';
CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX jobs_settled ON jobs (state, seq) WHERE state NOT IN ('queued', 'started');

CREATE TABLE job_args (seq INTEGER PRIMARY KEY, args TEXT NOT NULL) STRICT;
CREATE TABLE job_metas (seq INTEGER PRIMARY KEY, meta TEXT NOT NULL) STRICT;
CREATE TABLE job_outcomes (seq INTEGER PRIMARY KEY, result TEXT, failure TEXT, bill TEXT) STRICT;

CREATE TABLE queues (name TEXT PRIMARY KEY, paused INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE settled_counts (
  queue TEXT NOT NULL,
  state TEXT NOT NULL,
  jobs INTEGER NOT NULL,
  PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  name TEXT PRIMARY KEY,
  hostname TEXT NOT NULL,
  pid INTEGER NOT NULL,
  queues TEXT NOT NULL,
  concurrency INTEGER NOT NULL,
  isolation TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  heartbeat_at INTEGER NOT NULL,
  gone_at INTEGER NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TRIGGER jobs_settled_at_once AFTER INSERT ON jobs WHEN NEW.state NOT IN ('queued', 'started') BEGIN
  INSERT INTO settled_counts VALUES (NEW.queue, NEW.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER jobs_settled AFTER UPDATE OF state ON jobs WHEN NEW.state NOT IN ('queued', 'started') BEGIN
  INSERT INTO settled_counts VALUES (NEW.queue, NEW.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER jobs_unsettled AFTER UPDATE OF state ON jobs WHEN OLD.state NOT IN ('queued', 'started') BEGIN
  UPDATE settled_counts SET jobs = jobs - 1 WHERE queue = OLD.queue AND state = OLD.state;
END;

CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
  UPDATE settled_counts SET jobs = jobs - 1 WHERE queue = OLD.queue AND state = OLD.state;
  DELETE FROM job_args WHERE seq = OLD.seq;
  DELETE FROM job_metas WHERE seq = OLD.seq;
  DELETE FROM job_outcomes WHERE seq = OLD.seq;
END;
`,
}
