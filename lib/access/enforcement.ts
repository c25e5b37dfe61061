import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

/**
 * How the gate treats requests that the rules do not allow: refuse them, report them, or neither.
 */
export type Enforcement = 'enforce' | 'report' | 'off'

const valueName = 'gate.enforcement'
const modes: readonly string[] = ['enforce', 'report', 'off'] satisfies readonly Enforcement[]

/** Stores the gate's mode, so that the settings page can show it from any process. */
export async function noteEnforcement(
  access: AccessStore,
  scope: Scope,
  enforcement: Enforcement,
): Promise<void> {
  if ((await enforcementOf(access, scope)) === enforcement) return
  await access.setValue(scope, valueName, enforcement)
}

/** The mode of the gate that was started last; `undefined` if no gate was ever started. */
export async function enforcementOf(
  access: AccessStore,
  scope: Scope,
): Promise<Enforcement | undefined> {
  const value = await access.getValue(scope, valueName)
  return value !== undefined && modes.includes(value) ? (value as Enforcement) : undefined
}

/**
 * `some`: mapping rules exist, or attribute values of users give roles. `none`: no rules were ever
 * saved. `deleted`: the last rule was deleted; whatever the rules had closed stays closed.
 */
export type RulesState = 'none' | 'some' | 'deleted'

/** Whether rules or attribute values give roles in this tenant. One cheap query. */
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
