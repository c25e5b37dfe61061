import type { Scope } from '../stores/scope.js'
import { custom, optionTable, text } from './option.js'
import { readOptions } from './read-options.js'

/** A tenant, and of a scope as much as the caller knows. */
export type GivenScope = Pick<Scope, 'tenant'> & Partial<Scope>

const scopeTable = optionTable<GivenScope>()('scope', 'ERR_SCIM_OPTIONS', {
  tenant: { type: text(), required: true },
  actor: { type: text() },
  requestId: { type: text() },
  signal: { type: custom<AbortSignal>('an AbortSignal', (value) => value instanceof AbortSignal) },
})

/**
 * Checks a scope that a host made. Nobody is found in a tenant that is empty or missing, and
 * whoever is not found may be let in.
 *
 * @param caller the function that the host called, and the code of its errors
 * @throws ConfigurationError naming what is missing, empty or unknown
 */
export function checkScope(
  { factory, code }: { readonly factory: string; readonly code: `ERR_SCIM_${string}` },
  given: GivenScope,
): void {
  readOptions({ ...scopeTable, factory: `${factory} scope`, code }, given)
}
