import type { RedashDataSource } from './database.ts'
import type { RawEvent } from './events.ts'
import { Organization } from './models/organization.ts'
import { User } from './models/user.ts'
import { createSchema } from './schema.ts'

export const ORG_ID = 1
export const USER_ID = 1

/** The tables, one organization and one user: what events refer to. Does nothing the second time. */
export async function seed(database: RedashDataSource): Promise<void> {
  await createSchema(database)
  const { manager } = database
  if (await manager.existsBy(Organization, { id: ORG_ID })) return
  await manager.save(Organization, { id: ORG_ID, name: 'Acme', slug: 'default', settings: {} })
  await manager.save(User, {
    id: USER_ID,
    orgId: ORG_ID,
    name: 'Ada Lovelace',
    email: 'Ada@example.org',
    groupIds: [1, 2],
    details: { is_invitation_pending: false, is_email_verified: true },
  })
}

const ACTIONS = [
  { action: 'view', object_type: 'query' },
  { action: 'view', object_type: 'dashboard' },
  { action: 'execute', object_type: 'query', cache: 'hit', parameters: { from: '2019-10-01', limit: 100 } },
  { action: 'view_source', object_type: 'query' },
  { action: 'search', object_type: 'query', term: 'monthly revenue' },
] as const

/** The i-th event of a busy day. `object_id` is i: so rows can be counted, and a missing or doubled one be named. */
export function makeEvent(i: number): RawEvent {
  const what = ACTIONS[i % ACTIONS.length] as (typeof ACTIONS)[number]
  return {
    org_id: ORG_ID,
    user_id: USER_ID,
    user_name: 'Ada Lovelace',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0 Safari/537.36',
    ip: `203.0.113.${i % 256}`,
    ...what,
    object_id: i,
    timestamp: 1_572_393_600 + i,
  }
}
