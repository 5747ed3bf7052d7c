/** What a pickle may hold. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleSet
  | Map<PickleValue, PickleValue>

export class PickleTuple {
  readonly items: PickleValue[]
  constructor(items: PickleValue[]) {
    this.items = items
  }
}

export class PickleSet {
  readonly items: PickleValue[]
  constructor(items: PickleValue[] = []) {
    this.items = items
  }
}
