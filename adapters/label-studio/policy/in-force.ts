import { type Adapters, checkScope, rulesState, type Scope } from '../../../lib/adapter/index.js'

const warning =
  'The last mapping rule was deleted, so nobody below Administrator sees a project of ' +
  'Label Studio. Make rules ' +
  'again, or leave out the policy (LABEL_STUDIO_RULES=off) to open everything to everybody.'

const code = 'ERR_SCIM_LABEL_STUDIO_NO_RULES'

/** How often to check whether the last rule was deleted, after there was one. */
const againMs = 60_000

/**
 * For `isInForce` of `labelStudioPolicy`: the policy is in force from the first mapping rule on. It
 * stays in force when the last rule is deleted; otherwise that would open every project to
 * everybody. Nobody below Administrator then sees a project, and the process warns once, within a
 * minute.
 *
 * @throws ConfigurationError `ERR_SCIM_LABEL_STUDIO_OPTION` when the scope has no tenant
 */
export function sinceFirstRule(
  adapters: Pick<Adapters, 'access' | 'policy'>,
): (scope: Scope) => Promise<boolean> {
  const lookAgain = new Map<string, number>()
  const warn = warner()
  return async (scope) => {
    // The policy stays in force, so only the warning depends on what is stored now.
    if (performance.now() < (lookAgain.get(scope?.tenant) ?? 0)) return true
    checkScope({ factory: 'sinceFirstRule', code: 'ERR_SCIM_LABEL_STUDIO_OPTION' }, scope)
    const { tenant } = scope
    const state = await rulesState(adapters, scope)
    if (state === 'none') return false
    lookAgain.set(tenant, performance.now() + againMs)
    warn(tenant, state === 'deleted')
    return true
  }
}

function warner(): (tenant: string, isDeleted: boolean) => void {
  const warned = new Set<string>()
  return (tenant, isDeleted) => {
    if (isDeleted && !warned.has(tenant)) process.emitWarning(warning, { code })
    if (isDeleted) warned.add(tenant)
    else warned.delete(tenant)
  }
}
