import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, text, varchar } from './columns.ts'
import type { DataSourceGroup } from './data-source-group.ts'
import type { Organization } from './organization.ts'
import type { Query } from './query.ts'
import type { QueryResult } from './query-result.ts'
import { manyToOne, oneToMany } from './relations.ts'

/** A database that users query: nothing to do with the ORM's class of the same name. */
export class DataSource {
  id!: number
  orgId!: number
  name!: string
  type!: string
  encryptedOptions!: string
  queueName!: string
  scheduledQueueName!: string
  createdAt!: Date

  org?: Organization
  dataSourceGroups?: DataSourceGroup[]

  queryResults?: QueryResult[]
  queries?: Query[]
}

export const dataSourceSchema = new EntitySchema<DataSource>({
  name: 'DataSource',
  target: DataSource,
  tableName: 'data_sources',
  columns: {
    id,
    orgId: integer(),
    name: varchar(255),
    type: varchar(255),
    encryptedOptions: text(),
    queueName: varchar(255, { default: 'queries' }),
    scheduledQueueName: varchar(255, { default: 'scheduled_queries' }),
    createdAt,
  },
  indices: [{ columns: ['orgId', 'name'] }],
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'dataSources' }),
    dataSourceGroups: oneToMany('DataSourceGroup', 'dataSource', { cascade: true }),
    // The back references of other models' relations.
    queryResults: oneToMany('QueryResult', 'dataSource'),
    queries: oneToMany('Query', 'dataSource'),
  },
})
