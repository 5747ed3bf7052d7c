// Type tests: compiled by `tsc`, never run. A line below an expect-error comment must not compile.
import {
  type ExecutionResult,
  type FailureEvent,
  type JobHandle,
  type JobRecord,
  job,
  schedule,
} from '../../src/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function assertSame<A, B>(_proof: Same<A, B>): void {}

interface Invoice {
  readonly id: number
  readonly lines: readonly { readonly sku: string; readonly note?: string }[]
}

const bill = job('bill', { queue: 'money', timeout: '3m' }, async (invoice: Invoice, copies?: number) => {
  return { total: invoice.id * (copies ?? 1), paidAt: undefined as string | undefined }
})
const nothing = job('nothing', () => {})

const invoice: Invoice = { id: 1, lines: [{ sku: 'a' }] }

// What a caller must pass is what the handler takes.
await bill.enqueue(invoice)
await bill.enqueue(invoice, 2)
await bill.delay(invoice)
await bill.enqueueIn('5m', invoice)
await bill.enqueueAt(new Date(), invoice, 3)
await bill.with({ queue: 'other', atFront: true, meta: { user: 1 } }).enqueue(invoice)

// @ts-expect-error an argument is missing
await bill.enqueue()
// @ts-expect-error the argument has the wrong type
await bill.enqueue({ id: 'one', lines: [] })
// @ts-expect-error one argument too many
await bill.enqueue(invoice, 1, 2)
// @ts-expect-error the delay comes first
await bill.enqueueIn(invoice, '5m')
// @ts-expect-error no such option
await bill.with({ quue: 'money' }).enqueue(invoice)
// @ts-expect-error `with` keeps the handler's types
await bill.with({}).enqueue('an invoice')
// @ts-expect-error no such option
job('typo', { timeuot: '3m' }, () => {})

// What a caller gets is what the handler returns, after JSON.
const handle = await bill.enqueue(invoice)
assertSame<typeof handle, JobHandle<{ total: number; paidAt: string | undefined }>>(true)
const result = await handle.result({ timeout: '10s' })
assertSame<(typeof result)['total'], number>(true)
assertSame<Awaited<ReturnType<Awaited<ReturnType<typeof nothing.enqueue>>['result']>>, null>(true)
assertSame<Awaited<ReturnType<typeof handle.fetch>>, JobRecord>(true)

// A plain call is the handler.
const direct = await bill(invoice)
assertSame<(typeof direct)['total'], number>(true)
// @ts-expect-error the argument has the wrong type
await bill(1)

// Policies.
await bill.with({ retry: 3, ttl: '5m', repeat: 2, unique: invoice.id, group: 'month' }).enqueue(invoice)
await bill.with({ retry: { max: 3, backoff: { base: '1s', max: '1m' } } }).enqueue(invoice)
await bill.with({ dependsOn: [handle, 'an-id'] }).enqueue(invoice)
await bill.with({ dependsOn: { jobs: handle, allowFailure: true } }).enqueue(invoice)
// @ts-expect-error no such option of a retry
await bill.with({ retry: { times: 3 } }).enqueue(invoice)
// @ts-expect-error the enqueue was not awaited
await bill.with({ dependsOn: bill.enqueue(invoice) }).enqueue(invoice)

// Many at once keep the types of each.
const handles = await bill.enqueueMany([[invoice], [invoice, 2]])
assertSame<typeof handles, JobHandle<{ total: number; paidAt: string | undefined }>[]>(true)
// @ts-expect-error arguments are arrays, one for each call
await bill.enqueueMany([invoice])

// A callback takes the event of its kind.
const alarm = job('alarm', (event: FailureEvent) => event.failure.message)
job('watched', { onFailure: alarm, onSuccess: (event) => event.result, onStopped: 'alarm' }, () => 1)
// @ts-expect-error a success has no failure
job('confused', { onSuccess: (event) => event.failure }, () => 1)
// @ts-expect-error this one takes an invoice, not an event
job('mixed-up', { onFailure: bill }, () => 1)

// A schedule takes what the job takes.
schedule('monthly', { cron: '0 0 1 * *', timeZone: 'Europe/Berlin' }, bill, invoice)
schedule('often', { every: '5m', catchUp: false }, bill.with({ retry: 1 }), invoice, 2)
// @ts-expect-error an argument is missing
schedule('empty', { every: '5m' }, bill)
// @ts-expect-error cron or every, not both
schedule('both', { every: '5m', cron: '* * * * *' }, nothing)
// @ts-expect-error an interval knows no time zone
schedule('zoned', { every: '5m', timeZone: 'UTC' }, nothing)

// What a handle tells.
const ends = await handle.results()
assertSame<(typeof ends)[number], ExecutionResult<{ total: number; paidAt: string | undefined }>>(true)
await handle.cancel({ enqueueDependents: true })
