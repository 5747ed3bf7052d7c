import { EntitySchema } from 'typeorm'
import { boolean, id, integer } from './columns.ts'
import type { DataSource } from './data-source.ts'
import type { Group } from './group.ts'
import { manyToOne } from './relations.ts'

export class DataSourceGroup {
  id!: number
  dataSourceId!: number
  groupId!: number
  viewOnly!: boolean

  dataSource?: DataSource
  group?: Group
}

export const dataSourceGroupSchema = new EntitySchema<DataSourceGroup>({
  name: 'DataSourceGroup',
  target: DataSourceGroup,
  tableName: 'data_source_groups',
  columns: {
    id,
    dataSourceId: integer(),
    groupId: integer(),
    viewOnly: boolean({ default: false }),
  },
  relations: {
    dataSource: manyToOne('DataSource', 'data_source_id', { inverseSide: 'dataSourceGroups', onDelete: 'CASCADE' }),
    group: manyToOne('Group', 'group_id', { inverseSide: 'dataSources', onDelete: 'CASCADE' }),
  },
})
