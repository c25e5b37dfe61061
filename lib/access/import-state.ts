import type { AccessStore } from '../stores/access-store.js'
import type { Scope } from '../stores/scope.js'

/** How an import of the host's accounts stands, or how the last one ended. */
export interface ImportState {
  /** RFC 3339. */
  readonly startedAt: string
  /** RFC 3339; when this was noted. */
  readonly at: string
  /** Accounts that were looked at. */
  readonly done: number
  /** Absent: the accounts are being listed. */
  readonly total?: number
  /** Absent: under way, or the process ended meanwhile. */
  readonly outcome?: 'succeeded' | 'failed'
}

const valueName = 'import'

/** Tells administrators, on whichever host, how an import stands. */
export function noteImport(access: AccessStore, scope: Scope, state: ImportState): Promise<void> {
  return access.setValue(scope, valueName, JSON.stringify(state))
}

/** The import that was noted last; `undefined` when there was none. */
export async function lastImport(
  access: AccessStore,
  scope: Scope,
): Promise<ImportState | undefined> {
  const value = await access.getValue(scope, valueName)
  return value ? (JSON.parse(value) as ImportState) : undefined
}
