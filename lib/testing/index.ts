/**
 * The conformance kit for people who write an adapter: every requirement of the store interfaces as
 * a check that needs no particular test runner.
 */
export { checks } from './all-checks.js'
export type { Check, CheckContext, CheckResult, Level, Report } from './check.js'
export type { AdaptersFactory, RunOptions } from './input.js'
export {
  conformanceTests,
  type DeclareTest,
  runCheck,
  runConformance,
  type TestContext,
  type TestRunner,
} from './run.js'
