import { memoryAdapters } from '../../adapters/memory/index.js'
import { checks, conformanceTests, runConformance } from '../../lib/testing/index.js'
import { defects } from './defects.js'
import { minimalAdapters } from './minimal-adapter.js'

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

  it.each(defects)('finds adapters that $name', async ({ breaks, make }) => {
    const selected = checks.filter(({ id }) => breaks.includes(id))
    const { results, conforms, summary } = await runConformance(make, selected)
    const failed = results.filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ check }) => check.id).sort()).toEqual([...breaks].sort())
    expect(conforms).toBe(failed.every(({ check }) => check.level !== 'MUST'))
    expect(summary.split('\n')).toHaveLength(breaks.length)
  })

  it('has a defect for every check', () => {
    const broken = new Set<string>(defects.flatMap(({ breaks }) => breaks))
    expect(checks.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([])
    expect([...broken].filter((id) => !checks.some((check) => check.id === id))).toEqual([])
  })
})
