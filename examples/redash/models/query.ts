import { EntitySchema } from 'typeorm'
import type { Alert } from './alert.ts'
import { boolean, createdAt, id, integer, json, text, token, updatedAt, varchar } from './columns.ts'
import type { DataSource } from './data-source.ts'
import type { Organization } from './organization.ts'
import type { QueryResult } from './query-result.ts'
import { manyToOne, oneToMany } from './relations.ts'
import type { User } from './user.ts'
import type { Visualization } from './visualization.ts'

export interface QuerySchedule {
  readonly interval: number | null
  readonly time?: string | null
  readonly day_of_week?: string | null
  readonly until?: string | null
}

export class Query {
  id!: number
  /** Counted by the code that changes a query, not by the ORM. */
  version!: number
  orgId!: number
  dataSourceId!: number | null
  latestQueryDataId!: number | null
  name!: string
  description!: string | null
  queryText!: string
  queryHash!: string
  apiKey!: string
  userId!: number
  lastModifiedById!: number | null
  isArchived!: boolean
  isDraft!: boolean
  schedule!: QuerySchedule | null
  scheduleFailures!: number
  options!: Record<string, unknown>
  /** PostgreSQL keeps its full-text index here. */
  searchVector!: string | null
  tags!: string[] | null
  updatedAt!: Date
  createdAt!: Date

  org?: Organization
  dataSource?: DataSource | null
  latestQueryData?: QueryResult | null
  user?: User
  lastModifiedBy?: User | null
  visualizations?: Visualization[]

  alerts?: Alert[]
}

export const querySchema = new EntitySchema<Query>({
  name: 'Query',
  target: Query,
  tableName: 'queries',
  columns: {
    id,
    version: integer({ default: 1 }),
    orgId: integer(),
    dataSourceId: integer({ nullable: true }),
    latestQueryDataId: integer({ nullable: true }),
    name: varchar(255),
    description: varchar(4096, { nullable: true }),
    queryText: text({ name: 'query' }),
    queryHash: varchar(32),
    apiKey: token(40),
    userId: integer(),
    lastModifiedById: integer({ nullable: true }),
    isArchived: boolean({ default: false }),
    isDraft: boolean({ default: true }),
    schedule: json({ nullable: true }),
    scheduleFailures: integer({ default: 0 }),
    options: json({ default: '{}' }),
    searchVector: text({ nullable: true, select: false }),
    tags: json({ nullable: true }),
    updatedAt,
    createdAt,
  },
  indices: [{ columns: ['isArchived'] }, { columns: ['isDraft'] }],
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'queries' }),
    dataSource: manyToOne('DataSource', 'data_source_id', { inverseSide: 'queries', nullable: true }),
    latestQueryData: manyToOne('QueryResult', 'latest_query_data_id', { nullable: true }),
    user: manyToOne('User', 'user_id'),
    lastModifiedBy: manyToOne('User', 'last_modified_by_id', { inverseSide: 'modifiedQueries', nullable: true }),
    visualizations: oneToMany('Visualization', 'queryRel', { cascade: true }),
    // The back references of other models' relations.
    alerts: oneToMany('Alert', 'queryRel', { cascade: true }),
  },
})
