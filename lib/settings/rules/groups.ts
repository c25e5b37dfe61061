import { anyEquals, pathsOf } from '../../access/index.js'
import { groupKey } from '../../mapping/index.js'
import { queryStore } from '../../stores/query-store.js'
import { omitMembers } from '../../stores/reads.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** A pushed group, without its members. */
export interface GroupName {
  readonly id: string
  readonly displayName: string
}

const namesPerQuery = 50
const groupsPerPage = 200
const displayName = pathsOf('Group', ['displayName'])

/**
 * The groups with these names under the policy (see `groupKey`). Exact names are looked up in the
 * index. If the policy ignores case and space, every group is read.
 */
export async function groupsCalled(
  context: SettingsContext,
  scope: Scope,
  names: readonly string[],
): Promise<readonly GroupName[]> {
  const wanted = new Set(names.map((name) => groupKey(name, context.policy)))
  const isWanted = (group: GroupName) => wanted.has(groupKey(group.displayName, context.policy))
  const found: GroupName[] = []
  if (context.policy.ignoreCase) {
    for await (const group of allGroups(context, scope)) if (isWanted(group)) found.push(group)
    return found
  }
  for (let start = 0; start < names.length; start += namesPerQuery) {
    const filter = anyEquals(displayName, names.slice(start, start + namesPerQuery))
    for await (const group of allGroups(context, scope, filter)) {
      if (isWanted(group)) found.push(group)
    }
  }
  return found
}

/** Every group of the tenant, or every match of the filter, page by page. */
export async function* allGroups(
  { adapters }: SettingsContext,
  scope: Scope,
  filter?: ReturnType<typeof anyEquals>,
): AsyncGenerator<GroupName> {
  for (let offset = 0; ; offset += groupsPerPage) {
    const { resources, totalResults } = await queryStore(
      { store: adapters.groups, type: 'Group' },
      scope,
      {
        ...omitMembers,
        ...(filter && { filter }),
        page: { kind: 'index', offset, limit: groupsPerPage },
      },
    )
    for (const { id, displayName } of resources) yield { id, displayName }
    if (resources.length === 0 || offset + resources.length >= totalResults) return
  }
}
