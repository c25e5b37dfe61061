import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

/**
 * What the gate makes of requests that the rules do not give: refuse them, report them, or neither.
 */
export type Enforcement = 'enforce' | 'report' | 'off'

const valueName = 'gate.enforcement'
const modes: readonly string[] = ['enforce', 'report', 'off'] satisfies readonly Enforcement[]

/** Notes what the gate does, so that the settings tell it, also in another process. */
export async function noteEnforcement(
  access: AccessStore,
  scope: Scope,
  enforcement: Enforcement,
): Promise<void> {
  if ((await enforcementOf(access, scope)) === enforcement) return
  await access.setValue(scope, valueName, enforcement)
}

/** What the gate that was started last does; `undefined` when there never was one. */
export async function enforcementOf(
  access: AccessStore,
  scope: Scope,
): Promise<Enforcement | undefined> {
  const value = await access.getValue(scope, valueName)
  return value !== undefined && modes.includes(value) ? (value as Enforcement) : undefined
}

/**
 * `some`: there are mapping rules, or values of users that give roles. `none`: there never were.
 * `deleted`: the last rule is gone; what the rules closed stays closed.
 */
export type RulesState = 'none' | 'some' | 'deleted'

/** Whether something gives roles to a tenant's people. One cheap query. */
export async function rulesState(
  { access, policy }: Pick<Adapters, 'access' | 'policy'>,
  scope: Scope,
): Promise<RulesState> {
  if ((policy?.roles_users?.length ?? 0) > 0) return 'some'
  if (!access) return 'none'
  const { rules, version } = await access.rules(scope)
  if (Object.values(rules).some((list) => list.length > 0)) return 'some'
  return version === '0' ? 'none' : 'deleted'
}
