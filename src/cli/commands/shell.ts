import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { setGatewayProvider } from '../../job/gateway-provider.ts'
import { loadModule } from '../../job/load-modules.ts'
import { listJobs } from '../../job/registry.ts'
import { brokerGateway } from '../../queue/broker-gateway.ts'
import { deleteJobs, requeueJobs, takeSnapshot, viewJob } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { note } from '../render/print.ts'
import { runRepl } from '../shell/run-repl.ts'
import { openBroker, readSettings } from '../surroundings.ts'

export async function runShell({ flags }: Invocation<'broker' | 'config' | 'jobs-file'>): Promise<number> {
  const settings = await readSettings(flags)
  const broker = await openBroker(settings)
  try {
    // What a job enqueues here goes where the flags say.
    setGatewayProvider(() => brokerGateway(broker))
    const exported: Record<string, unknown> = {}
    for (const file of settings.modules) Object.assign(exported, await loadModule(file))
    const scope = { ...exported, broker, queue: queueHelpers(broker) }
    if (process.stdin.isTTY) note(greeting(broker, Object.keys(scope)))
    return await runRepl(scope, join(homedir(), '.workhorse_history'))
  } finally {
    await broker.close()
  }
}

function greeting(broker: Broker, names: readonly string[]): string {
  const jobs = listJobs().map(({ name }) => name)
  return [
    `broker ${broker.url}; jobs: ${jobs.length === 0 ? 'none' : jobs.join(', ')}`,
    `in scope: ${names.filter((name) => name !== 'default').join(', ')}; await works; .exit or Ctrl-D leaves`,
  ].join('\n')
}

/** What people do by hand most. */
function queueHelpers(broker: Broker): object {
  return {
    snapshot: () => takeSnapshot(broker),
    list: async (filter: Partial<Parameters<Broker['jobList']>[0]> = {}) =>
      (await broker.jobList({ limit: 20, ...filter })).jobs.map(viewJob),
    job: async (id: string) => {
      const record = await broker.jobFetch(id)
      return record && viewJob(record)
    },
    requeue: (...ids: string[]) => requeueJobs(broker, { ids }),
    remove: (...ids: string[]) => deleteJobs(broker, { ids }),
    pause: (name: string) => broker.queuePause(name),
    resume: (name: string) => broker.queueResume(name),
  }
}
