import type { ResolvedFilter } from '../filter/ast.js'
import { foldCase } from '../schema/comparable.js'
import { compileResourceTypes } from '../schema/compile.js'
import { isObject } from '../schema/json.js'
import { resolvePath } from '../schema/paths.js'
import { queryStore } from '../stores/query-store.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { UserStore } from '../stores/user-store.js'
import { emailOf } from './email.js'

const maxPeopleOfOneAddress = 100

/**
 * Finds the people whose own address (`emailOf`) this is; one that merely stands among somebody's
 * e-mails is not.
 */
export type FindByEmail = (scope: Scope, email: string) => Promise<readonly User[]>

/** The people in whose attributes an address stands. */
export interface AddressHolders {
  /** It is their own (`emailOf`). */
  readonly own: readonly User[]
  /** It is another e-mail of theirs, or their `userName`. */
  readonly others: readonly User[]
}

/**
 * Finds everybody who has this address in any attribute. The address is compared as it is but for
 * its case.
 */
export type FindByAddress = (scope: Scope, address: string) => Promise<AddressHolders>

/** A finder over this store. One indexed query a call. */
export function findByAddress(users: UserStore): FindByAddress {
  const paths = pathsOf('User', ['emails.value', 'userName'])
  return async (scope, given) => {
    const address = given.toLowerCase()
    if (address === '') return { own: [], others: [] }
    const filter = anyEquals(paths, [address])
    const page = { kind: 'index', offset: 0, limit: maxPeopleOfOneAddress } as const
    const { resources: alike } = await queryStore({ store: users, type: 'User' }, scope, {
      omit: new Set(['groups']),
      filter,
      page,
    })
    // Look-ups pass over invisible characters; another spelling is another address.
    const resources = alike.filter((user) => hasAddress(user, address))
    const isOwn = (user: User) => emailOf(user) === address
    return { own: resources.filter(isOwn), others: resources.filter((user) => !isOwn(user)) }
  }
}

function hasAddress(user: User, address: string): boolean {
  const emails = Array.isArray(user['emails']) ? user['emails'] : []
  const values = emails.map((email) => (isObject(email) ? email['value'] : undefined))
  const texts = [emailOf(user), user.userName, ...values]
  return texts.some((text) => typeof text === 'string' && text.toLowerCase() === address)
}

/** A finder over this store. One indexed query a call. */
export function findByEmail(users: UserStore): FindByEmail {
  const find = findByAddress(users)
  return async (scope, email) => (await find(scope, email.trim())).own
}

type Paths = readonly NonNullable<ReturnType<typeof resolvePath>>[]

/** Resolved paths of attributes that every service provider has. */
export function pathsOf(typeName: 'User' | 'Group', texts: readonly string[]): Paths {
  const type = compileResourceTypes().byName.get(typeName)
  return texts.flatMap((text) => {
    const path = type && resolvePath(type, text)
    return path ? [path] : []
  })
}

/** `path eq value or …` for every pair, in any case. */
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

/** People whose login name, name or an address contains this text, in any case. */
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
