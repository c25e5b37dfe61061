// TEST_SUITE names a suite that needs more than Node: a folder of test/ with that name.
// `postgres` is the exception: it runs every *.sql.test.ts again, on a real PostgreSQL.
const suite = process.env.TEST_SUITE
const separateSuites = ['package', 'nodes', 'postgres', 'browser', 'label-studio', 'scim2-tester']

const testMatch = {
  [suite]: [`<rootDir>/test/${suite}/**/*.test.ts`],
  postgres: ['<rootDir>/test/**/*.sql.test.ts', '<rootDir>/test/postgres/**/*.test.ts'],
  undefined: ['<rootDir>/test/**/*.test.ts'],
}

export default {
  testEnvironment: 'node',
  testMatch: testMatch[suite],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...separateSuites.filter((name) => name !== suite).map((name) => `<rootDir>/test/${name}/`),
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/.cache/'],
  transform: {
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
    '^label-studio-scim/(settings|testing)$': '<rootDir>/lib/$1/index.ts',
    '^label-studio-scim/adapters/(.+)$': '<rootDir>/adapters/$1/index.ts',
  },
  testTimeout: suite === undefined ? 10_000 : 120_000,
}
