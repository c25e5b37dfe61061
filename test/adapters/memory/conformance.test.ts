import { memoryAdapters } from '../../../adapters/memory/index.js'
import { conformanceTests } from '../../../lib/testing/index.js'

describe('memory adapters', () => {
  const skipped: string[] = []
  const declare = Object.assign((...args: Parameters<typeof test>) => test(...args), {
    skip: (name: string, run: () => Promise<void>) => {
      skipped.push(name)
      test.skip(name, run)
    },
  })
  conformanceTests({ test: declare, afterAll }, () => memoryAdapters())

  it('leave out no check but those of what they do not declare', () => {
    const others = skipped.filter(
      (name) => !/\.supports\.\w+\]$|members\.replaceWhole\]$/.test(name),
    )
    expect([others, skipped.length]).toEqual([[], 10])
  })
})
