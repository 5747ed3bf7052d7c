// Type tests: compiled by `tsc`, never run. A line below an expect-error comment must not compile.
import { type JobHandle, type JobRecord, job } from '../../src/index.ts'

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
