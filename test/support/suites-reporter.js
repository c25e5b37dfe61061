import fs from 'node:fs'

/**
 * The requirements of each suite besides the default one. The names are folders of test/ and values
 * of TEST_SUITE.
 */
export const separateSuites = {
  package: 'the package registry',
  nodes: 'the package registry',
  postgres: 'PostgreSQL',
  model: 'PostgreSQL',
  races: 'PostgreSQL',
  crash: 'PostgreSQL',
  fuzz: 'PostgreSQL',
  faults: 'PostgreSQL, Linux, and root for a small disk',
  browser: 'Chromium',
  'label-studio': 'Python and Label Studio',
  'scim2-tester': 'Python and scim2-tester',
  timing: 'a machine that does nothing else',
  clients: 'Python, JDK 17, Maven and Label Studio',
}

/**
 * Prints at the end of `npm test` which suites did not run. Writes the totals of any suite to the
 * file that TEST_RESULTS names, one JSON line each, for .ci/run.
 */
export default class SuitesReporter {
  #globalConfig

  constructor(globalConfig) {
    this.#globalConfig = globalConfig
  }

  onRunComplete(_contexts, results) {
    const suite = process.env.TEST_SUITE
    const { testPathPatterns, testNamePattern } = this.#globalConfig
    const isWhole = !testNamePattern && !testPathPatterns?.patterns?.length
    if (suite === undefined && isWhole) process.stderr.write(notRun())
    if (process.env.TEST_RESULTS) appendTotals(process.env.TEST_RESULTS, suite, results)
  }
}

function notRun() {
  const list = Object.entries(separateSuites).map(([name, needs]) => `test:${name} (${needs})`)
  return `Not run here, each with a command of its own: ${list.join(', ')}. All of them: .ci/run\n`
}

/** Titles of checks of the conformance kit. It skips checks that do not apply to an adapter. */
const kitCheck = /\[(?:MUST|SHOULD|MAY) [\w.]+\]$/

/** Whether a test was skipped that should have run. */
function isSkipped({ status, title }) {
  return ['pending', 'todo', 'skipped', 'disabled'].includes(status) && !kitCheck.test(title)
}

function appendTotals(file, suite = 'default', results) {
  const totals = {
    suite,
    passed: results.numPassedTests,
    // A file that fails to load counts as a failure, although it has no tests.
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.testResults.flatMap(({ testResults }) => testResults).filter(isSkipped).length,
  }
  fs.appendFileSync(file, `${JSON.stringify(totals)}\n`)
}
