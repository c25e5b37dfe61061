import type { TypeRules } from './change.js'

/** Rules of resource types that give nobody access. */
export const plainRules: TypeRules = {
  check: async () => {},
  pending: () => [],
  happenings: () => [],
  beforeWrite: async () => {},
  afterWrite: async () => {},
  afterNothing: async () => {},
}
