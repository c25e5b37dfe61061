/**
 * Clocks can be set, forward and back, and differ between machines. So each question about time has
 * one way to be answered, and none trusts what a clock said when it was wrong:
 *
 * - How long to wait: timers and `performance.now()`, which nobody sets.
 * - How old something is that this process keeps: {@link stopwatch}.
 * - When something happened or ends, for people and for other processes: a date by `clock`. A
 *   stored end is read with {@link isAhead}.
 */

/**
 * Returns how many milliseconds have passed since now. `performance.now()` stands still while the
 * machine is suspended, and the other clock may be set back: the longer of both counts, so that
 * nothing is kept for longer than it should.
 */
export function stopwatch(clock: () => number = () => Date.now()): () => number {
  const [steady, wall] = [performance.now(), clock()]
  return () => Math.max(performance.now() - steady, clock() - wall)
}

/** By how much the clocks of two machines may differ without any effect. */
const toleranceMs = 300_000

/**
 * Whether a stored end is still to come, if it was at most `longestMs` ahead when it was stored. An
 * end further ahead comes from a clock that was wrong, and counts as over.
 */
export function isAhead(end: number, now: number, longestMs: number): boolean {
  return end > now && end - now <= longestMs + toleranceMs
}

/** Whether something happened within the last `ms`, also by a clock that is ahead by as much. */
export function isRecent(at: number, now: number, ms: number): boolean {
  return Math.abs(now - at) < ms
}
