import { describeValue, shownName } from './configuration/shown.js'
import { ConfigurationError } from './errors.js'

/**
 * Every departure from the RFCs that this service provider accepts, because provisioning clients in
 * use depend on it: docs/deviations.md. All are on by default, and each can be switched off. None
 * of them removes or grants more than the client named.
 */
export const deviationIds = [
  'stringBooleans',
  'emptyStringClears',
  'singleValueForMultiValued',
  'managerAsString',
  'membersAsStrings',
  'missingSchemas',
  'legacyUrns',
  'unlistedExtensions',
  'countryNames',
  'opCase',
  'emptyOperations',
  'pathlessDottedKeys',
  'ignoreReadOnlyInPathlessPatch',
  'addCreatesValuePathTarget',
  'replaceCreatesValuePathTarget',
  'removeByValueList',
  'wrappedMembers',
  'valueFilterOnSingular',
  'unqualifiedExtensionAttributes',
  'bulkPatchBareOperations',
  'coreUrnAsKey',
  'dottedExtensionAttributes',
  'arrayOfOne',
  'jsonText',
  'accessEndsDespiteConflict',
  'searchNumbersAsText',
  'emailAlias',
  'valuePathSubAttribute',
  'unquotedResourceType',
  'bareFilterValues',
  'valueFilterInProjection',
] as const

/** Name of a deviation. */
export type DeviationId = (typeof deviationIds)[number]

/** The deviations that are switched on. */
export type Deviations = ReadonlySet<DeviationId>

/** How a host chooses deviations. */
export interface DeviationOptions {
  /** Switches all deviations off. Default `false`: all are on. */
  readonly strict?: boolean
  /** Switches single deviations on or off by `id`; takes precedence over `strict`. */
  readonly deviations?: Readonly<Partial<Record<DeviationId, boolean>>>
}

/**
 * The deviations that a host's options switch on.
 *
 * @throws ConfigurationError if an option names an unknown deviation, or is not a boolean
 */
export function resolveDeviations(options: DeviationOptions = {}): Deviations {
  const { strict = false, deviations: chosen = {} } = options
  for (const [id, value] of Object.entries(chosen)) {
    if (!(deviationIds as readonly string[]).includes(id) || typeof value !== 'boolean') {
      throw new ConfigurationError(
        'ERR_SCIM_DEVIATION',
        `Option "deviations": the one ${shownName(id)} ${describeValue(value, 'boolean')}. ` +
          `Known deviations, each true or false: ${deviationIds.join(', ')}.`,
      )
    }
  }
  return new Set(deviationIds.filter((id) => (Object.hasOwn(chosen, id) ? chosen[id] : !strict)))
}
