import { EntitySchema } from 'typeorm'
import { boolean, createdAt, id, integer, json, updatedAt, varchar } from './columns.ts'
import type { Organization } from './organization.ts'
import { manyToOne, oneToMany } from './relations.ts'
import type { User } from './user.ts'
import type { Widget } from './widget.ts'

export class Dashboard {
  id!: number
  /** Counted by the ORM at each update. */
  version!: number
  orgId!: number
  slug!: string
  name!: string
  userId!: number
  layout!: unknown[]
  dashboardFiltersEnabled!: boolean
  isArchived!: boolean
  isDraft!: boolean
  tags!: string[] | null
  options!: Record<string, unknown>
  updatedAt!: Date
  createdAt!: Date

  org?: Organization
  user?: User
  widgets?: Widget[]
}

export const dashboardSchema = new EntitySchema<Dashboard>({
  name: 'Dashboard',
  target: Dashboard,
  tableName: 'dashboards',
  columns: {
    id,
    version: integer({ version: true }),
    orgId: integer(),
    slug: varchar(140),
    name: varchar(100),
    userId: integer(),
    layout: json({ default: '[]' }),
    dashboardFiltersEnabled: boolean({ default: false }),
    isArchived: boolean({ default: false }),
    isDraft: boolean({ default: true }),
    tags: json({ nullable: true }),
    options: json({ default: '{}' }),
    updatedAt,
    createdAt,
  },
  indices: [{ columns: ['slug'] }, { columns: ['isArchived'] }, { columns: ['isDraft'] }],
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'dashboards' }),
    user: manyToOne('User', 'user_id'),
    widgets: oneToMany('Widget', 'dashboard'),
  },
})
