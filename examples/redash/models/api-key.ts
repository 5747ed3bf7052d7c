import { EntitySchema } from 'typeorm'
import { boolean, createdAt, id, integer, token, updatedAt, varchar } from './columns.ts'
import type { Organization } from './organization.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class ApiKey {
  id!: number
  orgId!: number
  objectType!: string
  objectId!: number
  apiKey!: string
  active!: boolean
  createdById!: number | null
  updatedAt!: Date
  createdAt!: Date

  org?: Organization
  createdBy?: User | null
}

export const apiKeySchema = new EntitySchema<ApiKey>({
  name: 'ApiKey',
  target: ApiKey,
  tableName: 'api_keys',
  columns: {
    id,
    orgId: integer(),
    objectType: varchar(255),
    objectId: integer(),
    apiKey: token(255),
    active: boolean({ default: true }),
    createdById: integer({ nullable: true }),
    updatedAt,
    createdAt,
  },
  indices: [{ columns: ['apiKey'] }, { columns: ['objectType', 'objectId'] }],
  relations: {
    org: manyToOne('Organization', 'org_id'),
    createdBy: manyToOne('User', 'created_by_id', { nullable: true }),
  },
})
