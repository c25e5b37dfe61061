import { describeGrant, type Grant } from '../../../../lib/adapter/index.js'

/** Whose membership, and what the ledger says of the grant's place. */
export interface Holder {
  readonly accountId: number
  readonly had: Grant | undefined
  readonly signal: AbortSignal
}

/** A grant with what was found out before it is given. */
export interface Prepared {
  readonly grant: Grant
  /** What the ledger will say of it; nothing when the person has it by somebody else's hand. */
  readonly entry: Grant | undefined
  readonly give: () => Promise<'given' | 'later'>
}

/** A grant that cannot be given, and why. */
export interface Impossible {
  readonly note: string
}

/** The note on a grant for which something is missing in Label Studio. */
export function missing(what: string, grant: Grant): Impossible {
  return { note: `There is no ${what} in Label Studio. Not given: ${describeGrant(grant)}.` }
}
