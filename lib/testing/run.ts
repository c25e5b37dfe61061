import type { Adapters } from '../stores/index.js'
import type { Check, CheckContext, CheckResult, Report } from './check.js'
import { accessChecks } from './checks/access.js'
import { alongsideChecks } from './checks/alongside.js'
import { auditChecks } from './checks/audit.js'
import { memberChecks } from './checks/members.js'
import { pendingChecks } from './checks/pending.js'
import { queryChecks } from './checks/queries.js'
import { resourceChecks } from './checks/resources.js'
import { targetChecks } from './checks/target.js'
import { tenantChecks } from './checks/tenants.js'
import { freshScope } from './subject.js'

/** Every requirement on adapters. */
export const checks: readonly Check[] = [
  ...resourceChecks,
  ...queryChecks,
  ...tenantChecks,
  ...memberChecks,
  ...alongsideChecks,
  ...accessChecks,
  ...pendingChecks,
  ...auditChecks,
  ...targetChecks,
]

/** Makes the adapters under test. Called once; tenants keep the checks apart. */
export type AdaptersFactory = () => Adapters | Promise<Adapters>

/**
 * Runs every check, one after the other, and closes the adapters.
 *
 * @param selected the checks to run; default all
 */
export async function runConformance(
  factory: AdaptersFactory,
  selected: readonly Check[] = checks,
): Promise<Report> {
  const adapters = await factory()
  const results: CheckResult[] = []
  for (const check of selected) results.push(await runCheck(check, adapters))
  await adapters.close?.()
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  return {
    results,
    conforms: failed.every(({ check }) => check.level !== 'MUST'),
    summary: failed.map(lineOf).join('\n'),
  }
}

/** Runs one check in tenants of its own. */
export async function runCheck(check: Check, adapters: Adapters): Promise<CheckResult> {
  if (!check.appliesTo(adapters)) return { check, outcome: 'notApplicable' }
  const context: CheckContext = { adapters, scope: freshScope(), otherScope: freshScope() }
  try {
    await check.run(context)
    return { check, outcome: 'passed' }
  } catch (error) {
    return { check, outcome: 'failed', error: asError(error) }
  }
}

/** The functions of a test runner that {@link conformanceTests} needs: those of Jest, Vitest or `node:test`. */
export interface TestRunner {
  readonly test: (name: string, run: () => Promise<void>) => unknown
  readonly afterAll: (run: () => Promise<void>) => unknown
}

/**
 * Declares one test for each check with a test runner. Checks that do not apply pass, as they require nothing; the name of
 * a test ends with the check's level and id.
 *
 * @example conformanceTests({ test, afterAll }, () => myAdapters())
 */
export function conformanceTests({ test, afterAll }: TestRunner, factory: AdaptersFactory): void {
  let made: Promise<Adapters> | undefined
  const adapters = () => {
    made ??= Promise.resolve(factory())
    return made
  }
  for (const check of checks) {
    test(`${check.title} (${check.section}) [${check.level} ${check.id}]`, async () => {
      const { error } = await runCheck(check, await adapters())
      if (error !== undefined) throw error
    })
  }
  afterAll(async () => (await made)?.close?.())
}

function lineOf({ check, error }: CheckResult): string {
  return `${check.level} ${check.id}: ${check.title} (${check.section}). ${error?.message ?? ''}`
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
