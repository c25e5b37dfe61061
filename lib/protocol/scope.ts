import { createScope, type Scope } from '../stores/scope.js'
import type { ScimRequest } from './messages.js'

/** The scope of all store calls of a request. Tenant and actor come from the credentials alone. */
export function scopeOf({
  principal,
  requestId,
  lifetime,
}: Pick<ScimRequest, 'principal' | 'requestId' | 'lifetime'>): Scope {
  return createScope({ tenant: principal.tenant, actor: principal.name, requestId }, lifetime)
}
