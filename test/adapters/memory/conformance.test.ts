import { memoryAdapters } from '../../../adapters/memory/index.js'
import { checks, conformanceTests } from '../../../lib/testing/index.js'

describe('memory adapters', () => {
  conformanceTests({ test, afterAll }, () => memoryAdapters())

  it('leave out no check but those of what they do not declare', () => {
    const adapters = memoryAdapters()
    const leftOut = checks.filter((check) => !check.appliesTo(adapters)).map(({ id }) => id)
    const others = leftOut.filter((id) => !/\.supports\.\w+$|^members\.replaceWhole$/.test(id))
    expect([others, leftOut.length]).toEqual([['pending.finish'], 11])
  })
})
