import { hasRules } from '../../mapping/index.js'
import { queryStore } from '../../stores/query-store.js'
import { omitGroups, omitMembers } from '../../stores/reads.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { type LastRequests, readLastRequests } from './last-requests.js'

/** The setup progress of an installation. */
export interface Setup extends Pick<LastRequests, 'lastContact'> {
  /** All people, also those whom only an import has listed. */
  readonly people: number
  readonly groups: number
  readonly hasRules: boolean
}

/** Reads the setup progress of an installation. */
export async function readSetup(context: SettingsContext, scope: Scope): Promise<Setup> {
  const { adapters } = context
  const page = { kind: 'index', offset: 0, limit: 1 } as const
  const [{ lastContact }, { rules }, people, groups] = await Promise.all([
    readLastRequests(context, scope),
    adapters.access.rules(scope),
    queryStore({ store: adapters.users, type: 'User' }, scope, { ...omitGroups, page }),
    queryStore({ store: adapters.groups, type: 'Group' }, scope, {
      ...omitMembers,
      page,
    }),
  ])
  return {
    ...(lastContact !== undefined && { lastContact }),
    people: people.totalResults,
    groups: groups.totalResults,
    hasRules: hasRules(rules),
  }
}

const maxLookedAt = 50

/**
 * Whether an identity provider has sent anybody: `origin` is `sent`, as in the list of people.
 *
 * To count them would mean to read everybody, but a page that waits for the first one asks every
 * few seconds. Therefore, it is looked for in two places. The log has `access.granted` for whoever
 * was given access, new or taken over from an import, which changes nobody's access; the entry is
 * found by its index. Without it (no log, or the person waits or is inactive), the newest people
 * are read: who has just been sent comes after those whom the first import listed.
 *
 * @param people how many people there are
 */
export async function hasSentPeople(
  { adapters: { users, access, audit } }: SettingsContext,
  scope: Scope,
  { people }: Pick<Setup, 'people'>,
): Promise<boolean> {
  const given = await audit?.query(scope, { event: 'access.granted', limit: 1 })
  if (given && given.length > 0) return true
  const offset = Math.max(0, people - maxLookedAt)
  const page = { kind: 'index', offset, limit: maxLookedAt } as const
  const omit = new Set(['groups'])
  const { resources } = await queryStore({ store: users, type: 'User' }, scope, { omit, page })
  const records = await access.getRecords(
    scope,
    resources.map(({ id }) => id),
  )
  const listed = records.filter(({ account }) => account?.origin === 'imported')
  return listed.length < resources.length
}
