import { EntitySchema } from 'typeorm'
import { id, integer, json, timestamp, varchar } from './columns.ts'
import type { Organization } from './organization.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

/** Something that somebody did, for the audit log. */
export class Event {
  id!: number
  orgId!: number
  userId!: number | null
  action!: string
  objectType!: string
  objectId!: string | null
  additionalProperties!: Record<string, unknown> | null
  createdAt!: Date

  org?: Organization
  user?: User | null
}

export const eventSchema = new EntitySchema<Event>({
  name: 'Event',
  target: Event,
  tableName: 'events',
  // No defaults in the database: the application gives every value, so TypeORM need not read the row back.
  columns: {
    id,
    orgId: integer(),
    userId: integer({ nullable: true }),
    action: varchar(255),
    objectType: varchar(255),
    objectId: varchar(255, { nullable: true }),
    additionalProperties: json({ nullable: true }),
    createdAt: timestamp(),
  },
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'events' }),
    user: manyToOne('User', 'user_id', { inverseSide: 'events', nullable: true }),
  },
})
