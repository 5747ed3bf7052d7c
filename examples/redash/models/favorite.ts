import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, updatedAt, varchar } from './columns.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class Favorite {
  id!: number
  orgId!: number
  /** The name of a class, not of a table. */
  objectType!: string
  objectId!: number
  userId!: number
  updatedAt!: Date
  createdAt!: Date

  user?: User
}

export const favoriteSchema = new EntitySchema<Favorite>({
  name: 'Favorite',
  target: Favorite,
  tableName: 'favorites',
  columns: {
    id,
    // Its foreign key has no relation of its own.
    orgId: integer({ foreignKey: { target: 'Organization' } }),
    objectType: varchar(255),
    objectId: integer(),
    userId: integer(),
    updatedAt,
    createdAt,
  },
  uniques: [{ columns: ['objectType', 'objectId', 'userId'] }],
  relations: {
    user: manyToOne('User', 'user_id', { inverseSide: 'favorites' }),
  },
})
