import { fuzzSuite } from './fuzz-suite.js'

fuzzSuite(['SQLite', 'PostgreSQL'])
