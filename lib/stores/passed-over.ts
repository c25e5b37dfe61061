/** Something a client sent that is not kept here, and that changed nothing else. */
export interface PassedOver {
  /** An attribute or extension no schema of the type has, or a member who names nobody. */
  readonly kind: 'attribute' | 'member'
  /** Name of the attribute or URN of the extension as sent, or the member's id. */
  readonly name: string
}

/** How often something was passed over. */
export interface PassedOverCount extends PassedOver {
  readonly count: number
  /** RFC 3339; the last time. */
  readonly at: string
}

/** Most names of one tenant that are kept; those seen longest ago go first. */
export const maxPassedOver = 500
