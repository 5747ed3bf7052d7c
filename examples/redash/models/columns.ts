import type { EntitySchemaColumnOptions } from 'typeorm'

/*
 * The vocabulary of the models. A column is NOT NULL unless it says `nullable`, and takes its name from its property
 * by the naming strategy (`createdAt` → `created_at`). What PostgreSQL has and SQLite has not is kept as text:
 * jsonb, integer[] and varchar[] as JSON, timestamptz as a UTC date and time.
 */
type More = Partial<EntitySchemaColumnOptions>

export const id: EntitySchemaColumnOptions = { type: 'integer', primary: true, generated: 'increment' }

export const integer = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'integer', ...more })
export const double = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'double', ...more })
export const boolean = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'boolean', ...more })
export const text = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'text', ...more })
export const json = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'simple-json', ...more })
export const timestamp = (more: More = {}): EntitySchemaColumnOptions => ({ type: 'datetime', ...more })

export const varchar = (length: number, more: More = {}): EntitySchemaColumnOptions => ({
  type: 'varchar',
  length,
  ...more,
})

/** 40 random hexadecimal digits, made by the database where the row brings none. */
export const token = (length: number, more: More = {}): EntitySchemaColumnOptions =>
  varchar(length, { default: () => 'lower(hex(randomblob(20)))', ...more })

export const createdAt: EntitySchemaColumnOptions = { type: 'datetime', createDate: true }
export const updatedAt: EntitySchemaColumnOptions = { type: 'datetime', updateDate: true }
