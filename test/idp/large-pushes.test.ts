import { largePushSuite } from './large-pushes.js'

describe('a group of 50 000 people in memory', () => largePushSuite(() => 'memory'))
