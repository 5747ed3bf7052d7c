import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, text, updatedAt, varchar } from './columns.ts'
import type { Organization } from './organization.ts'
import { manyToOne } from './relations.ts'
import type { User } from './user.ts'

export class QuerySnippet {
  id!: number
  orgId!: number
  trigger!: string
  description!: string
  userId!: number
  snippet!: string
  updatedAt!: Date
  createdAt!: Date

  org?: Organization
  user?: User
}

export const querySnippetSchema = new EntitySchema<QuerySnippet>({
  name: 'QuerySnippet',
  target: QuerySnippet,
  tableName: 'query_snippets',
  columns: {
    id,
    orgId: integer(),
    trigger: varchar(255, { unique: true }),
    description: text(),
    userId: integer(),
    snippet: text(),
    updatedAt,
    createdAt,
  },
  relations: {
    org: manyToOne('Organization', 'org_id', { inverseSide: 'querySnippets' }),
    user: manyToOne('User', 'user_id', { inverseSide: 'querySnippets' }),
  },
})
