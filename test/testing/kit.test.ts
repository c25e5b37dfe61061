import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import { checks, conformanceTests, runCheck, runConformance } from '../../lib/testing/index.js'
import { defects } from './defects.js'
import { dueDefects } from './end-defects.js'

describe('the minimal adapter', () => {
  conformanceTests({ test, afterAll }, () => minimalAdapters())
})

describe('the conformance kit', () => {
  it('has checks with unique ids, each with a title, a section and a level', () => {
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
    for (const { title, section, level } of checks) {
      expect([title, section].every((text) => text.length > 3)).toBe(true)
      expect(['MUST', 'SHOULD', 'MAY']).toContain(level)
    }
  })

  it('reports that the memory adapters conform, and which checks say nothing about others', async () => {
    const report = await runConformance(() => memoryAdapters())
    expect(report.summary).toBe('')
    expect(report.conforms).toBe(true)
    const minimal = await runConformance(() => minimalAdapters())
    expect(minimal.summary).toBe('')
    const notApplicable = minimal.results.filter(({ outcome }) => outcome === 'notApplicable')
    expect(notApplicable.map(({ check }) => check.id)).toEqual(
      expect.arrayContaining(['users.query.filter', 'members.change', 'access.rules']),
    )
  })

  it.each(defects)('finds adapters that $name', async ({ breaks, make, reopen }) => {
    const selected = checks.filter(({ id }) => breaks.includes(id))
    const adapters = make()
    const { results, conforms, summary } = await runConformance(() => adapters, selected, {
      timeoutMs: 2_000,
      ...(reopen && { reopen: () => reopen(adapters) }),
    })
    const failed = results.filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ check }) => check.id).sort()).toEqual([...breaks].sort())
    expect(conforms).toBe(failed.every(({ check }) => check.level !== 'MUST'))
    expect(summary.split('\n')).toHaveLength(breaks.length)
  })

  it('lets each check pass alone, beside another instance', async () => {
    const failed: string[] = []
    for (const check of checks) {
      const adapters = memoryAdapters()
      const { error } = await runCheck(check, adapters, { reopen: () => adapters })
      if (error) failed.push(`${check.id}: ${error.message}`)
    }
    expect(failed).toEqual([])
  })

  it('finds alone what it finds together with other checks', async () => {
    const missed: string[] = []
    for (const { name, breaks, make, reopen } of defects) {
      for (const check of checks.filter(({ id }) => breaks.includes(id))) {
        const adapters = make()
        const options = { timeoutMs: 2_000, ...(reopen && { reopen: () => reopen(adapters) }) }
        const { outcome } = await runCheck(check, adapters, options)
        if (outcome !== 'failed') missed.push(`${check.id} of adapters that ${name}`)
      }
    }
    expect(missed).toEqual([])
  })

  it.each(dueDefects)('finds in a full run adapters that $name', async ({ breaks, make }) => {
    const { results } = await runConformance(make)
    const failed = results.filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ check }) => check.id)).toEqual(breaks)
  })

  it('shows checks that do not apply as skipped', async () => {
    const declared: string[] = []
    const skipped: string[] = []
    const skip = (name: string) => skipped.push(name)
    const runner = Object.assign((name: string) => declared.push(name), { skip })
    conformanceTests({ test: runner, afterAll: () => {} }, () => minimalAdapters())
    expect(declared.length + skipped.length).toBe(checks.length)
    const adapters = minimalAdapters()
    const runs = checks.filter((check) => check.appliesTo(adapters) && !check.needsInstance)
    expect(declared).toHaveLength(runs.length)
    expect(skipped.length).toBeGreaterThan(40)
  })

  it('lets a test skip itself where adapters are known only later, or lists it at the end', async () => {
    const bodies: ((context?: { skip?: (reason?: string) => unknown }) => Promise<void>)[] = []
    const ends: (() => Promise<void>)[] = []
    const test = (_: string, run: (typeof bodies)[number]) => bodies.push(run)
    const afterAll = (run: () => Promise<void>) => ends.push(run)
    conformanceTests({ test, afterAll }, async () => minimalAdapters())
    const index = checks.findIndex(({ id }) => id === 'access.rules')
    let reason: string | undefined
    await bodies[index]?.({ skip: (given) => (reason = given) })
    expect(reason).toBe('It says nothing about these adapters.')
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    await bodies[index]?.()
    for (const end of ends) await end()
    const [message] = warn.mock.calls[0] ?? []
    warn.mockRestore()
    expect(message).toMatch(/^1 of \d+ checks .* did not run: access\.rules\.$/)
  })

  it('has a defect for every check', () => {
    const broken = new Set<string>(defects.flatMap(({ breaks }) => breaks))
    expect(checks.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([])
    expect([...broken].filter((id) => !checks.some((check) => check.id === id))).toEqual([])
  })
})
