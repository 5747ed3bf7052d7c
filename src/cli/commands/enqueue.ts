import type { Broker } from '../../broker/broker.ts'
import { UsageError } from '../../errors.ts'
import { createJob } from '../../job/create-job.ts'
import { JobHandle } from '../../job/handle.ts'
import type { JsonValue } from '../../job/json.ts'
import { loadModules } from '../../job/load-modules.ts'
import { dueIn, resolveEnqueueOptions } from '../../job/options.ts'
import type { NewJob } from '../../job/record.ts'
import { explainUnknownJob, findJob } from '../../job/registry.ts'
import { brokerGateway } from '../../queue/broker-gateway.ts'
import { defined } from '../../support/defined.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { openBroker, readSettings, requireModules } from '../surroundings.ts'
import { type EnqueueOptionFlag, readEnqueueOptions } from './enqueue-options.ts'

type EnqueueFlag = EnqueueOptionFlag | 'broker' | 'config' | 'jobs-file' | 'in' | 'at' | 'wait' | 'json'
type EnqueueFlags = Invocation<EnqueueFlag>['flags']

export async function runEnqueue({ flags, positionals }: Invocation<EnqueueFlag>): Promise<number> {
  const [name = '', ...texts] = positionals
  if (flags.in !== undefined && flags.at !== undefined) throw new UsageError('enqueue takes --in or --at, but not both')
  const args = parseArguments(name, texts)
  const settings = await readSettings(flags)
  await loadModules(requireModules(settings))
  const job = prepareJob(name, args, flags)
  const broker = await openBroker(settings)
  try {
    const isDuplicate = (await broker.jobEnqueue([job])).duplicates.length > 0
    if (isDuplicate && !flags.json) note(`nothing enqueued: ${job.name} ${job.id} is there already`)
    if (flags.wait === undefined) printEnqueued(job, isDuplicate, flags)
    else await waitForResult(broker, job, isDuplicate, flags)
    return 0
  } finally {
    await broker.close()
  }
}

/** @throws UsageError for the first that is not JSON, with the way to write it */
export function parseArguments(name: string, texts: readonly string[]): JsonValue[] {
  return texts.map((text, index) => {
    try {
      return JSON.parse(text) as JsonValue
    } catch {
      throw new UsageError(`argument ${index + 1} of ${name} is not JSON: ${text}${mend(text)}`)
    }
  })
}

/** Whatever is no structure was most likely meant as a string, whose quotes the shell has eaten. */
function mend(text: string): string {
  if (/^[[{]/.test(text)) return `; put it in single quotes, so that the shell leaves its own quotes alone`
  const quoted = JSON.stringify(text).replaceAll("'", `'\\''`)
  return `; a string needs quotes of its own: '${quoted}'`
}

function prepareJob(name: string, args: readonly JsonValue[], flags: EnqueueFlags): NewJob {
  const registered = findJob(name)
  if (registered === undefined) throw new UsageError(explainUnknownJob(name))
  const options = resolveEnqueueOptions(name, readEnqueueOptions(flags), registered.options)
  const due = flags.in === undefined ? flags.at : dueIn(name, flags.in, Date.now())
  return createJob(name, options, args, due)
}

function printEnqueued({ id, name, queue, dueAt }: NewJob, isDuplicate: boolean, flags: EnqueueFlags): void {
  if (flags.json) printJson({ id, name, queue, ...defined({ dueAt, duplicate: isDuplicate || undefined }) })
  else print(id)
}

/** @throws JobFailedError, @throws ResultTimeoutError */
async function waitForResult(
  broker: Broker,
  { id, name, queue }: NewJob,
  isDuplicate: boolean,
  flags: EnqueueFlags,
): Promise<void> {
  if (!flags.json && !isDuplicate) note(`enqueued ${name} ${id}, waiting for its result`)
  const handle = new JobHandle<JsonValue>(id, name, queue, brokerGateway(broker))
  const result = await handle.result(flags.wait === true || flags.wait === undefined ? {} : { timeout: flags.wait })
  printJson(flags.json ? { id, name, queue, result } : result)
}
