/** Something that a client sent and that was dropped. */
export interface PassedOver {
  /**
   * An attribute or extension that no schema of the type has, or a member that names no resource.
   */
  readonly kind: 'attribute' | 'member'
  /** Name of the attribute or URN of the extension as sent, or the member's id. */
  readonly name: string
}

/** How often something was dropped. */
export interface PassedOverCount extends PassedOver {
  readonly count: number
  /** RFC 3339; the last time. */
  readonly at: string
}

/** The most names kept per tenant; those seen longest ago are removed first. */
export const maxPassedOver = 500
