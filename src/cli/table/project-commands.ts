import { type Command, defineCommand } from '../command.ts'
import { JOB_FLAGS } from '../flags.ts'

/** Verbs for whoever works on the jobs. */
export const PROJECT_COMMANDS: readonly Command[] = [
  defineCommand({
    name: 'check',
    summary: 'say whether everything here is ready to work',
    flags: [...JOB_FLAGS, 'fork', 'json'],
    notes: [
      'Exit code 0 where there are no errors; warnings do not count.',
      'With --fork: only what the preload leaves open. An error is what makes a worker refuse to start.',
    ],
    run: async (invocation) => (await import('../commands/check.ts')).runCheck(invocation),
  }),
  defineCommand({
    name: 'shell',
    summary: 'open a REPL with the jobs loaded',
    flags: JOB_FLAGS,
    notes: [
      'In scope: what the jobs files export, `broker`, and `queue` (snapshot, list, job, requeue, remove, pause, resume).',
    ],
    run: async (invocation) => (await import('../commands/shell.ts')).runShell(invocation),
  }),
]
