/** Codes of the warnings that are left out now. */
const quiet = new Set<string>()

/**
 * Prints each process warning as one line, instead of Node's form with the name of a class and
 * advice for developers.
 */
export function printWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ message, code }: Error & { code?: string }) => {
    if (code === undefined || !quiet.has(code)) process.stderr.write(`WARNING: ${message}\n`)
  })
}

/** Leaves out warnings of this code during `work`, which says the same. */
export async function withoutWarnings<T>(code: string, work: () => Promise<T>): Promise<T> {
  quiet.add(code)
  try {
    return await work()
  } finally {
    // Node emits a warning a moment after it was made.
    setImmediate(() => quiet.delete(code))
  }
}
