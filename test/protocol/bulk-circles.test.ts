import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from './adapters.js'
import { circleSuite } from './circle-suite.js'

describe('a circle of a bulk request, in memory', () => circleSuite(memoryAdapters, 100))
describe('a circle of a bulk request, on a host of five methods', () =>
  circleSuite(minimalAdapters, 50))
