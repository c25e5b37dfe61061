import { estimateProgress, progressText } from 'label-studio-scim/settings'

const everyMs = 5_000

/** The progress of long work. */
export interface Step {
  readonly done: number
  readonly total: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

/**
 * Prints progress to stderr about every five seconds. Short work prints nothing.
 *
 * @param what what is counted: `Import of accounts`
 */
export function progressPrinter(
  what: string,
  print: (line: string) => void = console.error,
): (step: Step) => void {
  let toldAt = 0
  return ({ done, total, startedAt }) => {
    const now = Date.now()
    if (now - Math.max(toldAt, startedAt) < everyMs) return
    toldAt = now
    print(`${what}: ${progressText(estimateProgress({ startedAt, total }, done, now))}`)
  }
}
