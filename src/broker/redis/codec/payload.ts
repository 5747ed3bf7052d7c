import type { JsonValue } from '../../../job/json.ts'
import { decompress } from './compress.ts'
import { PayloadError } from './payload-error.ts'
import { PickleTuple, type PickleValue, readPickle } from './pickle-reader.ts'
import { pickleToJson } from './pickle-to-json.ts'
import { writePickle, writePickledCall } from './pickle-writer.ts'

/** How a job's data is written. Nothing in Redis says so: the first byte tells. A job is answered in what it came in. */
export type Serializer = 'json' | 'pickle'

export const SERIALIZERS = ['json', 'pickle'] as const satisfies readonly Serializer[]

/** What a job's `data` says: `(func_name, instance, args, kwargs)`. */
export interface Call {
  readonly name: string
  /** JSON text of an array; keyword arguments, where there are any, are its last item, as an object. */
  readonly args: string
  readonly serializer: Serializer
}

export function encodeCall(name: string, args: string, serializer: Serializer): Buffer {
  if (serializer === 'pickle') return writePickledCall(name, JSON.parse(args) as JsonValue[])
  return Buffer.from(callText(name, args))
}

/** What the JSON serializer writes. */
export function callText(name: string, args: string): string {
  return `[${JSON.stringify(name)}, null, ${args}, {}]`
}

/** @throws PayloadError where it is not run: it says why */
export function decodeCall(data: Buffer): Call {
  const bytes = decompress(data)
  if (isPickle(bytes)) return decodePickledCall(bytes)
  let call: unknown
  try {
    call = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new PayloadError(`the payload is neither JSON nor a pickle (${(error as Error).message})`)
  }
  if (!Array.isArray(call) || call.length !== 4) throw notACall('it is no array of four')
  const [name, instance, args, kwargs] = call as unknown[]
  if (typeof name !== 'string') throw notACall('its first item is no name')
  if (instance !== null) throw new PayloadError(`${name} is a method of an object; enqueue a function`)
  if (!Array.isArray(args)) throw notACall('its third item is no array of arguments')
  if (kwargs !== null && !isPlainObject(kwargs)) throw notACall('its fourth item is no object of keyword arguments')
  return { name, serializer: 'json', args: toJson(isEmpty(kwargs) ? args : [...(args as unknown[]), kwargs]) }
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // What has come out of JSON can be nested deeper than it can be written again.
    if (error instanceof RangeError) throw new PayloadError('the arguments are nested too deep')
    throw error
  }
}

function decodePickledCall(bytes: Buffer): Call {
  const call = readPickle(bytes)
  const items = call instanceof PickleTuple ? call.items : undefined
  if (items?.length !== 4) throw notACall('it is no tuple of four')
  const [name, instance, args, kwargs] = items as [PickleValue, PickleValue, PickleValue, PickleValue]
  if (typeof name !== 'string') throw notACall('its first item is no name')
  if (instance !== null) throw new PayloadError(`${name} is a method of an object; enqueue a function`)
  const list = args instanceof PickleTuple ? args.items : args
  if (!Array.isArray(list)) throw notACall('its third item is no tuple of arguments')
  if (!(kwargs instanceof Map)) throw notACall('its fourth item is no dict of keyword arguments')
  return { name, serializer: 'pickle', args: pickleToJson(kwargs.size === 0 ? list : [...list, kwargs], 'args') }
}

/** Of a result or of meta: JSON text in, bytes out. */
export function encodeValue(json: string, serializer: Serializer): Buffer {
  return serializer === 'json' ? Buffer.from(json) : writePickle(JSON.parse(json) as JsonValue)
}

/** JSON text of a result or of meta, whichever serializer wrote it. @throws PayloadError */
export function decodeValue(bytes: Buffer, what: string): string {
  return isPickle(bytes) ? pickleToJson(readPickle(bytes), what) : bytes.toString('utf8')
}

/** Which serializer has written a job's data. */
export function serializerOf(data: Buffer): Serializer {
  return isPickle(decompress(data)) ? 'pickle' : 'json'
}

function isPickle(bytes: Buffer): boolean {
  return bytes[0] === 0x80
}

function isEmpty(kwargs: object | null): boolean {
  return kwargs === null || Object.keys(kwargs).length === 0
}

function notACall(why: string): PayloadError {
  return new PayloadError(`the payload is not a call of RQ's, (func_name, instance, args, kwargs): ${why}`)
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
