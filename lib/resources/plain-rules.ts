import type { TypeRules } from './change.js'

/** Rules of resource types that give nobody access. */
export const plainRules: TypeRules = {
  check: () => undefined,
  pending: () => [],
  happenings: () => [],
  afterWrite: () => undefined,
  afterNothing: () => undefined,
}
