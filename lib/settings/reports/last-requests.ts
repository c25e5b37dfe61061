import { lastContact } from '../../access/index.js'
import type { EventName } from '../../events/catalogue.js'
import type { StoredAuditEntry } from '../../stores/audit-store.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** The last requests of identity providers. */
export interface LastRequests {
  /** RFC 3339, to the minute; when an identity provider last called. Absent: never. */
  readonly lastContact?: string
  /** The last request that failed or was refused. */
  readonly lastFailedRequest?: StoredAuditEntry
}

/**
 * Reads the last requests. Contact is recorded once a minute, but requests without success each
 * time: such a request is contact as well, so the later of both counts.
 */
export async function readLastRequests(
  { adapters: { access, audit } }: SettingsContext,
  scope: Scope,
): Promise<LastRequests> {
  const newest = async (event: EventName) => (await audit?.query(scope, { event, limit: 1 })) ?? []
  const [contact, refused, failed] = await Promise.all([
    lastContact(access, scope),
    newest('request.refused'),
    newest('request.failed'),
  ])
  const [entry] = [...refused, ...failed].sort((a, b) => b.sequence - a.sequence)
  const [at] = [contact, entry?.at].filter((each) => each !== undefined).sort(byTime)
  return {
    ...(at !== undefined && { lastContact: at }),
    ...(entry && { lastFailedRequest: entry }),
  }
}

/** The latest first. */
function byTime(a: string, b: string): number {
  return Date.parse(b) - Date.parse(a)
}
