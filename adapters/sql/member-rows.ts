import type { Member } from '../../lib/adapter/index.js'
import { sql } from './sql.js'

/**
 * True for every membership, and the condition of the index by member: see `isListed` of resources.
 */
export const isMember = sql.raw("member_id >= ''")

/** A group, in statements. */
export interface GroupKey {
  readonly tenant: string
  readonly groupId: string
}

export interface IdRow {
  readonly id: string
}

/** The id of a user, or of a group (`nested`: 1). */
export interface MemberId extends IdRow {
  readonly nested: number
}

/** Columns of a resource that is a member, as one list. */
export const memberColumns = ['id', 'resource_type', 'display']
export type MemberColumns = readonly [id: string, type: 'User' | 'Group', display: string | null]

export function memberOf([value, type, display]: MemberColumns): Member {
  return { value, type, ...(display !== null && { display }) }
}
