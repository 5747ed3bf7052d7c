import { EntitySchema } from 'typeorm'
import { id, integer, varchar } from './columns.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class AccessPermission {
  id!: number
  objectType!: string
  objectId!: number
  accessType!: string
  grantorId!: number
  granteeId!: number

  grantor?: User
  grantee?: User
}

export const accessPermissionSchema = new EntitySchema<AccessPermission>({
  name: 'AccessPermission',
  target: AccessPermission,
  tableName: 'access_permissions',
  columns: {
    id,
    objectType: varchar(255),
    objectId: integer(),
    accessType: varchar(255),
    grantorId: integer(),
    granteeId: integer(),
  },
  relations: {
    grantor: manyToOne('User', 'grantor_id', { inverseSide: 'grantor' }),
    grantee: manyToOne('User', 'grantee_id', { inverseSide: 'grantee' }),
  },
})
