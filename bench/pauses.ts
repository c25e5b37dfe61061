import { setTimeout as delay } from 'node:timers/promises'
import { send } from './client.js'
import { bulkBody, groupBody, patchBody, userBody } from './data.js'
import { half } from './measures.js'
import { authorization } from './start-server.js'
import { digits, table } from './statistics.js'
import type { Subject } from './subjects.js'

/** A request that takes the server long. */
interface LargeRequest {
  readonly title: string
  readonly run: () => Promise<void>
}

/** How long others waited while the server answered large requests, in milliseconds. */
interface Pauses {
  /** Median time of the large request itself. */
  readonly large: number
  readonly p99: number
  readonly longest: number
}

const repetitions = 3
/** Longest time that one GET in a hundred may take, in milliseconds. */
const maxP99 = 20

/**
 * Measures how long a GET of one user takes while the server answers a large request. It should not
 * have to wait.
 */
export async function measurePauses(subjects: readonly Subject[]): Promise<string> {
  const rows: string[][] = []
  for (const subject of subjects.filter(({ name }) => name !== 'bare')) {
    for (const request of await largeRequests(subject)) {
      const { large, p99, longest } = await pausesOf(subject, request)
      rows.push([
        `  ${subject.name}, ${request.title}`,
        digits(large),
        digits(p99, 1),
        p99 <= maxP99 ? 'met' : 'MISSED',
        digits(longest, 1),
      ])
    }
  }
  const header = ['', 'itself, ms', 'GET p99, ms', `at most ${maxP99}`, 'longest']
  return table([header, ...rows])
}

async function largeRequests(subject: Subject): Promise<LargeRequest[]> {
  const { server, userIds, users } = subject
  const { baseUrl } = server
  const size = half(users)
  const members = userIds.slice(0, size)
  const group = await send('POST', `${baseUrl}/Groups`, groupBody('Large', members))
  const url = `${baseUrl}/Groups/${group['id']}`
  let turn = 0
  return [
    { title: 'nothing else', run: () => delay(1_000) },
    ...searches(baseUrl),
    { title: `GET of a group of ${digits(size)}`, run: () => read(url) },
    { title: 'GET of 100 groups', run: () => read(`${baseUrl}/Groups?count=100`) },
    {
      title: `PUT of a group of ${digits(size)}`,
      async run() {
        turn += 1
        const others = turn % 2 === 1 ? userIds.slice(users - size) : members
        await read(url, { method: 'PUT', body: JSON.stringify(groupBody('Large', others)) })
      },
    },
    {
      title: `PATCH that adds or removes ${digits(size)}`,
      async run() {
        turn += 1
        const value = members.map((each) => ({ value: each }))
        const body =
          turn % 2 === 1 ? patchBody('remove', 'members') : patchBody('add', 'members', value)
        await read(url, { method: 'PATCH', body: JSON.stringify(body) })
      },
    },
    {
      title: 'Bulk of 1,000',
      async run() {
        turn += 1
        const from = users * (turn + 1)
        const bodies = Array.from({ length: 1_000 }, (_, index) => userBody(from + index))
        const body = JSON.stringify(bulkBody('/Users', bodies))
        await read(`${baseUrl}/Bulk`, { method: 'POST', body })
      },
    },
  ]
}

/** Queries that look at everybody. A server may refuse the last one (400 `tooMany`). */
function searches(baseUrl: string): LargeRequest[] {
  const paths = Array.from(
    { length: 40 },
    (_, index) => `emails[type eq "work" and value co "nobody${index}"]`,
  )
  const queries = {
    'sorted page': 'sortBy=name.familyName&count=100',
    'filter co': `filter=${encodeURIComponent('name.familyName co "nobody"')}`,
    'filter of 40 value paths': `filter=${encodeURIComponent(paths.join(' or '))}`,
  }
  return Object.entries(queries).map(([title, query]) => ({
    title,
    run: () => read(`${baseUrl}/Users?${query}`, { mayRefuse: title.startsWith('filter of') }),
  }))
}

async function pausesOf({ server, userIds }: Subject, { run }: LargeRequest): Promise<Pauses> {
  const url = `${server.baseUrl}/Users/${userIds[0]}`
  await run()
  await server.collectGarbage()
  const waits: number[] = []
  const larges: number[] = []
  for (let each = 0; each < repetitions; each += 1) {
    let isOver = false
    const startedAt = performance.now()
    const large = run().finally(() => {
      isOver = true
    })
    while (!isOver) {
      const askedAt = performance.now()
      await read(url)
      waits.push(performance.now() - askedAt)
    }
    await large
    larges.push(performance.now() - startedAt)
  }
  waits.sort((a, b) => a - b)
  larges.sort((a, b) => a - b)
  return {
    large: larges[Math.floor(repetitions / 2)] ?? Number.NaN,
    p99: waits[Math.floor(waits.length * 0.99)] ?? Number.NaN,
    longest: waits.at(-1) ?? Number.NaN,
  }
}

/** Reads the answer without keeping it, so that garbage collection does not pause this process. */
async function read(
  url: string,
  { mayRefuse = false, ...init }: RequestInit & { readonly mayRefuse?: boolean } = {},
): Promise<void> {
  const headers = { authorization, 'content-type': 'application/scim+json' }
  const response = await fetch(url, { ...init, headers })
  const isRefused = mayRefuse && response.status === 400
  if (!response.ok && !isRefused)
    throw new Error(`${url}: ${response.status} ${await response.text()}`)
  for await (const _ of response.body ?? []) void _
}
