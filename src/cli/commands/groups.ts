import type { Broker } from '../../broker/broker.ts'
import { JOB_STATES } from '../../job/states.ts'
import { type JobView, viewJob } from '../../queue/inspect.ts'
import type { Invocation } from '../command.ts'
import { JOB_COLUMNS } from '../render/job-columns.ts'
import { print, printJson } from '../render/print.ts'
import { type Column, renderTable } from '../render/table.ts'
import { withBroker } from '../surroundings.ts'

type GroupsFlag = 'broker' | 'config' | 'json'

interface GroupView {
  readonly name: string
  readonly jobs: readonly JobView[]
}

export function runGroupsList({ flags }: Invocation<GroupsFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    const names = await broker.groupList()
    const groups = await Promise.all(names.map((name) => viewGroup(broker, name)))
    if (flags.json) printJson({ groups: groups.map(({ name, jobs }) => ({ name, jobs: jobs.map(({ id }) => id) })) })
    else print(groups.length === 0 ? 'no groups' : renderTable(GROUP_COLUMNS, groups))
    return 0
  })
}

export function runGroupsShow({ flags, positionals }: Invocation<GroupsFlag>): Promise<number> {
  const [name = ''] = positionals
  return withBroker(flags, async (broker) => {
    const group = await viewGroup(broker, name)
    if (flags.json) printJson(group)
    else print(group.jobs.length === 0 ? `no job is in group '${name}'` : renderTable(JOB_COLUMNS, group.jobs))
    return 0
  })
}

export function runGroupsDelete({ flags, positionals }: Invocation<GroupsFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    for (const name of positionals) await broker.groupDelete(name)
    if (flags.json) printJson({ forgotten: positionals })
    else print(positionals.map((name) => `forgot group ${name}`).join('\n'))
    return 0
  })
}

async function viewGroup(broker: Broker, name: string): Promise<GroupView> {
  const ids = await broker.groupFetch(name)
  const records = await Promise.all(ids.map((id) => broker.jobFetch(id)))
  const jobs = records.filter((record) => record !== undefined).map(viewJob)
  return { name, jobs: jobs.sort((a, b) => b.createdAt - a.createdAt) }
}

const GROUP_COLUMNS: readonly Column<GroupView>[] = [
  { title: 'group', value: ({ name }) => name },
  { title: 'jobs', value: ({ jobs }) => jobs.length, right: true },
  { title: 'states', value: ({ jobs }) => countStates(jobs) },
]

function countStates(jobs: readonly JobView[]): string {
  const counts = JOB_STATES.map((state) => [state, jobs.filter((job) => job.state === state).length] as const)
  return counts.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`])).join(', ')
}
