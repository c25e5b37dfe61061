import { memoryAdapters } from '../../adapters/memory/index.js'
import { largeGroups } from './large-groups-suite.js'

describe('a group with thousands of members, in memory', () =>
  largeGroups(async () => memoryAdapters()))
