import { EntitySchema } from 'typeorm'
import type { AlertSubscription } from './alert-subscription.ts'
import { createdAt, id, integer, json, timestamp, updatedAt, varchar } from './columns.ts'
import type { Query } from './query.ts'
import { manyToOne, oneToMany } from './relations.ts'
import type { User } from './user.ts'

export class Alert {
  id!: number
  name!: string
  queryId!: number
  userId!: number
  options!: Record<string, unknown> | null
  state!: 'unknown' | 'ok' | 'triggered'
  lastTriggeredAt!: Date | null
  rearm!: number | null
  updatedAt!: Date
  createdAt!: Date

  queryRel?: Query
  user?: User
  subscriptions?: AlertSubscription[]
}

export const alertSchema = new EntitySchema<Alert>({
  name: 'Alert',
  target: Alert,
  tableName: 'alerts',
  columns: {
    id,
    name: varchar(255),
    queryId: integer(),
    userId: integer(),
    options: json({ nullable: true }),
    state: varchar(255, { default: 'unknown' }),
    lastTriggeredAt: timestamp({ nullable: true }),
    rearm: integer({ nullable: true }),
    updatedAt,
    createdAt,
  },
  relations: {
    queryRel: manyToOne('Query', 'query_id', { inverseSide: 'alerts', onDelete: 'CASCADE' }),
    user: manyToOne('User', 'user_id', { inverseSide: 'alerts' }),
    subscriptions: oneToMany('AlertSubscription', 'alert', { cascade: true }),
  },
})
