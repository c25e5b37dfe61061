// See docs/reliability.md. `MUTATE` names an area of areas.js.
import { areas } from './areas.js'

const { MUTATE: area = '', MUTATION_REPORT: report = 'build/mutation' } = process.env
const { mutate, tests } = areas[area] ?? {}
if (!mutate) throw new Error(`Set MUTATE to one of ${Object.keys(areas).join(', ')}.`)
process.env.MUTATION_TESTS ??= tests.join()

export default {
  testRunner: 'in-process',
  plugins: ['./scripts/mutation/in-process.js'],
  mutate,
  coverageAnalysis: 'perTest',
  concurrency: 1,
  incremental: true,
  incrementalFile: `${report}/${area}.incremental.json`,
  // Stryker would only rewrite paths in it, and does not support the installed TypeScript.
  tsconfigFile: 'none.json',
  ignorePatterns: ['.cache', 'dist', 'build', 'data', 'docs', 'coverage'],
  tempDirName: `${report}/sandbox-${area}`,
  timeoutMS: 20_000,
  reporters: ['survivors', 'clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
  jsonReporter: { fileName: `${report}/${area}.json` },
  allowConsoleColors: false,
}
