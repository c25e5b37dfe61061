import { readMany } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import { type RefusalCount, refusalRetentionMs } from '../../stores/refusal-store.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/**
 * A request that a policy in report mode would have refused, with the name of the person if there
 * is a SCIM user.
 */
export interface ReportedRefusal extends RefusalCount {
  readonly userName?: string
}

interface PageRange {
  readonly offset: number
  readonly limit: number
}

/** What would have been refused within the last week, the latest first; at most `limit`. */
export async function readRefusals(
  { adapters, clock }: SettingsContext,
  scope: Scope,
  { offset, limit }: PageRange,
): Promise<{ readonly totalResults: number; readonly refusals: readonly ReportedRefusal[] }> {
  const since = new Date(clock().getTime() - refusalRetentionMs).toISOString()
  const all = (await adapters.refusals?.list(scope, { since })) ?? []
  const page = all.slice(offset, offset + limit)
  const ids = page.map(({ person }) => person)
  const people = await readMany(adapters.users, scope, ids, omitGroups)
  const names = new Map(people.map(({ id, userName }) => [id, userName]))
  return {
    totalResults: all.length,
    refusals: page.map((each) => {
      const userName = names.get(each.person)
      return userName === undefined ? each : { ...each, userName }
    }),
  }
}
