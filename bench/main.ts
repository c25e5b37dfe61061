/**
 * Measures speed and memory: `npm run bench`, see docs/performance.md. Figures of one run can be
 * compared with each other; those of different runs or machines cannot.
 */
import os from 'node:os'
import { type Databases, temporaryDatabases } from './databases.js'
import { measureGate } from './gate/gate.js'
import { measurePolicy } from './gate/policy.js'
import { measureProxy } from './gate/proxy.js'
import { measureMapping } from './mapping.js'
import { half, measures } from './measures.js'
import { watchMemory } from './memory.js'
import { help, type Options, readOptions } from './options.js'
import { measurePauses } from './pauses.js'
import { measurePuts } from './puts.js'
import { measureRequests, type Result } from './requests.js'
import { measureStart } from './start.js'
import { digits } from './statistics.js'
import { type Subject, startSubjects } from './subjects.js'
import { growthVerdicts, requestTable, shareTable, type Verdict, verdictTable } from './targets.js'

/** Measures that do not need the filled servers. */
const withoutServers = ['mapping', 'policy', 'gate', 'proxy', 'start']

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
    if (options.memoryMinutes === undefined) {
      const found = await measureTargets(options, databases)
      console.log(`\nTargets\n${verdictTable(found)}`)
    } else {
      const names = (['memory', 'sqlite'] as const).filter(
        (name) => options.servers?.includes(name) ?? true,
      )
      await watchMemory(options.memoryMinutes, names, databases)
    }
  } finally {
    await databases.drop()
  }
}

/**
 * Measures requests on running servers, then group mapping and the gate's policy in this process.
 */
async function measureTargets(options: Options, databases: Databases): Promise<readonly Verdict[]> {
  const { only } = options
  const isWanted = (name: string) => only?.includes(name) ?? true
  const found: Verdict[] = []
  if (!only?.every((name) => withoutServers.includes(name))) {
    found.push(...(await measureSpeed(options, await startSubjects(options, databases))))
  }
  const marked = Math.max(...options.sizes)
  if (isWanted('mapping')) {
    found.push(...(await measureMapping(databases, { marked, reconciled: marked / 10 })))
  }
  if (isWanted('policy')) found.push(...(await measurePolicy(options, databases)))
  if (isWanted('gate')) found.push(...(await measureGate(options, databases)))
  if (isWanted('proxy')) found.push(...(await measureProxy(options, databases)))
  if (isWanted('start')) console.log(`\nStart\n${await measureStart(databases)}`)
  return found
}

async function measureSpeed(
  options: Options,
  subjects: readonly Subject[],
): Promise<readonly Verdict[]> {
  const isWanted = (name: string) => options.only?.includes(name) ?? true
  const largest = subjects.filter(({ users }) => users === Math.max(...options.sizes))
  const results: Result[] = []
  try {
    for (const measure of measures.filter(({ name }) => isWanted(name))) {
      const measured = await measureRequests(
        measure,
        measure.onlyLargest ? largest : subjects,
        options,
      )
      results.push(...measured)
      console.log(`\n${measure.title}\n${requestTable(measured)}`)
    }
    if (isWanted('put')) {
      const members = digits(half(Math.max(...options.sizes)))
      console.log(`\nPUT of a group of ${members}\n${await measurePuts(routers(largest))}`)
    }
    if (isWanted('pauses')) {
      console.log(`\nGET by id beside large requests\n${await measurePauses(routers(largest))}`)
    }
  } finally {
    const running = new Set(subjects.flatMap(({ server, router }) => [server, router]))
    await Promise.all([...running].map((server) => server.stop()))
  }
  if (results.length > 0) console.log(`\nShares\n${shareTable(results)}`)
  return growthVerdicts(results)
}

/** Those that answer every request, unlike a driver alone. */
function routers(subjects: readonly Subject[]): readonly Subject[] {
  return subjects.filter(({ server, router }) => server === router)
}
