import { type Adapters, rulesState, type Scope } from '../../../lib/adapter/index.js'

const warning =
  'The last mapping rule was deleted, so nobody below Administrator sees a project of Label Studio. Make rules ' +
  'again, or leave out the policy (LABEL_STUDIO_RULES=off) to open everything to everybody.'

/**
 * For `isInForce` of `labelStudioPolicy`: from the first mapping rule on. It stays so when the last
 * rule is deleted, since that must not open every project to everybody: then nobody below
 * Administrator sees any, and a warning of the process says so once.
 */
export function sinceFirstRule(
  adapters: Pick<Adapters, 'access' | 'policy'>,
): (scope: Scope) => Promise<boolean> {
  let isWarned = false
  return async (scope) => {
    const state = await rulesState(adapters, scope)
    if (state === 'deleted' && !isWarned) process.emitWarning(warning, { code: 'LS_NO_RULES' })
    isWarned = state === 'deleted'
    return state !== 'none'
  }
}
