import type { WorkerCommand } from '../command.ts'
import type { Connection } from './connection.ts'
import { type Look, waitFor } from './wait.ts'
import type { WakeFile } from './wake.ts'

/** A command that nobody has heard for so long is not for whoever takes that name now. */
const STALE_MS = 10_000

/** False where no worker of that name is known to live. */
export function sendCommand(connection: Connection, worker: string, command: WorkerCommand, now: number): boolean {
  connection.run('DELETE FROM commands WHERE sent_at < ?', now - STALE_MS)
  const alive = connection.get('SELECT 1 FROM workers WHERE name = ? AND gone_at > ?', worker, now)
  if (alive === undefined) return false
  const text = JSON.stringify(command)
  connection.run('INSERT INTO commands (worker, command, sent_at) VALUES (?, ?, ?)', worker, text, now)
  return true
}

const LAST = `SELECT seq AS number FROM sqlite_sequence WHERE name = 'commands'`
const UNHEARD = 'SELECT number, command FROM commands WHERE worker = ? AND number > ? ORDER BY number'
/** After a failed look. */
const AGAIN_MS = 1000

interface Listening {
  readonly worker: string
  readonly listener: (command: WorkerCommand) => void
  readonly closed: AbortSignal
}

/** Hears what is sent to a worker from now on, until the function returned is called or the broker is closed. */
export async function listenForCommands(
  connection: Connection,
  wake: WakeFile,
  { worker, listener, closed }: Listening,
): Promise<() => Promise<void>> {
  let heard = await connection.readOne(
    'listen for commands',
    () => connection.get<{ number: number }>(LAST)?.number ?? 0,
  )
  const stopping = new AbortController()
  const readNew = async (): Promise<Look<never>> => {
    const rows = await connection.readOne('read commands', () =>
      connection.all<{ number: number; command: string }>(UNHEARD, worker, heard),
    )
    for (const { number, command } of rows) {
      heard = number
      if (!stopping.signal.aborted) listener(JSON.parse(command) as WorkerCommand)
    }
    return {}
  }
  // Whoever listens works with the broker otherwise, and says there what is wrong with it.
  const look = () => readNew().catch((): Look<never> => ({ againAt: Date.now() + AGAIN_MS }))
  const listening = waitFor(wake, { signal: stopping.signal, closed }, look)
  return async () => {
    stopping.abort()
    await listening
  }
}
