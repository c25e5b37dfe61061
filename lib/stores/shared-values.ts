/** Resources that have one value of an attribute. */
export interface SharedValue {
  readonly one: string
  readonly another: string
}

/** Most pairs that a warning names. */
export const maxSharedNamed = 20

/**
 * Warns of resources that have one value of an attribute that has become unique. They stay as they
 * are: neither is changed, and each can still be changed in all else.
 */
export function warnOfShared(
  type: string,
  attribute: string,
  shared: readonly SharedValue[],
): void {
  if (shared.length === 0) return
  const named = shared.slice(0, maxSharedNamed)
  const more = shared.length > named.length ? ', and others' : ''
  const pairs = named.map(({ one, another }) => `${one} and ${another}`).join('; ')
  process.emitWarning(
    `Resources of type ${type} share a value of "${attribute}", which has to be unique ` +
      `now: ${pairs}${more}. They are kept as they are; give one of each another value.`,
    { type: 'ConfigurationWarning', code: 'ERR_SCIM_UNIQUENESS' },
  )
}
