import { memoryAdapters } from '../../adapters/memory/index.js'
import { roundTripSuite } from './round-trip-suite.js'

describe('round trips, in memory', () => roundTripSuite(() => memoryAdapters(), 80))
