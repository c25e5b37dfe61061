import { digestToken, generateToken } from 'label-studio-scim'
import { UsageError } from '../command.js'
import { databaseUrl } from '../database.js'
import { type LabelStudioEnvironment, readLabelStudio } from '../label-studio.js'
import type { Environment } from '../variables.js'

/** The settings of this host: addresses, database and credentials. */
export interface HostEnvironment {
  readonly port: number
  readonly host: string
  /**
   * Where the settings page and API listen if not at `port`: a different origin from Label
   * Studio's.
   */
  readonly settings?: { readonly port: number; readonly host: string }
  /** Reverse proxies whose `X-Forwarded-…` headers are trusted, in Express's format. */
  readonly trustProxy?: string
  readonly scim: Access
  readonly admin: Access
  /** Shared by the hosts of one address, for sign-ins to the page and cursors. */
  readonly secret?: string
  readonly databaseUrl: string
  /** The Label Studio to provision, and to put behind the gate. */
  readonly labelStudio?: LabelStudioEnvironment
  /**
   * How rules are applied in Community. `off`: they are only recorded, and everybody may do
   * everything.
   */
  readonly rules: RulesMode
  /** Whose scripts run in the pages of Label Studio. */
  readonly scripts: Scripts
  /** Nobody reaches Label Studio through this host, which does everything else. */
  readonly isClosed: boolean
}

/** See `HostEnvironment.rules`. */
export type RulesMode = 'enforce' | 'report' | 'off'

/** See `HostEnvironment.scripts`. */
export type Scripts = 'own' | 'any'

/** The tokens that the host accepts, as digests. */
export interface Access {
  readonly digests: readonly string[]
  /** The token made for this run, if the environment gives none. */
  readonly made?: string
}

/**
 * Reads the settings of this host from environment variables.
 *
 * @throws UsageError naming the variable that cannot be used
 */
export function readEnvironment(variables: Environment): HostEnvironment {
  const { PORT, HOST, SETTINGS_PORT, SETTINGS_HOST, TRUST_PROXY, HOST_SECRET } = variables
  const host = HOST || '127.0.0.1'
  const labelStudio = readLabelStudio(variables)
  if (SETTINGS_HOST && !SETTINGS_PORT) {
    throw new UsageError('SETTINGS_HOST is set: give the port of the settings as SETTINGS_PORT.')
  }
  if (HOST_SECRET && HOST_SECRET.length < 32) {
    throw new UsageError(
      'HOST_SECRET must have at least 32 characters. Make one with "openssl rand -hex 32".',
    )
  }
  const [scim, admin] = [readAccess('SCIM_TOKEN', variables), readAccess('ADMIN_TOKEN', variables)]
  if (scim.digests.some((digest) => admin.digests.includes(digest))) {
    throw new UsageError(
      'SCIM_TOKEN and ADMIN_TOKEN are the same: an identity provider could change the rules.',
    )
  }
  const port = readPort('PORT', PORT || '3000')
  const settings = SETTINGS_PORT
    ? { port: readPort('SETTINGS_PORT', SETTINGS_PORT), host: SETTINGS_HOST || host }
    : undefined
  if (settings && port !== 0 && settings.port === port && settings.host === host) {
    throw new UsageError(
      'SETTINGS_PORT and PORT are the same. Leave SETTINGS_PORT out, or change it.',
    )
  }
  return {
    port,
    host,
    ...(settings && { settings }),
    ...(TRUST_PROXY && { trustProxy: TRUST_PROXY }),
    scim,
    admin,
    ...(HOST_SECRET && { secret: HOST_SECRET }),
    databaseUrl: databaseUrl(variables),
    ...(labelStudio && { labelStudio }),
    rules: readRules(variables.LABEL_STUDIO_RULES || 'enforce'),
    scripts: readScripts(variables.LABEL_STUDIO_SCRIPTS || 'own'),
    isClosed: readGate(variables.LABEL_STUDIO_GATE || 'open') === 'closed',
  }
}

function readGate(state: string): 'open' | 'closed' {
  if (state === 'open' || state === 'closed') return state
  throw new UsageError('LABEL_STUDIO_GATE must be open or closed.')
}

function readScripts(scripts: string): Scripts {
  if (scripts === 'own' || scripts === 'any') return scripts
  throw new UsageError('LABEL_STUDIO_SCRIPTS must be own or any.')
}

function readRules(mode: string): RulesMode {
  if (mode === 'enforce' || mode === 'report' || mode === 'off') return mode
  throw new UsageError('LABEL_STUDIO_RULES must be enforce, report or off.')
}

function readPort(name: string, value: string): number {
  const port = Number(value)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UsageError(`${name} is not a port. Give a number from 0 (any free port) to 65535.`)
}

/**
 * The digest of a given token, and the given digests; the digest of a new token if there are none.
 */
function readAccess(name: 'SCIM_TOKEN' | 'ADMIN_TOKEN', variables: Environment): Access {
  const token = variables[name]
  const digests = readDigests(`${name}_DIGEST`, variables[`${name}_DIGEST`] ?? '')
  if (token && !/^[A-Za-z0-9\-._~+/]{16,}=*$/.test(token)) {
    throw new UsageError(
      `${name} must have at least 16 characters, only letters, digits and -._~+/. ` +
        'Make one with "npx label-studio-scim token".',
    )
  }
  if (token) return { digests: [...new Set([digestToken(token), ...digests])] }
  if (digests.length > 0) return { digests }
  const made = generateToken()
  return { digests: [digestToken(made)], made }
}

function readDigests(name: string, list: string): readonly string[] {
  const digests = list.split(/[\s,]+/).filter((digest) => digest !== '')
  if (digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))) return digests
  throw new UsageError(
    `${name} must be digests from "label-studio-scim token", separated by commas.`,
  )
}
