import { send } from './client.js'
import { groupBody, patchBody, userBody, userNameOf } from './data.js'
import type { LoadRequest } from './load.js'
import { range, type Seeded } from './seed.js'
import type { RunningServer } from './start-server.js'

/** A filled server. */
export interface Subject extends Seeded {
  /** `bare`, `memory`, `sqlite`, `postgres` */
  readonly name: string
  readonly users: number
  readonly server: RunningServer
}

/** A kind of request to measure. */
export interface Measure {
  readonly name: string
  readonly title: string
  /**
   * The target with the memory adapter: at least this share of the bare handler's requests per
   * second.
   */
  readonly minRatio?: number
  /** Measured only with the most users. */
  readonly onlyLargest?: boolean
  /** Prepares the requests for one server. Called once, before the rounds. */
  readonly prepare: (subject: Subject) => Promise<Load> | Load
}

/** The requests of a measure. Its state carries over from round to round. */
export interface Load {
  readonly next: () => LoadRequest
  /** Called after each round to revert its changes. */
  readonly undo?: () => Promise<void>
}

/** A step that spreads requests over all items, in the same order in each run. */
const stride = 7_919
const undoSize = 1_000

export const measures: readonly Measure[] = [
  { name: 'get', title: 'GET by id', minRatio: 0.5, prepare: getUsers },
  { name: 'filter', title: 'GET by userName eq', minRatio: 0.5, prepare: findUsers },
  { name: 'patch', title: 'PATCH active', minRatio: 0.5, prepare: patchUsers },
  { name: 'list', title: 'list of 100', prepare: listUsers },
  { name: 'member', title: 'add member, groups of 10', prepare: addToSmallGroups },
  {
    name: 'large',
    title: 'add member, one large group',
    onlyLargest: true,
    prepare: addToLargeGroup,
  },
  { name: 'post', title: 'POST user', prepare: createUsers },
]

/** Number of members of the large group. */
export function largeGroupSize({ users }: { readonly users: number }): number {
  return Math.floor(users / 2)
}

function getUsers({ userIds }: Subject): Load {
  const count = counter()
  return {
    next: () => ({ method: 'GET', path: `/Users/${userIds[(count() * stride) % userIds.length]}` }),
  }
}

function findUsers({ users }: Subject): Load {
  const count = counter()
  return {
    next: () => {
      const filter = `userName eq "${userNameOf((count() * stride) % users)}"`
      return { method: 'GET', path: `/Users?filter=${encodeURIComponent(filter)}` }
    },
  }
}

/**
 * Deactivates everybody, then activates everybody again, so that each request changes something.
 */
function patchUsers({ userIds }: Subject): Load {
  const count = counter()
  return {
    next: () => {
      const number = count()
      const path = `/Users/${userIds[number % userIds.length]}`
      const isActive = Math.floor(number / userIds.length) % 2 === 1
      return { method: 'PATCH', path, body: patchBody('replace', 'active', isActive) }
    },
  }
}

function listUsers({ users }: Subject): Load {
  const count = counter()
  return {
    next: () => {
      const startIndex = 1 + ((count() * stride) % (users - 100))
      return { method: 'GET', path: `/Users?startIndex=${startIndex}&count=100` }
    },
  }
}

/** Adds one member to each group in turn, always somebody who is not in it. */
function addToSmallGroups({ server, userIds, groupIds, users }: Subject): Load {
  const count = counter()
  const added = new Map<string, string[]>()
  return {
    next: () => {
      const number = count()
      const index = number % groupIds.length
      // Groups are filled in order, so a user half the list away is in another group.
      const member = index * 10 + Math.floor(users / 2) + Math.floor(number / groupIds.length)
      return addition(added, groupIds[index] ?? '', userIds[member % users] ?? '')
    },
    undo: () => removeAdded(server, added),
  }
}

/** Creates a group with half of all users, then adds the other half one at a time. */
async function addToLargeGroup(subject: Subject): Promise<Load> {
  const { server, userIds } = subject
  const members = userIds.slice(0, largeGroupSize(subject))
  const group = await send('POST', `${server.baseUrl}/Groups`, groupBody('Large', members))
  const others = userIds.slice(members.length)
  const count = counter()
  const added = new Map<string, string[]>()
  return {
    next: () => addition(added, String(group['id']), others[count() % others.length] ?? ''),
    undo: () => removeAdded(server, added),
  }
}

function createUsers({ users }: Subject): Load {
  const count = counter()
  return { next: () => ({ method: 'POST', path: '/Users', body: userBody(users + count()) }) }
}

function addition(added: Map<string, string[]>, groupId: string, userId: string): LoadRequest {
  const ids = added.get(groupId) ?? []
  added.set(groupId, ids)
  ids.push(userId)
  return {
    method: 'PATCH',
    path: `/Groups/${groupId}`,
    body: patchBody('add', 'members', [{ value: userId }]),
  }
}

async function removeAdded({ baseUrl }: RunningServer, added: Map<string, string[]>) {
  for (const [groupId, userIds] of added) {
    for (let start = 0; start < userIds.length; start += undoSize) {
      const values = userIds.slice(start, start + undoSize).map((value) => ({ value }))
      await send('PATCH', `${baseUrl}/Groups/${groupId}`, patchBody('remove', 'members', values))
    }
  }
  added.clear()
}

function counter(): () => number {
  let count = 0
  return () => {
    count += 1
    return count - 1
  }
}

/** How long each step of the PUT measure takes, in milliseconds. */
export interface PutTimes {
  /** A PUT that fills the empty group. */
  readonly fill: number
  /** A PUT that exchanges one member. */
  readonly change: number
}

/** Replaces a group with half of all users by PUT, as clients without PATCH do. */
export async function timePuts({ server, userIds, users }: Subject): Promise<PutTimes> {
  const { baseUrl } = server
  const size = largeGroupSize({ users })
  const group = await send('POST', `${baseUrl}/Groups`, groupBody(`Put ${performance.now()}`))
  const url = `${baseUrl}/Groups/${group['id']}`
  const put = async (members: readonly string[]) => {
    const startedAt = performance.now()
    const answer = await send('PUT', url, groupBody(String(group['displayName']), members))
    const count = (answer['members'] as unknown[] | undefined)?.length
    if (count !== size) throw new Error(`A group of ${size} came back with ${count} members.`)
    return performance.now() - startedAt
  }
  const fill = await put(userIds.slice(0, size))
  const change = await put(range(1, size + 1).map((number) => userIds[number] ?? ''))
  return { fill, change }
}
