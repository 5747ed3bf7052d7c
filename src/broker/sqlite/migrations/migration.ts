/** One step of the schema. Steps are never changed once released; the file's `user_version` is the number of the last. */
export interface Migration {
  readonly version: number
  readonly sql: string
}
