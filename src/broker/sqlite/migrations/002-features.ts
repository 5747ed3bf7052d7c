import type { Migration } from './migration.ts'

/**
 * What jobs can carry beyond being run once, and what stands beside them.
 *
 * - `options` is JSON of what the broker only hands back. Most jobs have none, so the row stays small.
 * - A row in `job_dependencies` is something still to wait for: met ones are deleted. It names the other job by its id,
 *   for that may be replaced by another job of the same id.
 * - `job_results` holds the ends of earlier executions. The last one is in `job_outcomes`, so a job that runs once,
 *   as most do, writes nothing here.
 */
export const features: Migration = {
  version: 2,
  sql: `
ALTER TABLE jobs ADD COLUMN options TEXT;
ALTER TABLE jobs ADD COLUMN ttl_ms INTEGER;
ALTER TABLE jobs ADD COLUMN retries_left INTEGER;
ALTER TABLE jobs ADD COLUMN repeats_left INTEGER;

CREATE TABLE job_dependencies (
  depends_on TEXT NOT NULL,
  seq INTEGER NOT NULL,
  allow_failure INTEGER NOT NULL,
  PRIMARY KEY (depends_on, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_dependencies_of ON job_dependencies (seq);

CREATE TABLE job_results (
  number INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  execution_id TEXT,
  worker TEXT,
  result TEXT,
  failure TEXT
) STRICT;
CREATE INDEX job_results_of ON job_results (seq, number);

CREATE TABLE job_groups (name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (name, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX job_groups_of ON job_groups (seq);

CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  hash TEXT NOT NULL,
  spec TEXT NOT NULL,
  job TEXT NOT NULL,
  next_at INTEGER NOT NULL,
  last_at INTEGER,
  last_job_id TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  worker TEXT NOT NULL,
  command TEXT NOT NULL,
  sent_at INTEGER NOT NULL
) STRICT;

CREATE TABLE suspension (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), until INTEGER) STRICT;

DROP TRIGGER jobs_deleted;
CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs BEGIN
  UPDATE settled_counts SET jobs = jobs - 1 WHERE queue = OLD.queue AND state = OLD.state;
  DELETE FROM job_args WHERE seq = OLD.seq;
  DELETE FROM job_metas WHERE seq = OLD.seq;
  DELETE FROM job_outcomes WHERE seq = OLD.seq;
  DELETE FROM job_results WHERE seq = OLD.seq;
  DELETE FROM job_groups WHERE seq = OLD.seq;
  DELETE FROM job_dependencies WHERE seq = OLD.seq;
END;
`,
}
