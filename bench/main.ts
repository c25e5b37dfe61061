/**
 * Measures speed and memory: `npm run bench`, see docs/performance.md. Figures of one run can be
 * compared with each other; those of different runs or machines cannot.
 */
import os from 'node:os'
import { measureBytes } from './bytes.js'
import { type Databases, temporaryDatabases } from './databases.js'
import { measureGate } from './gate/gate.js'
import { measurePolicy } from './gate/policy.js'
import { measureProxy } from './gate/proxy.js'
import { measureHosts } from './hosts.js'
import { measureImport } from './import.js'
import { measureFirstPush } from './label-studio.js'
import { measureMapping } from './mapping.js'
import { half, measures } from './measures.js'
import { watchMemory } from './memory.js'
import { measureOneGroup } from './one-group.js'
import { help, type Options, readOptions } from './options.js'
import { measurePauses } from './pauses.js'
import { measurePuts } from './puts.js'
import { measureRequests, type Result } from './requests.js'
import { measureStart } from './start.js'
import { digits } from './statistics.js'
import { type Subject, startSubjects } from './subjects.js'
import { growthVerdicts, requestTable, shareTable, type Verdict, verdictTable } from './targets.js'

/** Returns a table, or figures to compare with targets. */
type Separate = (options: Options, databases: Databases) => Promise<string | readonly Verdict[]>

/** Measures that do not need the filled servers. */
const separate: Readonly<Record<string, Separate>> = {
  gate: measureGate,
  proxy: measureProxy,
  policy: measurePolicy,
  'one-group': measureOneGroup,
  hosts: measureHosts,
  bytes: (_options, databases) => measureBytes(databases),
  mapping({ sizes }, databases) {
    const marked = Math.max(...sizes)
    return measureMapping(databases, { marked, reconciled: marked / 10 })
  },
  import: (_options, databases) => measureImport(databases),
  start: (_options, databases) => measureStart(databases),
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    console.log(help)
    return
  }
  console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0]?.model}`)
  const databases = temporaryDatabases()
  try {
    if (options.labelStudio) {
      const found = await measureFirstPush(databases, options.sizes[0] ?? 1_000)
      console.log(`\nTargets\n${verdictTable(found)}`)
    } else if (options.memoryMinutes === undefined) await measureAll(options, databases)
    else {
      const names = (['memory', 'sqlite'] as const).filter(
        (name) => options.servers?.includes(name) ?? true,
      )
      await watchMemory(options.memoryMinutes, names, databases)
    }
  } finally {
    await databases.drop()
  }
}

/** Measures what needs filled servers, then everything else. */
async function measureAll(options: Options, databases: Databases): Promise<void> {
  const { only } = options
  if (!only?.every((name) => Object.hasOwn(separate, name))) {
    await reportOn('requests', () => measureSpeed(options, databases))
  }
  for (const [name, measure] of Object.entries(separate)) {
    if (only?.includes(name) ?? true) await reportOn(name, () => measure(options, databases))
  }
}

/** Prints what a measure finds, and how long it took. One that fails does not end the others. */
async function reportOn(name: string, measure: () => ReturnType<Separate>): Promise<void> {
  const startedAt = performance.now()
  try {
    const found = await measure()
    console.log(`\n${name}\n${typeof found === 'string' ? found : verdictTable(found)}`)
  } catch (error) {
    console.error(name, error)
    process.exitCode = 1
  }
  console.log(`(${name} took ${digits((performance.now() - startedAt) / 1_000)} s)`)
}

async function measureSpeed(options: Options, databases: Databases): Promise<readonly Verdict[]> {
  const { only, servers } = options
  const isCompared = measures.some(({ name }) => only?.includes(name) ?? true)
  const drivers = isCompared && (servers?.includes('driver') ?? true)
  const subjects = await startSubjects(options, databases, drivers)
  try {
    return growthVerdicts(await measureSubjects(options, subjects))
  } finally {
    const running = new Set(subjects.flatMap(({ server, router }) => [server, router]))
    await Promise.all([...running].map((server) => server.stop()))
  }
}

async function measureSubjects(
  options: Options,
  subjects: readonly Subject[],
): Promise<readonly Result[]> {
  const isWanted = (name: string) => options.only?.includes(name) ?? true
  const largest = subjects.filter(({ users }) => users === Math.max(...options.sizes))
  const results: Result[] = []
  for (const measure of measures.filter(({ name }) => isWanted(name))) {
    const chosen = measure.onlyLargest ? largest : subjects
    await reportOn(measure.title, async () => {
      const measured = await measureRequests(measure, chosen, options)
      results.push(...measured)
      return requestTable(measured)
    })
  }
  if (results.length > 0) console.log(`\nShares\n${shareTable(results)}`)
  if (isWanted('put')) {
    const members = digits(half(Math.max(...options.sizes)))
    console.log(`\nPUT of a group of ${members}\n${await measurePuts(routers(largest))}`)
  }
  if (isWanted('pauses')) {
    console.log(`\nGET by id beside large requests\n${await measurePauses(routers(largest))}`)
  }
  return results
}

/** Those that answer every request, unlike a driver alone. */
function routers(subjects: readonly Subject[]): readonly Subject[] {
  return subjects.filter(({ server, router }) => server === router)
}
