import type { User } from '../../../lib/adapter/index.js'
import type { LabelStudioUser } from '../api/index.js'

/**
 * First and last name as in Label Studio, with at most 256 characters each. Names that SCIM does
 * not give are absent.
 */
export interface Names {
  readonly firstName?: string
  readonly lastName?: string
}

const longest = 256

/** The names of a SCIM user: `name`, else `displayName` as the first name. */
export function namesOf(user: User): Names {
  const name = user.name
  const parts = typeof name === 'object' && name !== null ? (name as Record<string, unknown>) : {}
  const given = nameText(parts.givenName)
  const family = nameText(parts.familyName)
  if (given === undefined && family === undefined) {
    const shown = nameText(user.displayName) ?? nameText(parts.formatted)
    return shown === undefined ? {} : { firstName: shown }
  }
  return {
    ...(given !== undefined && { firstName: given }),
    ...(family !== undefined && { lastName: family }),
  }
}

/** The names that differ from the account's. */
export function changedNames(names: Names, account: LabelStudioUser): Names {
  return {
    ...(names.firstName !== undefined &&
      names.firstName !== account.firstName && { firstName: names.firstName }),
    ...(names.lastName !== undefined &&
      names.lastName !== account.lastName && { lastName: names.lastName }),
  }
}

function nameText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.slice(0, longest) : undefined
}
