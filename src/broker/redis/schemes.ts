const WITH_REDIS = [
  'redis',
  'rediss',
  'redis+unix',
  'redis+sentinel',
  'rediss+sentinel',
  'redis+cluster',
  'rediss+cluster',
]

/** What a broker URL that names a Redis or Valkey begins with. Read without loading anything of the broker. */
export const REDIS_SCHEMES: readonly string[] = [
  ...WITH_REDIS,
  ...WITH_REDIS.map((scheme) => scheme.replace('redis', 'valkey')),
  'unix',
]

export function isRedisUrl(url: string): boolean {
  return REDIS_SCHEMES.includes(/^[a-z+]*/i.exec(url)?.[0].toLowerCase() ?? '')
}
