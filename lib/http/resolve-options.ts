import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { resolveDeviations } from '../deviations.js'
import { ConfigurationError } from '../errors.js'
import { defaults, type ScimLimits, type ScimOptions } from '../options.js'
import type { ProtocolOptions } from '../protocol/context.js'
import type { SchemaOptions } from '../schema/types.js'
import type { Features } from '../service/context.js'
import type { Adapters } from '../stores/adapters.js'
import { parseBaseUrl } from './base-url.js'
import { checkOptions } from './check-options.js'
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
  checkOptions(given)
  const options = { ...defaults, ...withoutUndefined(given) }
  return {
    ...options,
    baseUrl: typeof given.baseUrl === 'string' ? parseBaseUrl(given.baseUrl) : given.baseUrl,
    features: resolveFeatures(given, adapters),
    limits: resolveLimits(given),
    deviations: resolveDeviations(given),
    cursorSecret: cursorKey(given.cursorSecret),
    onError: reporterOf(given),
    onPending: given.onPending ?? (() => {}),
    clock: given.clock ?? (() => new Date()),
    newId: given.generateId ?? randomUUID,
  }
}

function resolveFeatures({ features }: ScimOptions, adapters: Adapters): Features {
  const canSetPassword = adapters.users.setPassword !== undefined
  if (features?.changePassword === true && !canSetPassword) {
    throw new ConfigurationError(
      'ERR_SCIM_OPTIONS',
      'Option "features.changePassword" is true, but adapters.users has no setPassword. Add the method, or leave the option out.',
    )
  }
  return {
    ...defaults.features,
    changePassword: canSetPassword,
    ...withoutUndefined(features ?? {}),
  }
}

function resolveLimits(given: ScimOptions): ScimLimits {
  const limits = { ...defaults.limits, ...withoutUndefined(given.limits ?? {}) }
  if (limits.defaultCount > limits.maxResults) {
    if (given.limits?.defaultCount === undefined) {
      return { ...limits, defaultCount: limits.maxResults }
    }
    throw new ConfigurationError(
      'ERR_SCIM_OPTIONS',
      `Option "limits.defaultCount" is ${limits.defaultCount}, more than limits.maxResults (${limits.maxResults}). Lower it.`,
    )
  }
  return limits
}

/** What a host's reporter throws must not keep a client from its answer. */
function reporterOf({ onError = logFailure }: ScimOptions): NonNullable<ScimOptions['onError']> {
  return (error, report) => {
    try {
      onError(error, report)
    } catch (cause) {
      logFailure(cause, report)
    }
  }
}

/** Any secret becomes a key of 32 bytes. */
function cursorKey(secret: string | Uint8Array | undefined): Uint8Array {
  return secret === undefined ? randomBytes(32) : createHash('sha256').update(secret).digest()
}

/** For hosts in JavaScript: an option that is `undefined` was not given. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
