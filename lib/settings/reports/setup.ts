import { lastContact } from '../../access/index.js'
import { queryStore } from '../../stores/query-store.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** The setup progress of an installation. */
export interface Setup {
  /** RFC 3339; when an identity provider last called. Absent: never. */
  readonly lastContact?: string
  readonly people: number
  readonly groups: number
  readonly hasRules: boolean
}

/** Reads the setup progress of an installation. */
export async function readSetup({ adapters }: SettingsContext, scope: Scope): Promise<Setup> {
  const page = { kind: 'index', offset: 0, limit: 1 } as const
  const [contact, { rules }, people, groups] = await Promise.all([
    lastContact(adapters.access, scope),
    adapters.access.rules(scope),
    queryStore({ store: adapters.users, type: 'User' }, scope, { omit: new Set(['groups']), page }),
    queryStore({ store: adapters.groups, type: 'Group' }, scope, {
      omit: new Set(['members']),
      page,
    }),
  ])
  return {
    ...(contact !== undefined && { lastContact: contact }),
    people: people.totalResults,
    groups: groups.totalResults,
    hasRules: Object.values(rules).some((list) => list.length > 0),
  }
}
