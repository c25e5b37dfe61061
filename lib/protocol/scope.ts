import { createScope, type Scope } from '../stores/scope.js'
import type { ScimRequest } from './messages.js'

/**
 * The scope of every store call a request makes: nothing in it comes from anywhere but the
 * credentials.
 */
export function scopeOf({ principal, requestId, lifetime }: ScimRequest): Scope {
  return createScope({ tenant: principal.tenant, actor: principal.name, requestId }, lifetime)
}
