import type { Read } from './query.js'

/** Reads resources whole. */
export const omitNothing: Read = { omit: new Set() }
/** Reads users without their groups, which many stores would have to look up. */
export const omitGroups: Read = { omit: new Set(['groups']) }
/** Reads groups without their members, of which there may be thousands. */
export const omitMembers: Read = { omit: new Set(['members']) }
