import type { ResolvedFilter } from '../filter/ast.js'
import { foldCase } from '../schema/comparable.js'
import { compileResourceTypes } from '../schema/compile.js'
import { resolvePath } from '../schema/paths.js'
import type { Adapters } from '../stores/adapters.js'
import { queryStore } from '../stores/query-store.js'
import { readMany } from '../stores/read-many.js'
import { omitGroups } from '../stores/reads.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { UserStore } from '../stores/user-store.js'
import { emailOf, loginNamesOf } from './email.js'

const maxPeopleOfOneAddress = 100

/**
 * Finds the people whose own address (`emailOf`) this is. An address that is only one of a person's
 * other e-mails does not count.
 */
export type FindByEmail = (scope: Scope, email: string) => Promise<readonly User[]>

/** The people who have an address in their attributes. */
export interface AddressHolders {
  /** People whose own address it is (`emailOf`). */
  readonly own: readonly User[]
  /** People who have it as another e-mail or as their `userName`. */
  readonly others: readonly User[]
}

/** Finds everybody who has this address in any attribute. Only the case of letters is ignored. */
export type FindByAddress = (scope: Scope, address: string) => Promise<AddressHolders>

/**
 * Makes such a finder for these stores. Each call costs one indexed query, and one more if that
 * finds nobody whose own address it is.
 */
export function findByAddress(adapters: Pick<Adapters, 'users' | 'access'>): FindByAddress {
  const paths = pathsOf('User', ['emails.value', 'userName'])
  return async (scope, given) => {
    const address = given.toLowerCase()
    if (address === '') return { own: [], others: [] }
    const filter = anyEquals(paths, [address])
    const page = { kind: 'index', offset: 0, limit: maxPeopleOfOneAddress } as const
    const { resources: alike } = await queryStore({ store: adapters.users, type: 'User' }, scope, {
      ...omitGroups,
      filter,
      page,
    })
    // The store's look-up ignores invisible characters, but a different spelling is a different
    // address.
    const resources = alike.filter((user) => hasAddress(user, address))
    const isOwn = (user: User) => emailOf(user) === address
    const own = resources.filter(isOwn)
    const others = resources.filter((user) => !isOwn(user))
    if (own.length > 0) return { own, others }
    return { own: await ownersByRecord(adapters, scope, address), others }
  }
}

/**
 * People of whose attributes none is written like their address: e.g. a `userName` with a blank at
 * its end. Their record has it, as the host knows it.
 */
async function ownersByRecord(
  { users, access }: Pick<Adapters, 'users' | 'access'>,
  scope: Scope,
  address: string,
): Promise<readonly User[]> {
  const records = (await access?.recordsByEmail(scope, address)) ?? []
  const ids = records.map(({ userId }) => userId)
  const found = await readMany(users, scope, ids, omitGroups)
  return found.filter((user) => emailOf(user) === address)
}

function hasAddress(user: User, address: string): boolean {
  return (
    emailOf(user) === address || loginNamesOf(user).some((text) => text.toLowerCase() === address)
  )
}

/** Makes such a finder for this store. Each call costs one indexed query. */
export function findByEmail(users: UserStore): FindByEmail {
  const find = findByAddress({ users })
  return async (scope, email) => (await find(scope, email.trim())).own
}

type Paths = readonly NonNullable<ReturnType<typeof resolvePath>>[]

/** Resolved paths of attributes that always exist. */
export function pathsOf(typeName: 'User' | 'Group', texts: readonly string[]): Paths {
  const type = compileResourceTypes().byName.get(typeName)
  return texts.flatMap((text) => {
    const path = type && resolvePath(type, text)
    return path ? [path] : []
  })
}

/** `path eq value or …` for every pair, ignoring case. */
export function anyEquals(paths: Paths, values: readonly string[]): ResolvedFilter {
  const nodes = paths.flatMap((path) =>
    values.map((value) => ({
      kind: 'compare' as const,
      path,
      operator: 'eq' as const,
      value: foldCase(value),
    })),
  )
  const [only] = nodes
  return nodes.length === 1 && only ? only : { kind: 'or', nodes }
}

/** Matches people whose login name, name or an address contains this text, ignoring case. */
export function anyContains(text: string): ResolvedFilter {
  const paths = pathsOf('User', [
    'userName',
    'displayName',
    'emails.value',
    'name.givenName',
    'name.familyName',
  ])
  return {
    kind: 'or',
    nodes: paths.map((path) => ({
      kind: 'compare',
      path,
      operator: 'co',
      value: foldCase(text),
    })),
  }
}
