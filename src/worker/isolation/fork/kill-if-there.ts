/** SIGKILL to a process that may have ended already. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended meanwhile, or has become somebody else's by a setuid program.
    const { code } = error as { code?: string }
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
