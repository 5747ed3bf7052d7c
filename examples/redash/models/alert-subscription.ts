import { EntitySchema } from 'typeorm'
import type { Alert } from './alert.ts'
import { createdAt, id, integer, updatedAt } from './columns.ts'
import type { NotificationDestination } from './notification-destination.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class AlertSubscription {
  id!: number
  userId!: number
  destinationId!: number | null
  alertId!: number
  updatedAt!: Date
  createdAt!: Date

  user?: User
  destination?: NotificationDestination | null
  alert?: Alert
}

export const alertSubscriptionSchema = new EntitySchema<AlertSubscription>({
  name: 'AlertSubscription',
  target: AlertSubscription,
  tableName: 'alert_subscriptions',
  columns: {
    id,
    userId: integer(),
    destinationId: integer({ nullable: true }),
    alertId: integer(),
    updatedAt,
    createdAt,
  },
  uniques: [{ columns: ['destinationId', 'alertId'] }],
  relations: {
    user: manyToOne('User', 'user_id'),
    destination: manyToOne('NotificationDestination', 'destination_id', { nullable: true }),
    // A subscription taken out of its alert's list is deleted.
    alert: manyToOne('Alert', 'alert_id', {
      inverseSide: 'subscriptions',
      onDelete: 'CASCADE',
      orphanedRowAction: 'delete',
    }),
  },
})
