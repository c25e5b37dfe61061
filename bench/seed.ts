import { send } from './client.js'
import { bulkBody, groupBody, userBody } from './data.js'

/** What a server is filled with. */
export interface Seeded {
  readonly userIds: readonly string[]
  /** Groups of {@link groupSize} members each; everybody is in one. */
  readonly groupIds: readonly string[]
}

export const groupSize = 10
const bulkSize = 1_000

/** Fills a server with users and groups, over HTTP as an identity provider would. */
export async function seed(baseUrl: string, users: number): Promise<Seeded> {
  const userIds: string[] = []
  for (let start = 0; start < users; start += bulkSize) {
    const bodies = range(start, Math.min(start + bulkSize, users)).map(userBody)
    userIds.push(...(await create(baseUrl, '/Users', bodies)))
  }
  const groupIds: string[] = []
  const groups = Math.ceil(users / groupSize)
  for (let start = 0; start < groups; start += bulkSize) {
    const bodies = range(start, Math.min(start + bulkSize, groups)).map((number) =>
      groupBody(`Group ${number}`, userIds.slice(number * groupSize, (number + 1) * groupSize)),
    )
    groupIds.push(...(await create(baseUrl, '/Groups', bodies)))
  }
  return { userIds, groupIds }
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
