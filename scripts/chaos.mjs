// Kills at random what a job engine is made of, and then counts: node scripts/chaos.mjs [--minutes N | --seconds N]
// [--seed N] [--broker sqlite] [--workers N] [--keep]
// Every job that was enqueued must have finished, or failed for a stated reason; every execution beyond a job's last must
// be explained by a kill. Jobs write what they do to a ledger outside the broker.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertBrokerKnown, audit } from './lib/chaos/audit.mjs'
import { startFleet } from './lib/chaos/fleet.mjs'
import { Killer } from './lib/chaos/killer.mjs'
import { Ledger } from './lib/chaos/ledger.mjs'
import { Producer } from './lib/chaos/producer.mjs'
import { createRandom } from './lib/chaos/random.mjs'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    broker: { type: 'string', default: 'sqlite' },
    workers: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
  },
})
const seconds = values.seconds === undefined ? Number(values.minutes ?? 1) * 60 : Number(values.seconds)
assertBrokerKnown(values.broker)
if (!values.built) setUp({ nativeRequired: true })
const { connectBroker } = await import(join(root, 'dist/broker/index.js'))

const folder = mkdtempSync(join(tmpdir(), 'workhorse-chaos-'))
mkdirSync(join(folder, 'logs'))
const place = { folder, url: `sqlite:${join(folder, 'chaos.db')}`, ledger: join(folder, 'ledger') }
const random = createRandom(Number(values.seed))
console.log(`chaos for ${seconds} s, seed ${values.seed}, ${values.workers} workers, ${availableParallelism()} cores`)

const broker = await connectBroker(place.url)
const fleet = startFleet(place, Number(values.workers))
const producer = new Producer(place)
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => {
  producer.abort()
  fleet.abort()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
await fleet.ready()
const killer = new Killer({ random, fleet, producer })
await killer.rage(seconds * 1000)
await producer.stop()
await fleet.drained(broker)
await fleet.stop()
const findings = await audit({ broker, ledger: new Ledger(place.ledger), killer, fleet })
await broker.close()

console.log(findings.report)
if (findings.wrong.length > 0 || values.keep) console.log(`kept for a look: ${folder}`)
else rmSync(folder, { recursive: true, force: true })
process.exit(findings.wrong.length > 0 ? 1 : 0)
