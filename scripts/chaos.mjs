// Kills at random what a job engine is made of, and then counts: node scripts/chaos.mjs [--minutes N | --seconds N]
// [--kills N] [--broker sqlite|redis] [--seed N] [--workers N] [--producers N] [--rate STRIKES_PER_SECOND] [--keep]
// It ends after so many kills or so long a time, whichever comes first.
// Every job that was enqueued must have finished, or failed for a stated reason; every execution beyond a job's last must
// be explained by a kill. Jobs write what they do to a ledger outside the broker.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Casualties } from './lib/chaos/casualties.mjs'
import { createRandom } from './lib/chaos/random.mjs'
import { root } from './lib/root.mjs'
import { setUp } from './lib/setup.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    broker: { type: 'string', default: 'sqlite' },
    workers: { type: 'string', default: '4' },
    producers: { type: 'string', default: '2' },
    rate: { type: 'string', default: '20' },
    keep: { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
  },
})
if (!['sqlite', 'redis'].includes(values.broker)) {
  console.error(`chaos: --broker ${values.broker}: expected sqlite or redis`)
  process.exit(2)
}
const wanted = Number(values.kills ?? Number.POSITIVE_INFINITY)
const seconds = Number(values.seconds ?? Number(values.minutes ?? (values.kills === undefined ? 1 : 240)) * 60)
if (!values.built) setUp({ nativeRequired: true })
// What they import must be compiled first.
const { Audit } = await import('./lib/chaos/audit.mjs')
const { readEffects } = await import('./lib/chaos/effects.mjs')
const { Fleet } = await import('./lib/chaos/fleet.mjs')
const { Killer } = await import('./lib/chaos/killer.mjs')
const { Ledger } = await import('./lib/chaos/ledger.mjs')
const { Producer } = await import('./lib/chaos/producer.mjs')
const { RedisStore } = await import('./lib/chaos/redis-store.mjs')
const { SqliteStore } = await import('./lib/chaos/sqlite-store.mjs')
const { connectBroker } = await import(join(root, 'dist/broker/index.js'))

const folder = mkdtempSync(join(tmpdir(), 'workhorse-chaos-'))
mkdirSync(join(folder, 'logs'))
const casualties = new Casualties()
const store = values.broker === 'redis' ? new RedisStore(folder, casualties) : new SqliteStore(folder, casualties)
const place = { folder, store, ledger: join(folder, 'ledger') }
const random = createRandom(Number(values.seed))
const limit = wanted === Number.POSITIVE_INFINITY ? '' : `, or ${wanted} kills`
console.log(`chaos on ${values.broker} for ${seconds} s${limit}, seed ${values.seed}, ${values.workers} workers`)

const begun = Date.now()
let fleet
let producers = []
let kept = false
// Nothing of it stays behind, whatever ends this process.
process.on('exit', () => {
  for (const producer of producers) producer.abort()
  fleet?.abort()
  store.close()
  if (!kept) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
await store.start()
const broker = await connectBroker(store.producerUrl)
store.prepare()
fleet = new Fleet(place, Number(values.workers))
await fleet.ready()
producers = Array.from({ length: Number(values.producers) }, () => new Producer(place))
while (!producers.every(({ ready }) => ready)) await setTimeout(20)
const killer = new Killer({
  random,
  fleet,
  producers,
  casualties,
  hazards: store.hazards,
  perSecond: Number(values.rate),
})
const raging = Date.now()
const progress = setInterval(() => console.log(`${new Date().toISOString()} ${casualties.kills} kills`), 60_000)
const lookNoMore = fleet.watchAhead(broker)
await killer.rage((kills) => kills >= wanted || Date.now() - raging >= seconds * 1000)
clearInterval(progress)
lookNoMore()
const raged = (Date.now() - raging) / 1000
await Promise.all(producers.map((producer) => producer.stop()))
await fleet.drained(broker)
await fleet.stop()
const effects = await readEffects(store.effects)
const audit = new Audit({ ledger: new Ledger(place.ledger), casualties, fleet, effects })
await audit.run(broker)
await broker.close()
kept = audit.wrong.length > 0 || values.keep
if (kept) store.keep()
store.close()

console.log(audit.report(store))
console.log(
  `raged for ${raged.toFixed(0)} s of ${((Date.now() - begun) / 1000).toFixed(0)} s; ${availableParallelism()} cores, ` +
    `load ${loadavg()[1].toFixed(1)}`,
)
if (kept) console.log(`kept for a look: ${folder}`)
process.exit(audit.wrong.length > 0 ? 1 : 0)
