/**
 * Milliseconds of processor time that some work takes in this process, the least of three runs. The
 * time on the wall tells little where other programs run beside the tests.
 */
export function cpuMs(work: () => unknown): number {
  return Math.min(...[1, 2, 3].map(() => spent(work)))
}

/**
 * The same for one run of work that waits, with everything else that runs in this process
 * meanwhile.
 */
export async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  return msSince(before)
}

function spent(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  return msSince(before)
}

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
