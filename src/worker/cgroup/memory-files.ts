/** How a version of control groups names what a memory limit needs. */
export interface MemoryFiles {
  readonly version: 1 | 2
  /** Where the hierarchy with the memory controller is mounted, as a rule. */
  readonly mount: string
  readonly limit: string
  /** What keeps a job from swapping instead; absent where the kernel counts no swap. */
  readonly swap: string
  readonly swapLimit: (bytes: number) => string
  /** Where the kernel counts the processes of a group that it has killed for want of memory, as `oom_kill N`. */
  readonly events: string
  /** Kill all of the group together, where the kernel can. */
  readonly together: string | undefined
}

export const VERSION_1: MemoryFiles = {
  version: 1,
  mount: 'sys/fs/cgroup/memory',
  limit: 'memory.limit_in_bytes',
  swap: 'memory.memsw.limit_in_bytes',
  // Memory and swap together.
  swapLimit: String,
  events: 'memory.oom_control',
  together: undefined,
}

export const VERSION_2: MemoryFiles = {
  version: 2,
  mount: 'sys/fs/cgroup',
  limit: 'memory.max',
  swap: 'memory.swap.max',
  swapLimit: () => '0',
  events: 'memory.events',
  together: 'memory.oom.group',
}
