import type { EntitySchema } from 'typeorm'
import { accessPermissionSchema } from './access-permission.ts'
import { alertSchema } from './alert.ts'
import { alertSubscriptionSchema } from './alert-subscription.ts'
import { apiKeySchema } from './api-key.ts'
import { changeSchema } from './change.ts'
import { dashboardSchema } from './dashboard.ts'
import { dataSourceSchema } from './data-source.ts'
import { dataSourceGroupSchema } from './data-source-group.ts'
import { eventSchema } from './event.ts'
import { favoriteSchema } from './favorite.ts'
import { groupSchema } from './group.ts'
import { notificationDestinationSchema } from './notification-destination.ts'
import { organizationSchema } from './organization.ts'
import { querySchema } from './query.ts'
import { queryResultSchema } from './query-result.ts'
import { querySnippetSchema } from './query-snippet.ts'
import { userSchema } from './user.ts'
import { visualizationSchema } from './visualization.ts'
import { widgetSchema } from './widget.ts'

/** All mapped classes, in the order in which Redash declares them. */
export const schemas: EntitySchema[] = [
  organizationSchema,
  userSchema,
  groupSchema,
  accessPermissionSchema,
  changeSchema,
  dataSourceSchema,
  dataSourceGroupSchema,
  queryResultSchema,
  querySchema,
  favoriteSchema,
  alertSchema,
  dashboardSchema,
  visualizationSchema,
  widgetSchema,
  eventSchema,
  apiKeySchema,
  notificationDestinationSchema,
  alertSubscriptionSchema,
  querySnippetSchema,
]
