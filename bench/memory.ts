import { groupBody, userBody } from './data.js'
import type { Databases } from './databases.js'
import { type LoadRequest, load } from './load.js'
import { measures } from './measures.js'
import { seed } from './seed.js'
import { type RunningServer, startServer } from './start-server.js'
import { digits, table } from './statistics.js'
import { type Subject, specOf } from './subjects.js'

const users = 1_000
const seconds = 10
const mixed = ['get', 'filter', 'patch', 'list', 'member']

/**
 * Puts a mixed load on each server in turn and prints its memory every ten seconds, with the heap
 * measured after a garbage collection. The reconciler runs in the same process. Groups are created
 * and deleted, so the stored data does not grow, except for people who leave: their ledger remains
 * (`AccessRecord`). Its size is measured afterwards.
 */
export async function watchMemory(
  minutes: number,
  names: readonly ('memory' | 'sqlite' | 'postgres')[],
  databases: Databases,
): Promise<void> {
  for (const name of names) {
    const spec = await specOf(name, databases)
    if (spec === undefined) continue
    const server = await startServer({ ...spec, nodeOptions: ['--expose-gc'], reconciles: true })
    const seeded = await seed(server.baseUrl, users)
    const subject: Subject = { name, users, server, router: server, ...seeded }
    const next = await mixedLoad(subject)
    console.log(`\n${name}: ${minutes} minutes of mixed load`)
    const samples: { second: number; heapMb: number; rssMb: number }[] = []
    let requests = 0
    for (let second = seconds; second <= minutes * 60; second += seconds) {
      const { requestsPerSecond } = await load(server, next.request, seconds)
      await next.undo()
      requests += requestsPerSecond * seconds
      const { heapBytes, rssBytes } = await server.usage()
      const sample = { second, heapMb: heapBytes / 2 ** 20, rssMb: rssBytes / 2 ** 20 }
      samples.push(sample)
      console.log(
        `${digits(second).padStart(6)} s  ${digits(requests).padStart(10)} requests  heap ` +
          `${digits(sample.heapMb, 1).padStart(6)} MB  RSS ` +
          `${digits(sample.rssMb).padStart(5)} MB`,
      )
    }
    console.log(table(thirds(samples)))
    console.log(await departures(server))
    await server.stop()
  }
}

/** Measures how much heap remains for each person who was created and deleted. */
async function departures(server: RunningServer): Promise<string> {
  const before = await server.usage()
  let count = 0
  const { requestsPerSecond } = await load(
    server,
    () => comeAndGo('/Users', userBody(2 * users + count++)),
    seconds,
  )
  const { heapBytes } = await server.usage()
  const people = requestsPerSecond * seconds
  const bytes = (heapBytes - before.heapBytes) / people
  return `${digits(people)} people came and went: ${digits(bytes)} bytes of heap for each`
}

/** Alternates between reads, searches, changes, and groups that are created and deleted. */
async function mixedLoad(subject: Subject) {
  const chosen = measures.filter(({ name }) => mixed.includes(name))
  const loads = await Promise.all(chosen.map(({ prepare }) => prepare(subject)))
  let count = 0
  const request = (): LoadRequest => {
    count += 1
    if (count % 20 === 0) return comeAndGo('/Groups', groupBody(`Passing ${count}`))
    return loads[count % loads.length]?.next() ?? { method: 'GET', path: '/Users' }
  }
  const undo = async () => {
    for (const each of loads) await each.undo?.()
  }
  return { request, undo }
}

/** Creates and deletes in one bulk request, so that the name is free again. */
function comeAndGo(endpoint: '/Users' | '/Groups', data: object): LoadRequest {
  return {
    method: 'POST',
    path: '/Bulk',
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        { method: 'POST', path: endpoint, bulkId: 'one', data },
        { method: 'DELETE', path: `${endpoint}/bulkId:one` },
      ],
    },
  }
}

/**
 * Means of the first, second and last third of the run. Memory is flat if the last third is not
 * above the second.
 */
function thirds(samples: readonly { heapMb: number; rssMb: number }[]): string[][] {
  const size = Math.ceil(samples.length / 3)
  const parts = [0, 1, 2].map((part) => samples.slice(part * size, (part + 1) * size))
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  return [
    ['mean of', 'first third', 'second third', 'last third'],
    ['heap MB', ...parts.map((part) => digits(mean(part.map(({ heapMb }) => heapMb)), 1))],
    ['RSS MB', ...parts.map((part) => digits(mean(part.map(({ rssMb }) => rssMb)), 1))],
  ]
}
