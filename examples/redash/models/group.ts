import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, json, varchar } from './columns.ts'
import type { DataSourceGroup } from './data-source-group.ts'
import type { Organization } from './organization.ts'
import { manyToOne, oneToMany } from './relations.ts'

export class Group {
  id!: number
  orgId!: number
  type!: 'regular' | 'builtin'
  name!: string
  permissions!: string[]
  createdAt!: Date

  org?: Organization
  dataSources?: DataSourceGroup[]
}

export const groupSchema = new EntitySchema<Group>({
  name: 'Group',
  target: Group,
  tableName: 'groups',
  columns: {
    id,
    orgId: integer(),
    type: varchar(255, { default: 'regular' }),
    name: varchar(100),
    permissions: json({ default: '[]' }),
    createdAt,
  },
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'groups' }),
    dataSources: oneToMany('DataSourceGroup', 'group', { cascade: true }),
  },
})
