import {
  type AccessStore,
  type ImportState,
  noteImport,
  type Scope,
  stopwatch,
} from '../../../lib/adapter/index.js'

const everyMs = 1_000

/** Called after each account, with the total number. */
export type ImportStep = (done: number, total: number) => Promise<void>

/**
 * Runs an import and stores its progress: at the start, about once a second, and at the end. If
 * storing a failure fails as well, that is ignored.
 */
export async function withProgress<T>(
  access: AccessStore,
  scope: Scope,
  run: (step: ImportStep) => Promise<T>,
  listener: (state: ImportState) => void = () => {},
): Promise<T> {
  const startedAt = new Date().toISOString()
  let counts: Pick<ImportState, 'done' | 'total'> = { done: 0 }
  let sinceNote = stopwatch()
  const note = async (outcome?: NonNullable<ImportState['outcome']>) => {
    sinceNote = stopwatch()
    const at = new Date().toISOString()
    const state = { startedAt, at, ...counts, ...(outcome && { outcome }) }
    await noteImport(access, scope, state)
    listener(state)
  }
  try {
    await note()
    const result = await run(async (done, total) => {
      counts = { done, total }
      if (sinceNote() >= everyMs) await note()
    })
    await note('succeeded')
    return result
  } catch (error) {
    await note('failed').catch(() => {})
    throw error
  }
}
