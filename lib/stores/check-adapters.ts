import { ConfigurationError } from '../errors.js'
import type { Adapters } from './adapters.js'

/** Methods that every store must have. */
const requiredMethods = {
  users: ['create', 'get', 'query', 'replace', 'delete', 'deprovision', 'applyAccess'],
  groups: ['create', 'get', 'query', 'replace', 'delete', 'groupsOf', 'resolveAccess'],
} as const

/**
 * Refuses invalid adapters when a factory gets them rather than at the first request.
 *
 * @param factory name of the function that the host called, for the message
 * @throws ConfigurationError `ERR_SCIM_ADAPTERS` naming a forgotten `await`, or the methods that a
 *   store lacks
 */
export function checkAdapters(factory: string, adapters: Adapters): void {
  if (hasMethod(adapters, 'then')) {
    throw new ConfigurationError(
      'ERR_SCIM_ADAPTERS',
      `${factory}: the adapters are a promise. Await what makes them, e.g. ` +
        'await sqlAdapters({ url }).',
    )
  }
  for (const [name, methods] of Object.entries(requiredMethods)) {
    const store: unknown = adapters?.[name as keyof typeof requiredMethods]
    const missing = methods.filter((method) => !hasMethod(store, method))
    if (missing.length > 0) {
      throw new ConfigurationError(
        'ERR_SCIM_ADAPTERS',
        `${factory}: adapters.${name} has no ${missing.join(', ')}. ` +
          'Give a store with these methods, e.g. one of memoryAdapters().',
      )
    }
  }
  refuseForeignAccess(factory, adapters)
}

/**
 * Refuses an access store whose storage differs from that of users and groups: it would find no
 * people in their groups, so rules would have no effect.
 */
function refuseForeignAccess(factory: string, { access, users, groups }: Adapters): void {
  if (access?.storage === undefined) return
  const foreign = Object.entries({ users, groups }).find(
    ([, store]) => store.storage !== access.storage,
  )
  if (foreign === undefined) return
  throw new ConfigurationError(
    'ERR_SCIM_ADAPTERS',
    `${factory}: adapters.access keeps its pending work beside users and groups of its ` +
      `own, so rules would reach nobody in adapters.${foreign[0]}. ` +
      `Give an access store of your own; or, if adapters.${foreign[0]} wraps the store that ` +
      'came with it, pass its property "storage" on.',
  )
}

function hasMethod(store: unknown, method: string): boolean {
  return typeof (store as Record<string, unknown> | undefined)?.[method] === 'function'
}
