// A test runner for Stryker that loads the test files once and then runs the tests that reach a
// mutant in the same process. That takes milliseconds; Jest takes seconds, because it starts again
// for each mutant. It supports only the Jest features that our tests of pure modules and of HTTP
// use.
import fs from 'node:fs'
import Module, { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The folder of the mutated copy. Stryker changes to it after loading this file. */
let root
let require
const testTimeoutMs = 5_000
/** Limits the cases of a property test, the same for each mutant: thousands would take hours. */
const mostRuns = 25
/**
 * Slower tests are skipped. A mutant that only they would find counts as survived. The time is CPU
 * time or, for tests that wait, a fifth of the elapsed time. A static mutant changes code that runs
 * while files load, so it would otherwise run every test.
 */
const slowMs = Number(process.env.MUTATION_SLOW_MS ?? 500)
const slowForStaticMs = Number(process.env.MUTATION_STATIC_MS ?? 20)
/** Read by Stryker's instrumentation in mutated files. */
globalThis.__stryker__ ??= {}
const namespace = globalThis.__stryker__

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', factory: createRunner },
  { kind: 'Reporter', name: 'survivors', factory: createReporter },
]

/** Prints each survivor immediately, so that a run that is stopped is still useful. */
function createReporter() {
  return {
    onMutantTested({ status, fileName, location, mutatorName, replacement }) {
      if (status !== 'Survived' && status !== 'NoCoverage') return
      const { line, column } = location.start
      const place = `${path.relative(process.cwd(), fileName)}:${line}:${column}`
      process.stdout.write(`${place} ${status} ${mutatorName}: ${replacement.slice(0, 200)}\n`)
    },
  }
}

function createRunner() {
  let tests
  const times = new Map()
  return {
    capabilities: () => ({ reloadEnvironment: true }),
    async init() {
      process.env.NODE_ENV = 'test'
      root = process.cwd()
      require = createRequire(path.join(root, 'package.json'))
      compileTypeScript()
      boundProperties()
    },
    async dryRun() {
      namespace.mutantCoverage = { static: {}, perTest: {} }
      tests = load()
      const results = await run(tests)
      const { mutantCoverage } = namespace
      for (const { id, timeSpentMs } of results) {
        if (timeSpentMs > slowMs) delete mutantCoverage.perTest[id]
        times.set(id, timeSpentMs)
      }
      const quick = results.filter(({ timeSpentMs }) => timeSpentMs <= slowMs)
      return { status: 'complete', tests: quick, mutantCoverage }
    },
    async mutantRun({ activeMutant, testFilter, hitLimit, reloadEnvironment, disableBail }) {
      namespace.mutantCoverage = undefined
      Object.assign(namespace, { hitCount: hitLimit === undefined ? undefined : 0, hitLimit })
      // A static mutant takes effect while the files load.
      if (reloadEnvironment || tests === undefined) {
        namespace.activeMutant = reloadEnvironment ? activeMutant.id : undefined
        const loaded = attempt(load)
        if (loaded.error) return { ...killed([], loaded.error), nrOfTests: 0 }
        tests = loaded.value
      }
      namespace.activeMutant = activeMutant.id
      const wanted = tests.filter(({ id }) =>
        testFilter ? testFilter.includes(id) : (times.get(id) ?? 0) < slowForStaticMs,
      )
      wanted.sort((one, other) => (times.get(one.id) ?? 0) - (times.get(other.id) ?? 0))
      const results = await run(wanted, { bail: !disableBail })
      namespace.activeMutant = undefined
      // The next mutant must not see the effects of a static mutant.
      if (reloadEnvironment) tests = undefined
      return verdict(results)
    },
  }
}

function verdict(results) {
  if (namespace.hitLimit !== undefined && namespace.hitCount > namespace.hitLimit) {
    return { status: 'timeout', reason: 'It went round too often.' }
  }
  const failed = results.filter(({ status }) => status === 1)
  if (failed.length === 0) return { status: 'survived', nrOfTests: results.length }
  const ids = failed.map(({ id }) => id)
  return { ...killed(ids, failed[0].failureMessage), nrOfTests: results.length }
}

function killed(killedBy, failure) {
  return { status: 'killed', killedBy, failureMessage: String(failure) }
}

function attempt(work) {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}

/** Reloads every test file and our files that it needs. Returns the tests in order. */
function load() {
  for (const file of Object.keys(require.cache)) {
    if (!file.includes(`${path.sep}node_modules${path.sep}`)) delete require.cache[file]
  }
  const files = (process.env.MUTATION_TESTS ?? '').split(',').flatMap(testFiles)
  return files.flatMap((file) => {
    const collected = collector(file)
    require(file)
    return collected.tests
  })
}

function testFiles(place) {
  const whole = path.join(root, 'test', place)
  if (place.endsWith('.ts')) return [whole]
  return fs
    .readdirSync(whole, { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.sql.test.ts'))
    .map((name) => path.join(whole, name))
    .sort()
}

/** Installs Jest's globals for one file. */
function collector(file) {
  const { bind } = require('jest-each')
  const { ModuleMocker } = require('jest-mock')
  const { expect } = require('expect')
  const tests = []
  let block = { names: [], hooks: newHooks(), parent: undefined }
  const describe = (name, body) => {
    block = { names: [...block.names, name], hooks: newHooks(), parent: block }
    body()
    block = block.parent
  }
  const it = (name, body, timeoutMs) => {
    const whole = [...block.names, name].join(' ')
    const id = `${path.relative(root, file)} ${whole} ${tests.length}`
    tests.push({ id, name: whole, file, body, timeoutMs, block })
  }
  describe.each = bind(describe, false)
  it.each = bind(it)
  const hooks = Object.keys(newHooks()).map((kind) => [
    kind,
    (hook) => block.hooks[kind].push(hook),
  ])
  Object.assign(globalThis, { describe, it, test: it, expect, ...Object.fromEntries(hooks) })
  globalThis.jest = new ModuleMocker(globalThis)
  return { tests }
}

function newHooks() {
  return { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] }
}

/**
 * Runs tests in order. `beforeAll` of a block runs before its first test, `afterAll` at the end.
 */
async function run(tests, { bail = false } = {}) {
  const results = []
  let open = []
  const closeTo = async (kept) => {
    for (const block of open.filter((each) => !kept.includes(each)).reverse()) {
      await quietly(block.hooks.afterAll)
    }
    open = kept
  }
  for (const test of tests) {
    const blocks = blocksOf(test.block)
    await closeTo(open.filter((block) => blocks.includes(block)))
    const result = await runOne(test, blocks, open)
    results.push(result)
    if (bail && result.status === 1) break
  }
  await closeTo([])
  return results
}

function blocksOf(block) {
  return block === undefined ? [] : [...blocksOf(block.parent), block]
}

async function runOne({ id, name, file, body, timeoutMs }, blocks, open) {
  const startedAt = performance.now()
  const usageBefore = process.cpuUsage()
  namespace.currentTestId = id
  const failure = await failureOf(async () => {
    for (const block of blocks.filter((each) => !open.includes(each))) {
      open.push(block)
      for (const hook of block.hooks.beforeAll) await call(hook)
    }
    for (const { hooks } of blocks) for (const hook of hooks.beforeEach) await call(hook)
    await inTime(call(body), timeoutMs ?? testTimeoutMs)
  })
  for (const { hooks } of [...blocks].reverse()) await quietly(hooks.afterEach)
  namespace.currentTestId = undefined
  const { user, system } = process.cpuUsage(usageBefore)
  const timeSpentMs = Math.max((user + system) / 1_000, (performance.now() - startedAt) / 5)
  const result = { id, name, fileName: file, timeSpentMs }
  return failure ? { ...result, status: 1, failureMessage: failure } : { ...result, status: 0 }
}

/** Returns the first error of the work or of something it left running. */
async function failureOf(work) {
  let failure
  const note = (error) => {
    failure ??= String(error?.message ?? error)
  }
  process.on('unhandledRejection', note).on('uncaughtException', note)
  await work().catch(note)
  process.off('unhandledRejection', note).off('uncaughtException', note)
  return failure
}

async function quietly(hooks) {
  for (const hook of hooks) await failureOf(() => inTime(call(hook), testTimeoutMs))
}

/** A hook or test may take a callback instead of returning a promise. */
async function call(body) {
  if (body.length === 0) return await body()
  return await new Promise((resolve, reject) =>
    body((error) => (error ? reject(error) : resolve())),
  )
}

async function inTime(work, timeoutMs) {
  const timer = new AbortController()
  const late = pause(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`It took more than ${timeoutMs} ms.`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}

/**
 * Makes `require` load TypeScript, resolve `./name.js` to `./name.ts`, and find the library by
 * name.
 */
function compileTypeScript() {
  const { transformSync } = require('@swc/core')
  const compiled = new Map()
  require.extensions['.ts'] = (module, filename) => {
    if (!compiled.has(filename)) {
      const { code } = transformSync(fs.readFileSync(filename, 'utf8'), {
        filename,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      })
      compiled.set(filename, code)
    }
    module._compile(compiled.get(filename), filename)
  }
  readAssetsAsText()
  const resolve = Module._resolveFilename
  Module._resolveFilename = (request, parent, ...rest) =>
    sourceOf(request, parent) ?? resolve(request, parent, ...rest)
}

/** The files of the settings page are imported as text, see scripts/bundle.js. */
function readAssetsAsText() {
  const load = require.extensions['.js']
  const isAsset = (file) =>
    path.basename(path.dirname(file)) === 'assets' && !file.includes('node_modules')
  for (const extension of ['.css', '.js', '.svg']) {
    require.extensions[extension] = (module, file) => {
      if (!isAsset(file)) return load(module, file)
      module.exports = fs.readFileSync(file, 'utf8')
    }
  }
}

function boundProperties() {
  const whole = require('fast-check')
  const assert = (property, { numRuns = 100, ...settings } = {}) =>
    whole.assert(property, { ...settings, seed: 1, numRuns: Math.min(numRuns, mostRuns) })
  const bounded = { ...whole, assert }
  require.cache[require.resolve('fast-check')].exports = {
    ...bounded,
    __esModule: true,
    default: { ...whole.default, assert },
  }
}

function sourceOf(request, parent) {
  const own = /^label-studio-scim(?:\/(.+))?$/.exec(request)
  if (own) {
    const entry = own[1]?.startsWith('adapters/') ? own[1] : `lib/${own[1] ?? ''}`
    return path.join(root, entry, 'index.ts')
  }
  if (!request.startsWith('.') || !request.endsWith('.js')) return undefined
  const source = path.resolve(path.dirname(parent.filename), `${request.slice(0, -3)}.ts`)
  return fs.existsSync(source) ? source : undefined
}
