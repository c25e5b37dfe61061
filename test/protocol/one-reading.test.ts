import { memoryAdapters } from '../../adapters/memory/index.js'
import { oneReadingSuite } from './one-reading-suite.js'

describe('one reading of values, in memory', () => oneReadingSuite(() => memoryAdapters(), 100))
