import { groupKey, type MappingPolicy, type MappingRules } from '../../mapping/index.js'

/** The old and new name of a group. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

/** Which parts of a change of a group can take the last role of somebody. */
export interface RoleLosses {
  readonly byLeaving: boolean
  readonly byJoining: boolean
  readonly byRenaming: boolean
}

/**
 * Whoever leaves may lose what rules give; whoever joins loses something only to a rule that gives
 * the role Deactivated. A rename is both, and concerns only rules that name the group.
 */
export function roleLosses(
  { roles_groups: rules }: MappingRules,
  policy: MappingPolicy,
  renamed?: Renaming,
): RoleLosses {
  const shutting = rules.filter(([role]) => role === 'Deactivated')
  const isNamed = (name: string) => {
    const key = groupKey(name, policy)
    return ([, group]: readonly [string, string]) => groupKey(group, policy) === key
  }
  return {
    byLeaving: rules.length > 0,
    byJoining: shutting.length > 0,
    byRenaming:
      renamed !== undefined &&
      (rules.some(isNamed(renamed.from)) || shutting.some(isNamed(renamed.to))),
  }
}
