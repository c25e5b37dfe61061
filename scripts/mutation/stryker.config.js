// Used by mutation.js, which says what is mutated and which tests run.
const { MUTATE: place = '', MUTATION_REPORT: report = 'build/mutation' } = process.env
const name = place.replaceAll('/', '-')

export default {
  testRunner: 'in-process',
  plugins: ['./scripts/mutation/in-process.js'],
  mutate: [`${place}/**/*.ts`],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  incremental: true,
  incrementalFile: `${report}/${name}.incremental.json`,
  // Only rewrites paths, and does not know the TypeScript that is installed.
  tsconfigFile: 'none.json',
  ignorePatterns: ['.cache', 'dist', 'build', 'data', 'docs', 'coverage'],
  tempDirName: `${report}/sandbox`,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
  jsonReporter: { fileName: `${report}/${name}.json` },
  allowConsoleColors: false,
}
