import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, json, varchar } from './columns.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class Change {
  id!: number
  objectType!: string
  objectId!: number
  objectVersion!: number
  userId!: number
  change!: Record<string, { readonly previous: unknown; readonly current: unknown }>
  createdAt!: Date

  user?: User
}

export const changeSchema = new EntitySchema<Change>({
  name: 'Change',
  target: Change,
  tableName: 'changes',
  columns: {
    id,
    objectType: varchar(255),
    objectId: integer(),
    objectVersion: integer({ default: 0 }),
    userId: integer(),
    change: json(),
    createdAt,
  },
  relations: {
    user: manyToOne('User', 'user_id', { inverseSide: 'changes' }),
  },
})
