import { storeErrorKind, type UnknownReferenceError } from '../stores/errors.js'
import type { Call } from './call.js'

/**
 * Calls `write` with the ids to leave out: none at first; where the host wants unknown ids ignored, once more with those
 * that the store reported.
 */
export async function passingOverUnknown<T>(
  { services, scope }: Call,
  write: (ignored: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  try {
    return await write(new Set())
  } catch (error) {
    const isIgnored = services.options.unknownMembers === 'ignore'
    if (!isIgnored || storeErrorKind(error) !== 'unknownReference') throw error
    const { ids } = error as UnknownReferenceError
    const written = await write(new Set(ids))
    services.onPassedOver?.(
      scope,
      ids.map((name) => ({ kind: 'member', name })),
    )
    return written
  }
}
