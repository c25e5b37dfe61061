import { isThenable } from '../events/emitter.js'
import type { Adapters } from '../stores/index.js'
import type { Check, CheckContext, CheckResult, Report } from './check.js'
import { accessChecks } from './checks/access.js'
import { auditChecks } from './checks/audit.js'
import { decisionChecks } from './checks/decisions.js'
import { groupsOfChecks } from './checks/groups-of.js'
import { sharedIdChecks } from './checks/ids.js'
import { listingChecks } from './checks/listing.js'
import { memberPageChecks } from './checks/member-pages.js'
import { memberChecks } from './checks/members.js'
import { membershipChecks } from './checks/memberships.js'
import { outboxChecks } from './checks/outbox.js'
import { pendingChecks } from './checks/pending.js'
import { queryChecks } from './checks/queries.js'
import { refusalChecks } from './checks/refusals.js'
import { resourceChecks } from './checks/resources.js'
import { targetChecks } from './checks/target.js'
import { tenantChecks } from './checks/tenants.js'
import { tokenChecks } from './checks/tokens.js'
import { workspaceChecks } from './checks/workspaces.js'
import { freshScope } from './subject.js'

/** Every requirement on adapters. */
export const checks: readonly Check[] = [
  ...resourceChecks,
  ...sharedIdChecks,
  ...queryChecks,
  ...listingChecks,
  ...tenantChecks,
  ...memberChecks,
  ...memberPageChecks,
  ...membershipChecks,
  ...groupsOfChecks,
  ...outboxChecks,
  ...accessChecks,
  ...pendingChecks,
  ...auditChecks,
  ...workspaceChecks,
  ...refusalChecks,
  ...tokenChecks,
  ...targetChecks,
  ...decisionChecks,
]

/** Makes the adapters under test. Called once; checks use separate tenants. */
export type AdaptersFactory = () => Adapters | Promise<Adapters>

/** How to run checks. */
export interface RunOptions {
  /**
   * How long one check may take, in milliseconds, so that a store call that never ends does not
   * stop the kit. Default 60 000.
   */
  readonly timeoutMs?: number
}

const defaultTimeoutMs = 60_000

/**
 * Runs the checks one after the other and closes the adapters.
 *
 * @param selected the checks to run; default all
 */
export async function runConformance(
  factory: AdaptersFactory,
  selected: readonly Check[] = checks,
  options: RunOptions = {},
): Promise<Report> {
  const adapters = await factory()
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

/** Runs one check in its own tenants. It fails if it takes longer than `timeoutMs`. */
export async function runCheck(
  check: Check,
  adapters: Adapters,
  { timeoutMs = defaultTimeoutMs }: RunOptions = {},
): Promise<CheckResult> {
  if (!check.appliesTo(adapters)) return { check, outcome: 'notApplicable' }
  const context: CheckContext = { adapters, scope: freshScope(), otherScope: freshScope() }
  try {
    await inTime(check.run(context), timeoutMs)
    return { check, outcome: 'passed' }
  } catch (error) {
    return { check, outcome: 'failed', error: asError(error) }
  }
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
 */
export function conformanceTests(
  { test, afterAll }: TestRunner,
  factory: AdaptersFactory,
  options: RunOptions = {},
): void {
  const first = factory()
  // Prevents an unhandled rejection. The tests that await it report the failure.
  if (isThenable(first)) first.then(undefined, () => {})
  const known = isThenable(first) ? undefined : first
  const skipped: Check[] = []
  for (const check of checks) {
    const name = `${check.title} (${check.section}) [${check.level} ${check.id}]`
    if (known && test.skip && !check.appliesTo(known)) {
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
