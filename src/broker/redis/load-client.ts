import { UsageError } from '../../errors.ts'

type Client = Pick<typeof import('ioredis'), 'Redis' | 'Cluster' | 'Command'>

/** Imported when a Redis URL is used: whoever uses another broker need not install it. */
export async function loadClient(): Promise<Client> {
  try {
    return await import('ioredis')
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError('Redis and Valkey need the package ioredis; run: npm install ioredis', { cause: error })
  }
}
