import { UsageError } from '../errors.ts'
import { show } from '../support/duration.ts'
import { currentGateway } from './gateway-provider.ts'
import { JobHandle } from './handle.ts'
import type { JsonValue } from './json.ts'
import type { JobRecord } from './record.ts'

/** Jobs that were enqueued under one name: `definition.with({ group: name })`. */
export class JobGroup {
  readonly name: string

  /** @internal */
  constructor(name: string) {
    this.name = name
  }

  /** The group's jobs that still exist, whatever their state, in no order. */
  async jobs(): Promise<JobRecord[]> {
    const gateway = await currentGateway()
    const ids = await gateway.groupFetch(this.name)
    const records = await Promise.all(ids.map((id) => gateway.fetch(id)))
    return records.filter((record) => record !== undefined)
  }

  /** Handles of those, to wait for, cancel or requeue them. */
  async handles(): Promise<JobHandle<JsonValue>[]> {
    const gateway = await currentGateway()
    return (await this.jobs()).map(({ id, name, queue }) => new JobHandle<JsonValue>(id, name, queue, gateway))
  }

  /** Forget the group; its jobs stay. */
  async delete(): Promise<void> {
    await (await currentGateway()).groupDelete(this.name)
  }
}

/**
 * A group of jobs, by its name. It is there as long as one of its jobs is.
 * @throws UsageError for a name that is none
 * @example
 * await resize.with({ group: 'album-7' }).enqueueMany(photos.map((photo) => [photo]))
 * const left = (await group('album-7').jobs()).filter(({ state }) => state !== 'finished')
 */
export function group(name: string): JobGroup {
  if (typeof name === 'string' && name !== '' && name.length <= 200) return new JobGroup(name)
  throw new UsageError(`group(): expected a name of 1 to 200 characters, got ${show(name)}`)
}
