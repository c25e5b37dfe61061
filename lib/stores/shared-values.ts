/** Resources that share a value of an attribute. */
export interface SharedValue {
  readonly one: string
  readonly another: string
}

/** The most groups of resources that a warning names. */
export const maxSharedNamed = 20

/**
 * Warns about resources that share a value of an attribute that has become unique. They stay as
 * they are, and their other attributes can still be changed.
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
