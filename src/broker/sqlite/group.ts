import type { Connection } from './connection.ts'

const FETCH = 'SELECT j.id FROM job_groups g JOIN jobs j ON j.seq = g.seq WHERE g.name = ? ORDER BY g.seq'

export function fetchGroup(connection: Connection, name: string): string[] {
  return connection.all<{ id: string }>(FETCH, name).map((row) => row.id)
}

export function listGroups(connection: Connection): string[] {
  return connection.all<{ name: string }>('SELECT DISTINCT name FROM job_groups ORDER BY name').map((row) => row.name)
}

export function deleteGroup(connection: Connection, name: string): void {
  connection.run('DELETE FROM job_groups WHERE name = ?', name)
}
