import { ConfigurationError } from '../errors.js'
import type { Adapters } from './adapters.js'

/** Methods every store must have. */
const requiredMethods = {
  users: ['create', 'get', 'query', 'replace', 'delete', 'deprovision', 'applyAccess'],
  groups: ['create', 'get', 'query', 'replace', 'delete', 'groupsOf', 'resolveAccess'],
} as const

/**
 * Refuses what cannot be adapters when a factory gets them, not at the first request.
 *
 * @param factory the function a host called, for the message
 * @throws ConfigurationError `ERR_SCIM_ADAPTERS` naming a forgotten `await`, or the methods that a store lacks
 */
export function checkAdapters(factory: string, adapters: Adapters): void {
  if (hasMethod(adapters, 'then')) {
    throw new ConfigurationError(
      'ERR_SCIM_ADAPTERS',
      `${factory}: the adapters are a promise. Await what makes them, e.g. await sqlAdapters({ url }).`,
    )
  }
  for (const [name, methods] of Object.entries(requiredMethods)) {
    const store: unknown = adapters?.[name as keyof typeof requiredMethods]
    const missing = methods.filter((method) => !hasMethod(store, method))
    if (missing.length > 0) {
      throw new ConfigurationError(
        'ERR_SCIM_ADAPTERS',
        `${factory}: adapters.${name} has no ${missing.join(', ')}. Give a store with these methods, e.g. one of memoryAdapters().`,
      )
    }
  }
}

function hasMethod(store: unknown, method: string): boolean {
  return typeof (store as Record<string, unknown> | undefined)?.[method] === 'function'
}
