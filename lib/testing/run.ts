import { isThenable } from '../events/emitter.js'
import type { Adapters } from '../stores/index.js'
import { checks } from './all-checks.js'
import type { Check, CheckContext, CheckResult, Report } from './check.js'
import {
  type AdaptersFactory,
  checkedAdapters,
  type RunOptions,
  requireChecks,
  requireFactory,
  requireRunner,
  runOptions,
} from './input.js'
import { freshScope } from './subject.js'
import { endPendingWork } from './tidy.js'

/**
 * Runs the checks one after the other and closes the adapters.
 *
 * @param selected the checks to run; default all
 * @throws ConfigurationError `ERR_SCIM_CONFORMANCE` naming the argument and the fix
 */
export async function runConformance(
  factory: AdaptersFactory,
  selected: readonly Check[] = checks,
  options: RunOptions = {},
): Promise<Report> {
  const caller = 'runConformance'
  requireFactory(caller, factory)
  requireChecks(caller, selected)
  runOptions(caller, options)
  const adapters = checkedAdapters(caller, await factory())
  const results: CheckResult[] = []
  for (const check of selected) results.push(await runCheck(check, adapters, options))
  await adapters.close?.()
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  return {
    results,
    conforms: failed.every(({ check }) => check.level !== 'MUST'),
    summary: failed.map(lineOf).join('\n'),
  }
}

/**
 * Runs one check in its own tenants. It fails if it takes longer than `timeoutMs`.
 *
 * @throws ConfigurationError `ERR_SCIM_CONFORMANCE` naming the argument and the fix
 */
export async function runCheck(
  check: Check,
  adapters: Adapters,
  options: RunOptions = {},
): Promise<CheckResult> {
  const caller = 'runCheck'
  requireChecks(caller, [check])
  const { timeoutMs, reopen } = runOptions(caller, options)
  checkedAdapters(caller, adapters)
  if (!appliesTo(check, adapters, options)) return { check, outcome: 'notApplicable' }
  const scopes = { scope: freshScope(), otherScope: freshScope() }
  const instance = check.needsInstance && checkedAdapters('reopen', await reopen?.())
  const context: CheckContext = { adapters, ...scopes, ...(instance && { instance }) }
  try {
    await inTime(check.run(context), timeoutMs)
    return { check, outcome: 'passed' }
  } catch (error) {
    return { check, outcome: 'failed', error: asError(error) }
  } finally {
    const end = endPendingWork(adapters, Object.values(scopes))
    // What a broken store cannot end is no requirement; other checks tell of it.
    await inTime(end, timeoutMs).catch(() => {})
    await instance?.close?.()
  }
}

function appliesTo(check: Check, adapters: Adapters, { reopen }: RunOptions): boolean {
  return check.appliesTo(adapters) && (!check.needsInstance || reopen !== undefined)
}

async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const late = new Error(`The check did not end within ${timeoutMs} ms: a store call never ends.`)
    timer = setTimeout(() => reject(late), timeoutMs)
  })
  try {
    await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** The argument with which `node:test` and Vitest let a test skip itself. */
export interface TestContext {
  readonly skip?: (reason?: string) => unknown
}

/** Declares a test; `skip` declares a skipped test. */
export interface DeclareTest {
  (name: string, run: (context?: TestContext) => Promise<void>): unknown
  readonly skip?: (name: string, run: () => Promise<void>) => unknown
}

/**
 * The functions of a test runner that {@link conformanceTests} needs, from Jest, Vitest or
 * `node:test`.
 */
export interface TestRunner {
  readonly test: DeclareTest
  readonly afterAll: (run: () => Promise<void>) => unknown
}

/**
 * Declares one test for each check. The name of a test ends with the level and id of the check.
 *
 * Checks that do not apply to the adapters are shown as skipped. They are declared as skipped if
 * the factory returns adapters. If it returns a promise, the tests skip themselves; where the
 * runner does not support that, as in Jest, a warning lists them at the end. The factory is called
 * immediately.
 *
 * @example conformanceTests({ test, afterAll }, () => myAdapters())
 *
 * @throws ConfigurationError `ERR_SCIM_CONFORMANCE` naming the argument and the fix
 */
export function conformanceTests(
  runner: TestRunner,
  factory: AdaptersFactory,
  options: RunOptions = {},
): void {
  const caller = 'conformanceTests'
  requireRunner(caller, runner)
  requireFactory(caller, factory)
  runOptions(caller, options)
  const { test, afterAll } = runner
  const made = factory()
  const first = isThenable(made)
    ? made.then((adapters) => checkedAdapters(caller, adapters))
    : checkedAdapters(caller, made)
  // Prevents an unhandled rejection. The tests that await it report the failure.
  if (isThenable(first)) first.then(undefined, () => {})
  const known = isThenable(first) ? undefined : first
  const skipped: Check[] = []
  for (const check of checks) {
    const name = `${check.title} (${check.section}) [${check.level} ${check.id}]`
    if (known && test.skip && !appliesTo(check, known, options)) {
      test.skip(name, async () => {})
      continue
    }
    // Jest passes a callback to a function that declares a parameter.
    test(name, async (...[context]) => {
      const { error, outcome } = await runCheck(check, await first, options)
      if (error !== undefined) throw error
      if (outcome !== 'notApplicable') return
      if (context?.skip) context.skip('It says nothing about these adapters.')
      else skipped.push(check)
    })
  }
  afterAll(async () => {
    await (await first).close?.()
    if (skipped.length > 0) warnOfSkipped(skipped)
  })
}

function warnOfSkipped(skipped: readonly Check[]): void {
  const ids = skipped.map(({ id }) => id).join(', ')
  process.emitWarning(
    `${skipped.length} of ${checks.length} checks say nothing about these adapters and did ` +
      `not run: ${ids}.`,
    'ConformanceWarning',
  )
}

function lineOf({ check, error }: CheckResult): string {
  return `${check.level} ${check.id}: ${check.title} (${check.section}). ${error?.message ?? ''}`
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
