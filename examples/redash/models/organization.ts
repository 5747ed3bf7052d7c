import { EntitySchema } from 'typeorm'
import { createdAt, id, json, updatedAt, varchar } from './columns.ts'
import type { Dashboard } from './dashboard.ts'
import type { DataSource } from './data-source.ts'
import type { Event } from './event.ts'
import type { Group } from './group.ts'
import type { NotificationDestination } from './notification-destination.ts'
import type { Query } from './query.ts'
import type { QuerySnippet } from './query-snippet.ts'
import { oneToMany } from './relations.ts'
import type { User } from './user.ts'

export class Organization {
  id!: number
  name!: string
  slug!: string
  settings!: Record<string, unknown>
  updatedAt!: Date
  createdAt!: Date

  groups?: Group[]
  events?: Event[]

  users?: User[]
  dataSources?: DataSource[]
  queries?: Query[]
  dashboards?: Dashboard[]
  notificationDestinations?: NotificationDestination[]
  querySnippets?: QuerySnippet[]
}

export const organizationSchema = new EntitySchema<Organization>({
  name: 'Organization',
  target: Organization,
  tableName: 'organizations',
  columns: {
    id,
    name: varchar(255),
    slug: varchar(255, { unique: true }),
    settings: json({ default: '{}' }),
    updatedAt,
    createdAt,
  },
  relations: {
    groups: oneToMany('Group', 'org'),
    events: oneToMany('Event', 'org'),
    // The back references of other models' relations.
    users: oneToMany('User', 'org'),
    dataSources: oneToMany('DataSource', 'org'),
    queries: oneToMany('Query', 'org'),
    dashboards: oneToMany('Dashboard', 'org'),
    notificationDestinations: oneToMany('NotificationDestination', 'org'),
    querySnippets: oneToMany('QuerySnippet', 'org'),
  },
})
