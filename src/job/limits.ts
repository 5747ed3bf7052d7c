/**
 * Limits of one execution, kept from outside its process. Brokers store them as JSON and hand them back untouched.
 * The time limit is the job's `timeoutMs`.
 */
export interface JobLimits {
  /** Memory that the execution may add to what its process started with. */
  readonly memoryBytes?: number
  /** CPU time, user and system together. */
  readonly cpuMs?: number
  /** Descriptors open at a time. */
  readonly openFiles?: number
  /** Bytes written to standard output and standard error together. */
  readonly outputBytes?: number
}
