import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, json, updatedAt, varchar } from './columns.ts'
import type { Query } from './query.ts'
import { manyToOne, oneToMany } from './relations.ts'
import type { Widget } from './widget.ts'

export class Visualization {
  id!: number
  type!: string
  queryId!: number
  name!: string
  description!: string | null
  options!: Record<string, unknown> | null
  updatedAt!: Date
  createdAt!: Date

  queryRel?: Query

  widgets?: Widget[]
}

export const visualizationSchema = new EntitySchema<Visualization>({
  name: 'Visualization',
  target: Visualization,
  tableName: 'visualizations',
  columns: {
    id,
    type: varchar(100),
    queryId: integer(),
    name: varchar(255),
    description: varchar(4096, { nullable: true }),
    options: json({ nullable: true }),
    updatedAt,
    createdAt,
  },
  relations: {
    // A visualization taken out of its query's list is deleted.
    queryRel: manyToOne('Query', 'query_id', {
      inverseSide: 'visualizations',
      onDelete: 'CASCADE',
      orphanedRowAction: 'delete',
    }),
    // The back references of other models' relations.
    widgets: oneToMany('Widget', 'visualization', { cascade: true }),
  },
})
