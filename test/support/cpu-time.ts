/**
 * Milliseconds of CPU time that the work takes in this process, the least of three runs. Elapsed
 * time tells little when other programs run beside the tests.
 */
export function cpuMs(work: () => unknown): number {
  return Math.min(...[1, 2, 3].map(() => spent(work)))
}

/**
 * CPU time of one run of asynchronous work, including everything else this process does meanwhile.
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
