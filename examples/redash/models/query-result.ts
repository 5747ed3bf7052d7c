import { EntitySchema } from 'typeorm'
import { double, id, integer, json, text, timestamp, varchar } from './columns.ts'
import type { DataSource } from './data-source.ts'
import type { Organization } from './organization.ts'
import { manyToOne } from './relations.ts'

export class QueryResult {
  id!: number
  orgId!: number
  dataSourceId!: number
  queryHash!: string
  queryText!: string
  data!: Record<string, unknown> | null
  runtime!: number
  retrievedAt!: Date

  org?: Organization
  dataSource?: DataSource
}

export const queryResultSchema = new EntitySchema<QueryResult>({
  name: 'QueryResult',
  target: QueryResult,
  tableName: 'query_results',
  columns: {
    id,
    orgId: integer(),
    dataSourceId: integer(),
    queryHash: varchar(32),
    queryText: text({ name: 'query' }),
    data: json({ nullable: true }),
    runtime: double(),
    retrievedAt: timestamp(),
  },
  indices: [{ columns: ['queryHash'] }],
  relations: {
    org: manyToOne('Organization', 'org_id'),
    dataSource: manyToOne('DataSource', 'data_source_id', { inverseSide: 'queryResults' }),
  },
})
