import { send } from './client.js'
import { bulkBody, groupBody, groupNameOf, userBody } from './data.js'

/** The data in a server. */
export interface Seeded {
  readonly userIds: readonly string[]
  /** Groups of {@link groupSize} members each. Everybody is in one of them. */
  readonly groupIds: readonly string[]
}

export const groupSize = 10
const bulkSize = 200
const bulkRequests = 4

/** Fills a server with users and groups over HTTP, as an identity provider does. */
export async function seed(baseUrl: string, users: number): Promise<Seeded> {
  const userIds = await createAll(baseUrl, '/Users', range(0, users).map(userBody))
  const groups = range(0, Math.ceil(users / groupSize)).map((number) =>
    groupBody(groupNameOf(number), userIds.slice(number * groupSize, (number + 1) * groupSize)),
  )
  return { userIds, groupIds: await createAll(baseUrl, '/Groups', groups) }
}

/** Sends a few bulk requests at a time. Returns the ids in the order of the bodies. */
async function createAll(
  baseUrl: string,
  endpoint: '/Users' | '/Groups',
  bodies: readonly object[],
): Promise<string[]> {
  const ids: string[][] = []
  const starts = range(0, Math.ceil(bodies.length / bulkSize)).entries()
  const worker = async () => {
    for (const [index] of starts) {
      const start = index * bulkSize
      ids[index] = await create(baseUrl, endpoint, bodies.slice(start, start + bulkSize))
    }
  }
  await Promise.all(range(0, bulkRequests).map(worker))
  return ids.flat()
}

async function create(
  baseUrl: string,
  endpoint: '/Users' | '/Groups',
  bodies: readonly object[],
): Promise<string[]> {
  const answer = await send('POST', `${baseUrl}/Bulk`, bulkBody(endpoint, bodies))
  const operations = answer['Operations'] as { status: string; location: string }[]
  return operations.map(({ status, location }) => {
    if (status !== '201') throw new Error(`A bulk operation answered ${status}.`)
    return location.slice(location.lastIndexOf('/') + 1)
  })
}

export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}
