import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc/PID/stat in a second, on every Linux that Node runs on. */
const TICKS = 100

/** CPU seconds that these processes have used, with all that descends from them, and what of it has ended and was waited for. */
export function cpuSeconds(pids) {
  const processes = readProcesses()
  const wanted = new Set(pids)
  for (let size = 0; size !== wanted.size; ) {
    size = wanted.size
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid)
  }
  return processes.filter(({ pid }) => wanted.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS
}

function readProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        // The name may hold spaces and brackets: fields are counted from behind it.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
        return [{ pid: Number(name), parent: Number(fields[1]), ticks }]
      } catch (error) {
        if (error.code === 'ENOENT' || error.code === 'ESRCH') return []
        throw error
      }
    })
}
