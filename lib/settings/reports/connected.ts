import { enforcementOf } from '../../access/index.js'
import { endsInLedger } from '../../stores/access-target.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/**
 * Whether a Label Studio is connected. Adapters without a target only record what rules give. A
 * host that reads the record itself gives the names of Label Studio or its address, or has a gate
 * in front of it.
 */
export async function hasLabelStudio(context: SettingsContext, scope: Scope): Promise<boolean> {
  const { adapters, projects, workspaces, accounts, labelStudioUrl } = context
  if (adapters.users.deprovision !== endsInLedger) return true
  if (projects ?? workspaces ?? accounts ?? labelStudioUrl) return true
  return (await enforcementOf(adapters.access, scope)) !== undefined
}
