import type { ProcessUsage } from '../../../job/record.ts'

/**
 * The native addon, typed. Each function is one system call's worth of C (native/), but for `serveForks`,
 * `becomeOwnProcess` and the frames, which save every horse a walk through Node's own; all policy is in TypeScript.
 * Every function throws a TypeError whose message is a sentence for a wrong argument,
 * and an Error with `code` (`EAGAIN`, `ESRCH`, …), `errno` and `syscall` for a failed call.
 */
export interface Native {
  /**
   * fork(2) of this process with V8's heap in it: lifts MADV_DONTFORK from every mapping, forks with all signals
   * blocked, and in the child re-initialises the event loop and empties the signal mask. 0 in the child, its pid in the parent.
   */
  fork(): number
  /** wait4(2) for one child of ours, without blocking. `null` while it runs. */
  wait(pid: number): WaitResult | null
  /** _exit(2): no handlers, no destructors, no flushing. Never returns. */
  exit(code: number): never
  /** Real getpid(2); process.pid is cached by Node. */
  getPid(): number
  /** prctl(PR_SET_PDEATHSIG): the signal that this process gets when its parent dies. 0 for none. */
  setParentDeathSignal(signal: number): void
  /** prctl(PR_SET_NAME): at most 15 bytes, longer names are cut. */
  setProcessName(name: string): void
  /** setpgid(2). */
  setProcessGroup(pid: number, group: number): void
  /** kill(2) of a whole process group. False where no such group exists any more. */
  killGroup(group: number, signal: number): boolean
  /**
   * What a fresh child does first: die with `parent`, lead a process group, take a name (as setProcessName) and a title
   * (at most 63 bytes, to which the time of day in UTC is added), have `output` as its standard output and error, close
   * `surplus`. False where `parent` is not its parent any more.
   */
  becomeOwnProcess(
    parent: number,
    name: string,
    output: readonly [stdout: number, stderr: number],
    surplus: readonly number[],
    title: string,
  ): boolean
  /** setrlimit(2) of this process: CPU time in seconds, or the highest number of descriptors. */
  setLimit(resource: 'cpu' | 'descriptors', soft: number, hard: number): void
  /** /proc/<pid>/statm, 0 for this process. `null` where there is no such process, or it is a zombie. */
  residentMemory(pid: number): ResidentMemory | null
  /** From here on counts what `sharedMemory` looks at: getrusage(2). */
  noteMemory(): void
  /**
   * What of this process's resident memory belongs to files, as residentMemory(0). `null` where it has got next to no pages
   * of its own since `noteMemory`: fewer than 64 page faults, less than 1 MiB resident more at the peak.
   */
  sharedMemory(): number | null
  /** sendto(2) of one datagram to a Unix socket; a path that begins with `@` is an abstract name. Does not block. */
  sendDatagram(path: string, data: Uint8Array): void
  /** Replace private anonymous read-write memory by a private mapping of an in-memory file with the same content. */
  freeze(): FreezeResult
  /** Threads of this process, by /proc/self/task. */
  listThreads(): ThreadInfo[]
  /** Open descriptors of this process, by /proc/self/fd, without the one used for listing. */
  listDescriptors(): DescriptorInfo[]
  /** socketpair(AF_UNIX, type | SOCK_CLOEXEC). Both ends blocking. */
  socketPair(type: 'stream' | 'seqpacket'): [number, number]
  /** memfd_create(2), close-on-exec, opened for appending. */
  memoryFile(name: string): number
  /** fallocate(2) with PUNCH_HOLE | KEEP_SIZE: frees what a part of a file holds; it reads as zeros from then on. */
  discard(descriptor: number, offset: number, length: number): void
  /** fstat(2): bytes in a file. */
  fileSize(descriptor: number): number
  /** The first page of an in-memory file, shared with all that map it: mmap(2). The file is made that long. */
  mapShared(descriptor: number): ArrayBuffer
  /** sendmsg(2) of one packet with descriptors attached; does not block: throws EAGAIN where the peer is slow. */
  sendPacket(socket: number, data: Uint8Array, descriptors: readonly number[]): void
  /** recvmsg(2) of one packet, blocking; received descriptors are close-on-exec. `null` at the end of the stream. */
  receivePacket(socket: number): { data: Buffer; descriptors: number[] } | null
  /** Reads exactly one frame (frames.ts), waiting for it: header and body. `null` at the end of the stream. */
  receiveFrame(descriptor: number): [header: string, body: string] | null
  /** Writes one frame whole, waiting where the other end is slow, also on a descriptor that does not block. */
  sendFrame(descriptor: number, header: string, body: string): void
  /**
   * As much of a frame as the socket takes without waiting.
   * @returns what is left to be sent after it, or null
   */
  trySendFrame(socket: number, header: string, body: string): Buffer | null
  /**
   * Reads a stream through the event loop: `callback` gets each chunk, and null at the end, after which the descriptor
   * is no longer watched. It does not block from then on.
   */
  watchReadable(descriptor: number, callback: (chunk: Buffer | null) => void): void
  /** No more calls of `watchReadable`'s callback. Nothing happens where the descriptor is not watched. */
  unwatch(descriptor: number): void
  /** poll(2) for reading: those of `descriptors` that are readable, hung up or broken. `timeoutMs` -1 waits for ever. */
  pollReadable(descriptors: readonly number[], timeoutMs: number): number[]
  /** A descriptor that becomes readable whenever a child of this process changes state. */
  childSignal(): number
  /** Empty a childSignal descriptor without blocking. */
  drainChildSignal(descriptor: number): void
  /**
   * The zygote's loop: carries out orders to fork that come over `commands` (a packet `{"type":"fork","horse":N}` with
   * the horse's descriptors), reaps, and tells both over `notices`, all without running any JavaScript.
   * Returns in a forked child, with the descriptors that came with its order; and with `null` in the parent when the
   * next packet is anything else, or the end of the stream: it is left to `receivePacket`.
   */
  serveForks(commands: number, notices: number, childSignal: number): number[] | null
  /** Pid of a horse that `serveForks` has forked and not reaped yet: certainly a child of this process. */
  servedPid(horse: number): number | null
  servedPids(): number[]
  /** getrandom(2): `length` bytes, 1 to 256. */
  random(length: number): Buffer
  /**
   * Calls back, once, as soon as the event loop is about to sleep with at most `handles` active handles and no
   * active request: everything else that could wake it is gone. Does not itself keep the loop alive.
   */
  onLoopEmpty(handles: number, callback: () => void): void
  /** Active handles and requests of the event loop, as libuv counts them. */
  loopActivity(): { handles: number; requests: number }
  /**
   * sigaction(2) with V8's interrupts: at the signal the callback runs on the JavaScript thread, in the midst of
   * whatever runs there, also an endless loop. Not while it is in a system call or asleep. Only for a process that is
   * about to end: at an unlucky instant the signal makes it hang. Throws ENOSYS where Node does not export V8.
   */
  onInterruptSignal(signal: number, callback: () => void): void
  /**
   * Makes V8's sampler ready to be started at once, here or in forks of this process: from now on V8 keeps account of
   * all code. Call it again at will. False where Node does not export what it takes.
   */
  prepareSampler(): boolean
  /** Undoes `prepareSampler`. */
  dismissSampler(): void
  /** From now on, a sample every so many microseconds. Throws EINVAL without `prepareSampler`. */
  startSampler(intervalUs: number): void
  /** Stops it. V8's `Profiler.Profile` as JSON text. Throws EINVAL where it was not started. */
  stopSampler(): string
}

export interface WaitResult extends ProcessUsage {
  /** Exit code, or null where a signal ended the process. */
  readonly exitCode: number | null
  /** Signal number, or null. */
  readonly signal: number | null
}

export interface ResidentMemory {
  /** Pages that are mapped and present, inherited ones included. */
  readonly residentBytes: number
  /** Those of them that belong to files, in-memory ones included: a frozen zygote's image is such a file. */
  readonly sharedBytes: number
}

export interface FreezeResult {
  mappings: number
  bytes: number
}

export interface ThreadInfo {
  tid: number
  name: string
}

export interface DescriptorInfo {
  fd: number
  /** What /proc/self/fd says, for example `socket:[4026]` or `/var/log/x.log`. */
  target: string
  kind: 'file' | 'directory' | 'pipe' | 'socket' | 'device' | 'anonymous' | 'unknown'
}
