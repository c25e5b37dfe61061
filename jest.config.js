import fs from 'node:fs'
import { separateSuites } from './test/support/suites-reporter.js'

// TEST_SUITE names a suite that needs more than Node: a folder of test/.
// `postgres` also runs every *.sql.test.ts again, on a real PostgreSQL.
const suite = process.env.TEST_SUITE
const folderTests = `<rootDir>/test/${suite}/**/*.test.ts`
const withPostgres = ['postgres', 'model', 'races', 'fuzz']
const testMatch = {
  undefined: ['<rootDir>/test/**/*.test.ts'],
  postgres: [folderTests, '<rootDir>/test/**/*.sql.test.ts'],
}

export default {
  testEnvironment: 'node',
  // Not the whole tree: .cache holds environments of a hundred thousand files.
  roots: ['lib', 'adapters', 'examples', 'test'].filter((folder) => fs.existsSync(folder)),
  testMatch: testMatch[suite] ?? [folderTests],
  testPathIgnorePatterns: Object.keys(separateSuites)
    .filter((name) => name !== suite)
    .map((name) => `<rootDir>/test/${name}/`),
  transform: {
    '/page/assets/': '<rootDir>/test/support/read-as-text.cjs',
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^label-studio-scim$': '<rootDir>/lib/index.ts',
    '^label-studio-scim/(adapter|settings|testing)$': '<rootDir>/lib/$1/index.ts',
    '^label-studio-scim/adapters/(.+)$': '<rootDir>/adapters/$1/index.ts',
  },
  setupFiles: ['<rootDir>/test/support/property-seed.cjs'],
  reporters: ['default', '<rootDir>/test/support/suites-reporter.js'],
  ...(withPostgres.includes(suite) && {
    globalSetup: '<rootDir>/test/support/postgres-server.ts',
    globalTeardown: '<rootDir>/test/support/postgres-tear-down.ts',
  }),
  // Jest leaves one core out otherwise: on two, tests would take twice as long.
  maxWorkers: '100%',
  // A process keeps something of each test file that it has run, and gets slower with each one.
  // Beyond this, the next file gets a new process.
  workerIdleMemoryLimit: '400MB',
  // Ends a test that hangs. A test that says how fast something is measures it itself.
  testTimeout: suite === undefined ? 60_000 : 300_000,
}
