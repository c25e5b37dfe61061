import { send } from './client.js'
import { groupBody, patchBody } from './data.js'
import { type DatabaseKind, type Databases, oneOfEach } from './databases.js'
import { type LoadRequest, load } from './load.js'
import type { Effort } from './requests.js'
import { range, seed } from './seed.js'
import { type RunningServer, startServer } from './start-server.js'
import { digits, undisturbed } from './statistics.js'
import type { Verdict } from './targets.js'

const users = 1_000
const maxRatio = 1.2

/**
 * Measures how much faster ten clients change the members of ten groups than those of one group, in
 * turns.
 */
export async function measureOneGroup(
  effort: Effort,
  databases: Databases,
): Promise<readonly Verdict[]> {
  const found: Verdict[] = []
  for await (const { kind, url } of oneOfEach(databases)) {
    const server = await startServer({ kind: 'sql', url })
    found.push(await compare(kind, server, effort))
    await server.stop()
  }
  return found
}

async function compare(
  kind: DatabaseKind,
  server: RunningServer,
  { rounds, seconds }: Effort,
): Promise<Verdict> {
  const { userIds } = await seed(server.baseUrl, users)
  const groupIds = await Promise.all(range(0, 11).map((index) => createGroup(server, index)))
  const one = changes(groupIds.slice(0, 1), userIds)
  const ten = changes(groupIds.slice(1), userIds)
  const speeds = { one: [] as number[], ten: [] as number[] }
  for (let round = 0; round <= rounds; round += 1) {
    const toOne = await load(server, one, seconds)
    const toTen = await load(server, ten, seconds)
    if (round === 0) continue
    speeds.one.push(toOne.requestsPerSecond)
    speeds.ten.push(toTen.requestsPerSecond)
  }
  const [toOne, toTen] = [undisturbed(speeds.one), undisturbed(speeds.ten)]
  const figure = toTen / toOne
  const target =
    `ten clients, ${kind}: ten groups (${digits(toTen)} requests/s) relative to ` +
    `one (${digits(toOne)}), at most ${maxRatio}`
  return { target, figure, isMet: figure <= maxRatio }
}

async function createGroup({ baseUrl }: RunningServer, index: number): Promise<string> {
  return String((await send('POST', `${baseUrl}/Groups`, groupBody(`Shared ${index}`)))['id'])
}

/**
 * Adds everybody to each group, one at a time, then removes everybody, and so on. Each group begins
 * with somebody else, so that no client waits for the mark of a person whom another one adds.
 */
function changes(groupIds: readonly string[], userIds: readonly string[]): () => LoadRequest {
  const apart = Math.floor(userIds.length / groupIds.length)
  let count = 0
  return () => {
    const index = count % groupIds.length
    const turn = Math.floor(count / groupIds.length)
    const op = Math.floor(turn / userIds.length) % 2 === 0 ? 'add' : 'remove'
    const path = `/Groups/${groupIds[index]}`
    const value = [{ value: userIds[(turn + index * apart) % userIds.length] }]
    count += 1
    return { method: 'PATCH', path, body: patchBody(op, 'members', value) }
  }
}
