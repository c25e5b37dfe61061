import { memoryAdapters } from '../../../adapters/memory/index.js'
import { conformanceTests } from '../../../lib/testing/index.js'

describe('memory adapters', () => {
  conformanceTests({ test, afterAll }, () => memoryAdapters())
})
