import { deleteSchedule, listScheduleViews, runSchedule, type ScheduleView } from '../../scheduler/manage.ts'
import type { Invocation } from '../command.ts'
import { note, print, printJson } from '../render/print.ts'
import { type Column, renderTable } from '../render/table.ts'
import { withBroker } from '../surroundings.ts'

type ScheduleFlag = 'broker' | 'config' | 'json'

export function runScheduleList({ flags }: Invocation<ScheduleFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    const schedules = await listScheduleViews(broker)
    if (flags.json) printJson({ schedules })
    else print(schedules.length === 0 ? 'no schedules' : renderTable(COLUMNS, schedules))
    return 0
  })
}

export function runScheduleRun({ flags, positionals }: Invocation<ScheduleFlag>): Promise<number> {
  const [name = ''] = positionals
  return withBroker(flags, async (broker) => {
    const { job, isDuplicate } = await runSchedule(broker, name)
    if (isDuplicate) note(`nothing enqueued: ${job.name} ${job.id} is there already`)
    if (flags.json) printJson({ id: job.id, name: job.name, queue: job.queue, duplicate: isDuplicate })
    else print(job.id)
    return 0
  })
}

export function runScheduleDelete({ flags, positionals }: Invocation<ScheduleFlag>): Promise<number> {
  return withBroker(flags, async (broker) => {
    for (const name of positionals) {
      await deleteSchedule(broker, name)
      if (!flags.json) print(`deleted schedule ${name}`)
    }
    if (flags.json) printJson({ deleted: positionals })
    return 0
  })
}

const COLUMNS: readonly Column<ScheduleView>[] = [
  { title: 'schedule', value: ({ name }) => name },
  { title: 'when', value: ({ when }) => when },
  { title: 'next', value: ({ nextAt }) => time(nextAt) },
  { title: 'last', value: ({ lastAt }) => (lastAt === undefined ? 'never' : time(lastAt)) },
  { title: 'owner', value: ({ owner }) => owner },
  { title: 'queue', value: ({ job }) => job.queue },
  { title: 'job', value: ({ job }) => `${job.name}(${job.args.map((arg) => JSON.stringify(arg)).join(', ')})` },
]

function time(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
