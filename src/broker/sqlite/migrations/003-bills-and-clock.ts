import type { Migration } from './migration.ts'

/**
 * - Every execution keeps its bill, not only the last one of its job.
 * - `lease_clock` says which clock leases are written in (lease-clock.ts): one row, of the last boot of the machine.
 */
export const billsAndClock: Migration = {
  version: 3,
  sql: `
ALTER TABLE job_results ADD COLUMN bill TEXT;

CREATE TABLE lease_clock (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  boot TEXT NOT NULL,
  ahead_ms INTEGER NOT NULL
) STRICT;
`,
}
