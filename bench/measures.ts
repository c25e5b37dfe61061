import { send } from './client.js'
import { groupBody, patchBody, userBody, userNameOf } from './data.js'
import type { LoadRequest } from './load.js'
import type { RunningServer } from './start-server.js'
import type { Subject } from './subjects.js'

/** A kind of request to measure. */
export interface Measure {
  readonly name: string
  readonly title: string
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
  /** The shortest round, where a request takes long. */
  readonly minSeconds?: number
}

/** A step that spreads requests over all items, in the same order in each run. */
const stride = 7_919
const undoSize = 1_000
/** People who are deactivated before they are activated again. */
const some = 500

export const measures: readonly Measure[] = [
  { name: 'get', title: 'GET by id', prepare: getUsers },
  { name: 'filter', title: 'GET by userName eq', prepare: findUsers },
  { name: 'list', title: 'page of 100', prepare: listUsers },
  { name: 'patch', title: 'PATCH active', prepare: patchUsers },
  { name: 'post', title: 'POST of a user', prepare: createUsers },
  { name: 'member', title: 'add a member, groups of 10', prepare: addToSmallGroups },
  {
    name: 'large',
    title: 'add a member, one large group',
    onlyLargest: true,
    prepare: addToLargeGroup,
  },
  { name: 'group', title: 'GET of a large group', onlyLargest: true, prepare: getLargeGroup },
]

/**
 * Number of members of the large group: 10,000, with a million users 100,000, or fewer so that many
 * can be added.
 */
export function largeGroupSize(users: number): number {
  return Math.min(Math.max(10_000, users / 10), half(users))
}

/** Number of members of the groups that are replaced as a whole. */
export function half(users: number): number {
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
 * Deactivates some people, then activates them again, and so on with the next ones: each request
 * changes something, and with any number of users half of them deactivate somebody, which costs
 * more.
 */
function patchUsers({ userIds }: Subject): Load {
  const count = counter()
  return {
    next: () => {
      const number = count()
      const [block, place] = [Math.floor(number / (2 * some)), number % (2 * some)]
      const path = `/Users/${userIds[(block * some + (place % some)) % userIds.length]}`
      return { method: 'PATCH', path, body: patchBody('replace', 'active', place >= some) }
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
function addToSmallGroups({ router, userIds, groupIds, users }: Subject): Load {
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
    undo: () => removeAdded(router, added),
  }
}

/** Creates a large group, then adds others one at a time. */
async function addToLargeGroup(subject: Subject): Promise<Load> {
  const { router, userIds, users } = subject
  const groupId = await createLargeGroup(subject)
  const others = userIds.slice(largeGroupSize(users))
  const count = counter()
  const added = new Map<string, string[]>()
  return {
    next: () => addition(added, groupId, others[count() % others.length] ?? ''),
    undo: () => removeAdded(router, added),
  }
}

async function getLargeGroup(subject: Subject): Promise<Load> {
  const path = `/Groups/${await createLargeGroup(subject)}`
  const minSeconds = largeGroupSize(subject.users) / membersPerSecond
  return { next: () => ({ method: 'GET', path }), minSeconds }
}

/** Even a slow server sends so many to each of its clients. */
const membersPerSecond = 10_000
const membersAtOnce = 10_000

async function createLargeGroup({ router, userIds, users }: Subject): Promise<string> {
  const members = userIds.slice(0, largeGroupSize(users))
  const body = groupBody(`Large ${performance.now()}`, members.slice(0, membersAtOnce))
  const id = String((await send('POST', `${router.baseUrl}/Groups`, body))['id'])
  for (let start = membersAtOnce; start < members.length; start += membersAtOnce) {
    const more = members.slice(start, start + membersAtOnce).map((value) => ({ value }))
    await send('PATCH', `${router.baseUrl}/Groups/${id}`, patchBody('add', 'members', more))
  }
  return id
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
