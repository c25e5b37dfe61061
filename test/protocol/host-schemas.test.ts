import { memoryAdapters } from '../../adapters/memory/index.js'
import { hostSchemasSuite } from './host-schemas-suite.js'

describe('the schemas of a host, in memory', () => hostSchemasSuite(() => memoryAdapters()))
