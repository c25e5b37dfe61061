import { memoryAdapters } from '../../adapters/memory/index.js'
import {
  checks,
  conformanceTests,
  runCheck,
  runConformance,
  type TestRunner,
} from '../../lib/testing/index.js'

const adapters = memoryAdapters()
const run = (...given: unknown[]) => runConformance(...(given as [() => typeof adapters]))
const declare = (runner: unknown, factory: unknown, options?: object) => async () =>
  conformanceTests(runner as TestRunner, factory as () => typeof adapters, options)
const runner = { test: () => {}, afterAll: () => {} }

describe('the conformance kit, used wrongly', () => {
  it.each<[what: string, attempt: () => Promise<unknown>, message: string]>([
    [
      'adapters in place of a factory',
      () => run(adapters),
      'runConformance: the factory is not a function. Give a function that makes the adapters',
    ],
    ['nothing', () => run(), 'runConformance: the factory is not a function.'],
    [
      'a factory that returns nothing',
      () => run(() => undefined),
      'runConformance: the factory returned no adapters. Return them from it',
    ],
    [
      'a factory that returns users alone',
      () => run(() => ({ users: adapters.users })),
      'runConformance: adapters.groups has no create, get, query,',
    ],
    [
      'ids in place of checks',
      () => run(() => adapters, ['users.find']),
      'runConformance: what to run is not a check. Take it from `checks`',
    ],
    [
      'no time',
      () => run(() => adapters, checks, { timeoutMs: 0 }),
      'runConformance: option "timeoutMs" is 0. Give a whole number from 1 to 86400000.',
    ],
    [
      'an option that does not exist',
      () => run(() => adapters, checks, { timeout: 1 }),
      'Did you mean "timeoutMs"?',
    ],
    ['no check', () => runCheck(undefined as never, adapters), 'runCheck: what to run is not a'],
    ['a runner without functions', declare({}, () => adapters), 'has no test, afterAll. Give its'],
    [
      'no afterAll',
      declare({ test }, () => adapters),
      'conformanceTests: the test runner has no afterAll. Give its functions',
    ],
    [
      'adapters for tests',
      declare(runner, adapters),
      'conformanceTests: the factory is not a function.',
    ],
    [
      'incomplete adapters for tests',
      declare(runner, () => ({ ...adapters, audit: {} })),
      'conformanceTests: adapters.audit has no append, query.',
    ],
  ])('is refused with %s', async (_, attempt, message) => {
    const error = await attempt().then(
      () => undefined,
      (reason: Error) => reason,
    )
    expect(error?.message).toContain(message)
    expect(error).toMatchObject({ name: 'ConfigurationError' })
    expect(error).toMatchObject({
      code: expect.stringMatching(/^ERR_SCIM_(CONFORMANCE|ADAPTERS)$/),
    })
  })

  it('refuses a second instance that is incomplete', async () => {
    const [check] = checks.filter(({ needsInstance }) => needsInstance)
    const attempt = runCheck(check as NonNullable<typeof check>, adapters, {
      reopen: () => undefined as never,
    })
    await expect(attempt).rejects.toThrow('reopen: the factory returned no adapters.')
  })
})
