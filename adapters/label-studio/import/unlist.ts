import type { AccessRecord, Scope } from '../../../lib/adapter/index.js'
import { writeLogged } from '../accounts/change-log.js'
import type { LabelStudioSettings } from '../options.js'

/** The user of a record, as far as it is known. */
export interface ListedUser {
  readonly userName: string
  /** The version that is removed; whatever there is without one. */
  readonly version?: string
}

/**
 * Removes somebody who was only listed: user and record. The record goes last and says first that
 * it is half gone, so that a process that ends in between shuts nobody out, and the next import
 * goes on.
 *
 * @throws VersionMismatchError when they were changed meanwhile; nothing is removed then
 */
export async function unlist(
  settings: LabelStudioSettings,
  scope: Scope,
  record: AccessRecord,
  { userName, version: expectedVersion }: ListedUser,
): Promise<void> {
  const { users, access } = settings.storage
  const id = record.userId
  await access.saveRecord(scope, { ...record, enforced: undefined })
  const change = { event: 'user.deleted', user: { id, userName } } as const
  try {
    await writeLogged(settings, scope, change, (outbox) =>
      users.delete(scope, id, { expectedVersion, outbox }),
    )
  } catch (error) {
    await access.saveRecord(scope, record)
    throw error
  }
  await access.deleteRecord(scope, id)
}
