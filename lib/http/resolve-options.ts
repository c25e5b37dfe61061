import { createHash, randomBytes } from 'node:crypto'
import { readOptions } from '../configuration/read-options.js'
import { resolveDeviations } from '../deviations.js'
import { ConfigurationError } from '../errors.js'
import { tell } from '../events/emitter.js'
import { type ScimLimits, type ScimOptions, scimTable } from '../options.js'
import type { ProtocolOptions } from '../protocol/context.js'
import type { Features } from '../resources/options.js'
import { timeOrderedId } from '../resources/state.js'
import type { SchemaOptions } from '../schema/types.js'
import type { Adapters } from '../stores/adapters.js'
import { parseBaseUrl } from './base-url.js'
import { logFailure } from './failures.js'
import type { TransportOptions } from './transport.js'

/** All options of a router with every default filled in. */
export interface ResolvedOptions
  extends ProtocolOptions,
    SchemaOptions,
    Omit<TransportOptions, 'emit' | 'recorder'> {
  readonly limits: ScimLimits
  readonly newId: () => string
  readonly onPending: (tenant: string) => void
}

/**
 * Checks a host's options and fills in the defaults.
 *
 * @throws ConfigurationError naming the option, the value and the fix
 */
export function resolveOptions(given: ScimOptions, adapters: Adapters): ResolvedOptions {
  const options = readOptions(scimTable, given)
  refuseGateWithoutAccess(options, adapters)
  const { baseUrl, onEvent: _, generateId = timeOrderedId, ...rest } = options
  const onError = reporterOf(given)
  return {
    ...withoutUndefined(rest),
    baseUrl: typeof baseUrl === 'string' ? parseBaseUrl(baseUrl) : baseUrl,
    features: resolveFeatures(options.features, adapters),
    limits: resolveLimits(options.limits as ScimLimits, given),
    deviations: resolveDeviations(given),
    cursorSecret: cursorKey(options.cursorSecret),
    onError,
    onPending: onPendingOf(given, onError),
    newId: generateId,
  }
}

/** Without an `access` store, nothing would close the accounts after the answer. */
function refuseGateWithoutAccess(
  { gateIsOnlyWayIn }: Pick<ScimOptions, 'gateIsOnlyWayIn'>,
  { access }: Adapters,
): void {
  if (!gateIsOnlyWayIn || access) return
  throw new ConfigurationError(
    scimTable.code,
    'scimRouter: option "gateIsOnlyWayIn" is true, but the adapters have no "access" ' +
      'store, so nothing would shut accounts after the answer. ' +
      'Give one, or leave the option out.',
  )
}

function resolveFeatures(features: Partial<Features>, adapters: Adapters): Features {
  const canSetPassword = adapters.users.setPassword !== undefined
  if (features.changePassword === true && !canSetPassword) {
    throw new ConfigurationError(
      scimTable.code,
      'scimRouter: option "features.changePassword" is true, but adapters.users has no ' +
        'setPassword. Add the method, or leave the option out.',
    )
  }
  return { ...features, changePassword: features.changePassword ?? canSetPassword } as Features
}

function resolveLimits(limits: ScimLimits, given: ScimOptions): ScimLimits {
  warnOfSmallPatches(given, limits)
  if (limits.defaultCount <= limits.maxResults) return limits
  if (given.limits?.defaultCount === undefined) {
    return { ...limits, defaultCount: limits.maxResults }
  }
  throw new ConfigurationError(
    scimTable.code,
    `scimRouter: option "limits.defaultCount" is ${limits.defaultCount}, more than ` +
      `limits.maxResults (${limits.maxResults}). Lower it.`,
  )
}

/**
 * authentik sends a group's members in PATCHes with as many operations as a bulk request may have.
 */
function warnOfSmallPatches({ features }: ScimOptions, limits: ScimLimits): void {
  const { maxBulkOperations, maxPatchOperations } = limits
  if (features?.bulk === false || maxBulkOperations <= maxPatchOperations) return
  process.emitWarning(
    `Option "limits.maxBulkOperations" is ${maxBulkOperations}, more than ` +
      `limits.maxPatchOperations (${maxPatchOperations}). ` +
      'Some clients, authentik among them, send PATCHes of that many operations, which are ' +
      'refused. Raise maxPatchOperations, or lower maxBulkOperations.',
    { type: 'ConfigurationWarning', code: 'ERR_SCIM_OPTIONS' },
  )
}

/** A failure of the host's reporter must not keep the client from getting its answer. */
function reporterOf({ onError = logFailure }: ScimOptions): NonNullable<ScimOptions['onError']> {
  return (error, report) => tell(onError, [error, report], (cause) => logFailure(cause, report))
}

/** By then the change is stored: what the host does about it must not fail the request. */
function onPendingOf({ onPending = () => {} }: ScimOptions, report: typeof logFailure) {
  return (tenant: string) =>
    tell(onPending, [tenant], (error) =>
      report(error, { requestId: '', method: '', path: '', tenant }),
    )
}

/** Derives a key of 32 bytes from any secret. */
function cursorKey(secret: string | Uint8Array | undefined): Uint8Array {
  return secret === undefined ? randomBytes(32) : createHash('sha256').update(secret).digest()
}

/** Removes `undefined` members: options that were left out and have no default. */
function withoutUndefined<T extends object>(
  options: T,
): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const present = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as ReturnType<typeof withoutUndefined<T>>
}
