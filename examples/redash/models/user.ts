import { EntitySchema } from 'typeorm'
import type { AccessPermission } from './access-permission.ts'
import type { Alert } from './alert.ts'
import type { Change } from './change.ts'
import { createdAt, id, integer, json, timestamp, token, updatedAt, varchar } from './columns.ts'
import type { Event } from './event.ts'
import type { Favorite } from './favorite.ts'
import type { NotificationDestination } from './notification-destination.ts'
import type { Organization } from './organization.ts'
import type { Query } from './query.ts'
import type { QuerySnippet } from './query-snippet.ts'
import { manyToOne, oneToMany } from './relations.ts'

export interface UserDetails {
  readonly active_at?: string
  readonly _profile_image_url?: string
  readonly is_invitation_pending?: boolean
  readonly is_email_verified?: boolean
}

export class User {
  id!: number
  orgId!: number
  name!: string
  email!: string
  passwordHash!: string | null
  groupIds!: number[] | null
  apiKey!: string
  disabledAt!: Date | null
  details!: UserDetails | null
  updatedAt!: Date
  createdAt!: Date

  org?: Organization

  grantor?: AccessPermission[]
  grantee?: AccessPermission[]
  changes?: Change[]
  modifiedQueries?: Query[]
  favorites?: Favorite[]
  alerts?: Alert[]
  events?: Event[]
  notificationDestinations?: NotificationDestination[]
  querySnippets?: QuerySnippet[]
}

export const userSchema = new EntitySchema<User>({
  name: 'User',
  target: User,
  tableName: 'users',
  columns: {
    id,
    orgId: integer(),
    name: varchar(320),
    email: varchar(255, {
      transformer: { to: (email?: string) => email?.toLowerCase(), from: (email: string) => email },
    }),
    passwordHash: varchar(128, { nullable: true }),
    groupIds: json({ name: 'groups', nullable: true }),
    apiKey: token(40, { unique: true }),
    disabledAt: timestamp({ nullable: true }),
    details: json({ nullable: true, default: '{}' }),
    updatedAt,
    createdAt,
  },
  uniques: [{ columns: ['orgId', 'email'] }],
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'users' }),
    // The back references of other models' relations.
    grantor: oneToMany('AccessPermission', 'grantor'),
    grantee: oneToMany('AccessPermission', 'grantee'),
    changes: oneToMany('Change', 'user'),
    modifiedQueries: oneToMany('Query', 'lastModifiedBy'),
    favorites: oneToMany('Favorite', 'user'),
    alerts: oneToMany('Alert', 'user'),
    events: oneToMany('Event', 'user'),
    notificationDestinations: oneToMany('NotificationDestination', 'user'),
    querySnippets: oneToMany('QuerySnippet', 'user'),
  },
})
