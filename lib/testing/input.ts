import { callback, optionTable, type Resolved, whole } from '../configuration/option.js'
import { readOptions } from '../configuration/read-options.js'
import { ConfigurationError } from '../errors.js'
import { isObject } from '../schema/json.js'
import { checkAdapters } from '../stores/check-adapters.js'
import type { Adapters } from '../stores/index.js'

/** Makes the adapters under test. Called once; checks use separate tenants. */
export type AdaptersFactory = () => Adapters | Promise<Adapters>

/** How to run checks. */
export interface RunOptions {
  /**
   * How long one check may take, in milliseconds, so that a store call that never ends does not
   * stop the kit. Default 60 000.
   */
  readonly timeoutMs?: number
  /**
   * Makes a second instance on the storage of the adapters under test, as another process would.
   * Called for each check that compares two instances, and closed after it. Without it, those
   * checks do not run.
   */
  readonly reopen?: AdaptersFactory
}

const table = optionTable<RunOptions>()('runConformance', 'ERR_SCIM_CONFORMANCE', {
  timeoutMs: { type: whole(1, 86_400_000), default: 60_000 },
  reopen: { type: callback<AdaptersFactory>(), shown: 'none' },
})

/** The options of the kit, with every default filled in. */
export function runOptions(
  caller: string,
  given: RunOptions,
): Resolved<RunOptions, typeof table.rows> {
  return readOptions({ ...table, factory: caller }, given)
}

/** Refuses adapters in place of the function that makes them. */
export function requireFactory(caller: string, factory: unknown): void {
  if (typeof factory === 'function') return
  throw wrong(
    caller,
    'the factory is not a function',
    'Give a function that makes the adapters, e.g. () => memoryAdapters()',
  )
}

/** Refuses anything but checks of this package. */
export function requireChecks(caller: string, selected: unknown): void {
  const isCheck = (each: unknown) => isObject(each) && typeof each['run'] === 'function'
  if (Array.isArray(selected) && selected.every(isCheck)) return
  throw wrong(
    caller,
    'what to run is not a check',
    "Take it from `checks`, e.g. checks.filter(({ id }) => id.startsWith('users.'))",
  )
}

/** Refuses a test runner without its functions. */
export function requireRunner(caller: string, runner: unknown): void {
  const missing = ['test', 'afterAll'].filter(
    (name) => !isObject(runner) || typeof runner[name] !== 'function',
  )
  if (missing.length === 0) return
  throw wrong(
    caller,
    `the test runner has no ${missing.join(', ')}`,
    'Give its functions, e.g. { test, afterAll }, or { test, afterAll: after } of node:test',
  )
}

/**
 * The adapters, if they are complete.
 *
 * @throws ConfigurationError `ERR_SCIM_CONFORMANCE` if there are none, `ERR_SCIM_ADAPTERS` if a
 *   store lacks a method
 */
export function checkedAdapters(caller: string, adapters: Adapters | undefined): Adapters {
  if (!isObject(adapters)) {
    throw wrong(
      caller,
      'the factory returned no adapters',
      'Return them from it, e.g. () => memoryAdapters()',
    )
  }
  checkAdapters(caller, adapters)
  return adapters
}

function wrong(caller: string, problem: string, fix: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_CONFORMANCE', `${caller}: ${problem}. ${fix}.`)
}
