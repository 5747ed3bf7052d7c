import type { Command } from './command.ts'
import { ENQUEUE_COMMANDS } from './table/enqueue-commands.ts'
import { JOB_COMMANDS } from './table/job-commands.ts'
import { MEASURE_COMMANDS } from './table/measure-commands.ts'
import { PROJECT_COMMANDS } from './table/project-commands.ts'
import { QUEUE_COMMANDS } from './table/queue-commands.ts'
import { STATUS_COMMANDS } from './table/status-commands.ts'
import { WORKER_COMMANDS } from './table/worker-commands.ts'

/** Every verb, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...WORKER_COMMANDS,
  ...ENQUEUE_COMMANDS,
  ...STATUS_COMMANDS,
  ...JOB_COMMANDS,
  ...QUEUE_COMMANDS,
  ...MEASURE_COMMANDS,
  ...PROJECT_COMMANDS,
]

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name)
}

/** First words of the verbs: `worker`, `jobs`, … */
export function listVerbs(): string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] as string))]
}

/** Second words below a verb; empty where it stands alone. */
export function listSubVerbs(verb: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${verb} `)).map(({ name }) => name.slice(verb.length + 1))
}
