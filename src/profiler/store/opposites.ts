/** What slow executions are compared with: those around the median, or the fastest. */
export const OPPOSITES = ['median', 'fastest'] as const
export type Opposite = (typeof OPPOSITES)[number]
