import { describeGrant, type Grant } from '../../../../lib/adapter/index.js'

/** The account, and the ledger's entry for the place of the grant. */
export interface Holder {
  readonly accountId: number
  readonly had: Grant | undefined
  /** Just created, so that it is a member of nothing. */
  readonly isNew: boolean
  readonly signal: AbortSignal
}

/** A grant, checked before it is made. */
export interface Prepared {
  readonly grant: Grant
  /** The entry for the ledger; absent if the person has it already, granted by hand. */
  readonly entry: Grant | undefined
  readonly give: () => Promise<'given' | 'later'>
}

/** A grant that cannot be made, and the reason. */
export interface Impossible {
  readonly note: string
}

/** The note about a grant whose workspace or project is missing in Label Studio. */
export function missing(what: string, grant: Grant): Impossible {
  return { note: `There is no ${what} in Label Studio. Not given: ${describeGrant(grant)}.` }
}
