/**
 * The conformance kit for people who write an adapter: every requirement of the store interfaces as
 * a check that needs no particular test runner.
 */
export type { Check, CheckContext, CheckResult, Level, Report } from './check.js'
export {
  type AdaptersFactory,
  checks,
  conformanceTests,
  type DeclareTest,
  type RunOptions,
  runCheck,
  runConformance,
  type TestContext,
  type TestRunner,
} from './run.js'
