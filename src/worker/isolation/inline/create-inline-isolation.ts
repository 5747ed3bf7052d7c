import { formatDuration } from '../../../support/duration.ts'
import type { Logger } from '../../../support/logger.ts'
import { InlineIsolation, type InlineOptions } from './inline-isolation.ts'

/** Inline mode with its events in the log. */
export function createInlineIsolation(options: InlineOptions, logger: Logger): InlineIsolation {
  return new InlineIsolation(options, {
    hooksHung: (ms) =>
      logger.warn(
        { event: 'inline.hooks-hung' },
        `a beforeExit hook had not ended after ${formatDuration(ms)}; leaving without it`,
      ),
    blocked: (ms, jobs) =>
      logger.warn(
        { event: 'inline.blocked', ms, jobs },
        `the worker stood still for ${formatDuration(ms)}, longer than between two renewals of its leases, while it ran ${jobs.join(', ')}; ` +
          `other workers may take its jobs for abandoned. Run what computes in isolation 'fork' or 'pool'`,
      ),
  })
}
