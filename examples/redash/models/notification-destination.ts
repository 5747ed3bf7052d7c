import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, text, varchar } from './columns.ts'
import type { Organization } from './organization.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class NotificationDestination {
  id!: number
  orgId!: number
  userId!: number
  name!: string
  type!: string
  encryptedOptions!: string
  createdAt!: Date

  org?: Organization
  user?: User
}

export const notificationDestinationSchema = new EntitySchema<NotificationDestination>({
  name: 'NotificationDestination',
  target: NotificationDestination,
  tableName: 'notification_destinations',
  columns: {
    id,
    orgId: integer(),
    userId: integer(),
    name: varchar(255),
    type: varchar(255),
    encryptedOptions: text(),
    createdAt,
  },
  uniques: [{ columns: ['orgId', 'name'] }],
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'notificationDestinations' }),
    user: manyToOne('User', 'user_id', { inverseSide: 'notificationDestinations' }),
  },
})
