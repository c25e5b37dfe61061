import { memoryAdapters } from '../../adapters/memory/index.js'
import { passedOverSuite } from './passed-over-suite.js'

describe('what is passed over, in memory', () => passedOverSuite(() => memoryAdapters()))
