import { stopwatch, UnavailableError } from '../../../lib/adapter/index.js'
import { collect } from '../api/collect.js'
import {
  type LabelStudioApi,
  type LabelStudioUser,
  type MembersApi,
  normalizeEmail,
  type OrganizationMember,
} from '../api/index.js'
import { fromList, shared } from '../api/together.js'
import type { Installation } from '../installation.js'

/** Options of a look-up. */
export interface LookUpOptions {
  /** How old the list may be, in milliseconds; 0: read from now on. Default: five minutes. */
  readonly maxAgeMs?: number
  readonly signal?: AbortSignal
}

/** An account to be read, and the address that it had last. */
export interface LinkedAccount {
  readonly id: number
  readonly email: string | undefined
}

/** An account as the API shows it. */
export interface ShownAccount {
  readonly user: LabelStudioUser
  /** Its membership in the organization, if that was read with it. */
  readonly member?: OrganizationMember
}

/** The people of the organization by e-mail address, in any spelling. */
export interface Directory {
  /**
   * Finds the accounts that are not masked; several if Label Studio has accounts for different
   * spellings of an address. The one in lower case comes first, because only that can sign in; the
   * others follow by id. The result may be as old as `maxAgeMs` allows.
   */
  find(email: string, asked?: LookUpOptions): Promise<readonly LabelStudioUser[]>
  /** A linked account as it is now. If many ask at the same time, one list answers them. */
  get(linked: LinkedAccount, signal?: AbortSignal): Promise<ShownAccount | undefined>
  /**
   * Ensures that Label Studio shows the organization to the token's account, so that a missing
   * person is really gone.
   * @throws UnavailableError when it does not show even the token's own account
   */
  prove(signal?: AbortSignal): Promise<void>
  /** Adds a newly created account, so that the list need not be read again. */
  add(user: LabelStudioUser): void
  /** The next `find` asks again. */
  forget(): void
}

/**
 * How long a list serves a push, even a slow one. That is safe: Label Studio refuses to create an
 * account that exists, and an account is read again before it is taken over.
 */
const pushFreshMs = 300_000
/** The maximum age for ending access. */
export const recentMs = 5_000

const membersPerPage = 100

type PeopleByEmail = Map<string, LabelStudioUser[]>

interface PeopleList {
  readonly age: () => number
  readonly people: Promise<PeopleByEmail>
  isRead: boolean
}

/**
 * A directory for Community, which can only list everybody. One list serves all look-ups within its
 * maximum age, so that a push of many people does not fetch everybody for each.
 */
export function communityDirectory(
  api: LabelStudioApi,
  ownId: number,
  clock: () => number = Date.now,
): Directory {
  let listed: PeopleList | undefined
  let next: PeopleList['people'] | undefined

  const begin = (): PeopleList['people'] => {
    const age = stopwatch(clock)
    const list: PeopleList = { age, people: listByEmail(api, ownId), isRead: false }
    listed = list
    list.people.then(
      () => {
        list.isRead = true
      },
      () => {
        if (listed === list) listed = undefined
      },
    )
    return list.people
  }
  /** A list that starts from now on, shared by all who ask before it starts. */
  const anew = (): PeopleList['people'] => {
    if (!listed || listed.isRead) return begin()
    next ??= listed.people
      .catch(() => {})
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
  const listedNow = fromList({
    itemsPerRequest: 50,
    list: async () => new Map((await api.users.list()).map((user) => [user.id, user])),
  })
  const people = (maxAgeMs: number) =>
    listed && maxAgeMs > 0 && listed.age() <= maxAgeMs ? listed.people : anew()

  return {
    async find(email, { maxAgeMs = pushFreshMs } = {}) {
      return (await people(maxAgeMs)).get(normalizeEmail(email)) ?? []
    },
    add(user) {
      void listed?.people.then((byEmail) => insert(byEmail, user)).catch(() => {})
    },
    async get({ id }, signal) {
      const user = (await listedNow(id, signal)) ?? (await api.users.get(id, signal))
      return user && { user }
    },
    async prove() {
      await anew()
    },
    forget() {
      listed = undefined
    },
  }
}

/** The members of an organization of Enterprise. */
export type OrganizationMembers = ReturnType<typeof organizationMembers>

/** Everybody's membership in an organization of Enterprise, in pages of 100. */
export function organizationMembers(members: MembersApi) {
  const list = shared(
    async () => new Map((await collect(members.list())).map((each) => [each.userId, each])),
  )
  return { list, find: fromList({ list, itemsPerRequest: membersPerPage }) }
}

/**
 * A directory for Enterprise, which can search. A push of many people soon costs more than a list,
 * which then serves all look-ups within its maximum age.
 */
export function enterpriseDirectory(
  api: LabelStudioApi,
  { organization, ownId, ownEmail }: Installation,
  everybody: OrganizationMembers,
  clock: () => number = Date.now,
): Directory {
  const members = api.members(organization)
  let listed: { readonly age: () => number; readonly people: PeopleByEmail } | undefined
  let size = 25 * membersPerPage
  let searches = 0

  /** Found by address. */
  async function* search(email: string, signal: AbortSignal | undefined) {
    if (email === '') return
    for await (const member of members.list({ search: email }, signal)) {
      const { user } = member
      if (!user.masked && normalizeEmail(user.email) === normalizeEmail(email)) yield member
    }
  }
  const listNow = async () => {
    const age = stopwatch(clock)
    const all = await everybody.list()
    const people: PeopleByEmail = new Map()
    for (const { user } of all.values()) insert(people, user)
    size = all.size
    listed = { age, people }
    return { size, get: (email: string) => people.get(normalizeEmail(email)) ?? [] }
  }
  const findTogether = fromList({ list: listNow, itemsPerRequest: membersPerPage })
  /** In the background, because a request waits for the search. */
  const listIfCheaper = () => {
    searches += 1
    if (searches * membersPerPage < size) return
    searches = 0
    listNow().catch(() => undefined)
  }

  return {
    async find(email, { maxAgeMs = pushFreshMs, signal } = {}) {
      const isListed = listed && maxAgeMs > 0 && listed.age() <= maxAgeMs
      if (isListed) return listed?.people.get(normalizeEmail(email)) ?? []
      // Whoever is on another page by the time it is read is missing in a list, not in a search.
      const found = maxAgeMs > 0 ? await findTogether(email, signal) : undefined
      if (found) return found
      listIfCheaper()
      const alone = await collect(search(email, signal))
      return alone.map(({ user }) => user).sort(byUse)
    },
    async get({ id, email }, signal) {
      const member = await everybody.find(id, signal)
      if (member) return { user: member.user, member }
      for await (const each of search(email ?? '', signal)) {
        if (each.userId === id) return { user: each.user, member: each }
      }
      const user = await api.users.get(id, signal)
      return user && { user }
    },
    async prove(signal) {
      for await (const { userId } of members.list({ search: ownEmail }, signal)) {
        if (userId === ownId) return
      }
      throw incompleteList()
    },
    add(user) {
      if (listed) insert(listed.people, user)
    },
    forget() {
      listed = undefined
    },
  }
}

/** The error for a list without the token's own account, which cannot be relied on. */
export function incompleteList(): UnavailableError {
  return new UnavailableError('Label Studio gave an incomplete list of people.')
}

async function listByEmail(api: LabelStudioApi, ownId: number) {
  const byEmail = new Map<string, LabelStudioUser[]>()
  const all = await api.users.list()
  if (!all.some(({ id }) => id === ownId)) throw incompleteList()
  for (const user of all) insert(byEmail, user)
  return byEmail
}

function insert(byEmail: Map<string, LabelStudioUser[]>, user: LabelStudioUser): void {
  if (user.masked) return
  const email = normalizeEmail(user.email)
  const others = (byEmail.get(email) ?? []).filter(({ id }) => id !== user.id)
  byEmail.set(email, [...others, user].sort(byUse))
}

function byUse(a: LabelStudioUser, b: LabelStudioUser): number {
  const isLower = ({ email }: LabelStudioUser) => Number(email === normalizeEmail(email))
  return isLower(b) - isLower(a) || a.id - b.id
}
