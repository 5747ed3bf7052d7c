import type { EntitySchemaRelationOptions } from 'typeorm'

/*
 * Targets are given by name: which class and which property a name means is found out when the mappers are
 * configured. That lets two models refer to each other without importing each other.
 */
type More = Partial<EntitySchemaRelationOptions>

/** `column` holds the foreign key, and must be among the model's columns. */
export const manyToOne = (target: string, column: string, more: More = {}): EntitySchemaRelationOptions => ({
  type: 'many-to-one',
  target,
  joinColumn: { name: column },
  nullable: false,
  ...more,
})

/** `inverseSide` is the many-to-one property of the target that leads back. */
export const oneToMany = (target: string, inverseSide: string, more: More = {}): EntitySchemaRelationOptions => ({
  type: 'one-to-many',
  target,
  inverseSide,
  ...more,
})
