import { EntitySchema } from 'typeorm'
import { createdAt, id, integer, json, text, updatedAt } from './columns.ts'
import type { Dashboard } from './dashboard.ts'
import { manyToOne } from './relations.ts'
import type { Visualization } from './visualization.ts'

export class Widget {
  id!: number
  visualizationId!: number | null
  text!: string | null
  width!: number
  options!: Record<string, unknown>
  dashboardId!: number
  updatedAt!: Date
  createdAt!: Date

  visualization?: Visualization | null

  dashboard?: Dashboard
}

export const widgetSchema = new EntitySchema<Widget>({
  name: 'Widget',
  target: Widget,
  tableName: 'widgets',
  columns: {
    id,
    visualizationId: integer({ nullable: true }),
    text: text({ nullable: true }),
    width: integer(),
    options: json({ default: '{}' }),
    dashboardId: integer(),
    updatedAt,
    createdAt,
  },
  indices: [{ columns: ['dashboardId'] }],
  relations: {
    visualization: manyToOne('Visualization', 'visualization_id', {
      inverseSide: 'widgets',
      nullable: true,
      onDelete: 'CASCADE',
    }),
    // The back reference of Dashboard's widgets.
    dashboard: manyToOne('Dashboard', 'dashboard_id', { inverseSide: 'widgets' }),
  },
})
