import { constants } from 'node:fs'
import { access, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connectBroker } from '../../broker/connect.ts'
import { parseSqliteUrl } from '../../broker/sqlite/url.ts'
import type { Settings } from '../../config/settings.ts'
import { error, type Finding, ok, thrown, warning } from './finding.ts'

export async function checkBroker({ brokerUrl, brokerFolder, brokerFrom }: Settings): Promise<Finding[]> {
  try {
    const file = brokerUrl.toLowerCase().startsWith('sqlite:')
      ? parseSqliteUrl(brokerUrl, brokerFolder).file
      : undefined
    if (file !== undefined && !(await exists(file))) return await checkFuture(file, brokerFrom)
    const broker = await connectBroker(brokerUrl, { cwd: brokerFolder })
    try {
      const queues = await broker.queueList()
      const workers = await broker.workerList()
      const seen = `${queues.length} queues, ${workers.length} workers; set by ${brokerFrom}`
      const { facts, warnings } = await broker.storeReport()
      return [
        ok('broker', `${broker.url}: ${seen}`),
        ...facts.map((text) => ok('store', text)),
        ...warnings.map((text) => warning('store', text)),
        ...(file === undefined ? [] : await checkFile(file)),
      ]
    } finally {
      await broker.close()
    }
  } catch (cause) {
    return [thrown('broker', cause)]
  }
}

/** A file that is not there yet is not made by looking: the library is tried elsewhere. */
async function checkFuture(file: string, from: string): Promise<Finding[]> {
  const folder = dirname(file)
  if (!(await exists(folder)))
    return [error('broker', `${file}: there is no directory ${folder}; make it, or name another file`)]
  if (!(await isWritable(folder)))
    return [error('broker', `${file} is not there, and nothing can be written to ${folder}`)]
  const scratch = await mkdtemp(join(tmpdir(), 'workhorse-check-'))
  try {
    await (await connectBroker(`sqlite:${join(scratch, 'check.db')}`)).close()
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return [ok('broker', `${file} will be made at the first use; set by ${from}`), ...(await checkFileSystem(folder))]
}

async function checkFile(file: string): Promise<Finding[]> {
  const findings: Finding[] = []
  // SQLite makes its log and its index beside the file.
  for (const path of [file, dirname(file)]) {
    if (!(await isWritable(path))) findings.push(error('broker', `${path} cannot be written`))
  }
  const isWal = await hasWriteAheadLog(file)
  findings.push(
    isWal
      ? ok('journal', 'write-ahead log')
      : warning('journal', 'no write-ahead log: readers and writers wait for each other'),
  )
  return [...findings, ...(await checkFileSystem(dirname(file)))]
}

/** Bytes 18 and 19 of an SQLite file are 2 where it uses a write-ahead log. */
async function hasWriteAheadLog(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(20), 0, 20, 0)
    return buffer[18] === 2 && buffer[19] === 2
  } finally {
    await handle.close()
  }
}

/** By statfs(2); the write-ahead log's index is shared memory, which no network carries. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
])

async function checkFileSystem(folder: string): Promise<Finding[]> {
  const name = NETWORK_FILE_SYSTEMS.get((await statfs(folder)).type)
  if (name === undefined) return []
  return [warning('broker', `${folder} is on ${name}: SQLite is safe there only while a single machine uses it`)]
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}
