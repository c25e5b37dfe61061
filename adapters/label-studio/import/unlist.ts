import type { AccessRecord, Scope } from '../../../lib/adapter/index.js'
import { writeLogged } from '../accounts/change-log.js'
import type { LabelStudioSettings } from '../options.js'

/** The user of a record, as far as known. */
export interface ListedUser {
  readonly userName: string
  /** The version to remove; any version if absent. */
  readonly version?: string
}

/**
 * Removes a listed person: user and record. The record is first marked as being removed and deleted
 * last, so that a crash in between locks nobody out and the next import continues.
 *
 * @throws VersionMismatchError when they were changed meanwhile; then nothing is removed
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
