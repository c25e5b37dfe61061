/** The code to mutate, and the tests that should notice (folders or files below `test`). */
export const areas = {
  mapping: { mutate: ['lib/mapping/**/*.ts'], tests: ['mapping'] },
  filter: {
    mutate: ['lib/filter/**/*.ts'],
    tests: ['filter', 'sort', 'protocol/query.test.ts'],
  },
  patch: {
    mutate: ['lib/patch/**/*.ts'],
    tests: [
      'patch',
      'protocol/patch.test.ts',
      'protocol/use-cases.test.ts',
      'protocol/unknown-names.test.ts',
      'protocol/values.test.ts',
      'protocol/hostile-input.test.ts',
    ],
  },
  schema: {
    mutate: ['lib/schema/**/*.ts'],
    tests: ['schema', 'filter', 'patch', 'protocol/discovery.test.ts', 'protocol/create.test.ts'],
  },
  gate: {
    mutate: ['lib/gate/**/*.ts'],
    tests: [
      'gate',
      'policy/in-force.test.ts',
      'policy/report-mode.test.ts',
      'policy/asking.test.ts',
      'policy/references.test.ts',
    ],
  },
  adoption: {
    mutate: [
      'lib/access/exemption.ts',
      'lib/access/protection.ts',
      'adapters/label-studio/accounts/adoption.ts',
      'adapters/label-studio/accounts/exemptions.ts',
      'adapters/label-studio/accounts/links.ts',
    ],
    tests: [
      'adapters/label-studio/adoption.test.ts',
      'access/protection.test.ts',
      'protocol/protection.test.ts',
    ],
  },
}
