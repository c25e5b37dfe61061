import { deprovisioningEffects } from '../adapters/label-studio/command/doctor.js'
import type { CommunityDeprovisioning } from '../adapters/label-studio/index.js'
import { UsageError } from './command.js'
import type { Environment } from './variables.js'

/** The connection to a Label Studio as its owner. */
export interface LabelStudioEnvironment {
  readonly url: string
  readonly token: string
  /**
   * The owner's sign-in, which deactivates and renames accounts and sets passwords in Community.
   */
  readonly owner?: { readonly email: string; readonly password: string }
  readonly deprovisioning?: CommunityDeprovisioning
  readonly firstSignIn?: 'password' | 'invite'
}

/**
 * The Label Studio in the environment; `undefined` if there is none.
 *
 * @throws UsageError naming the variable that cannot be used
 */
export function readLabelStudio(environment: Environment): LabelStudioEnvironment | undefined {
  const { LABEL_STUDIO_URL: url, LABEL_STUDIO_TOKEN: token } = environment
  const { LABEL_STUDIO_EMAIL: email, LABEL_STUDIO_PASSWORD: password } = environment
  const deprovisioning = environment.LABEL_STUDIO_DEPROVISIONING || undefined
  const firstSignIn = environment.LABEL_STUDIO_FIRST_SIGN_IN || undefined
  if (!url) {
    if (!token) return undefined
    throw new UsageError('LABEL_STUDIO_TOKEN is set: give the base URL as LABEL_STUDIO_URL.')
  }
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new UsageError(
      'LABEL_STUDIO_URL is not an http or https URL. Give the base URL, e.g. http://127.0.0.1:8080.',
    )
  }
  if (!token) {
    throw new UsageError(
      'LABEL_STUDIO_URL is set: give the token of its owner as LABEL_STUDIO_TOKEN.',
    )
  }
  if (Boolean(email) !== Boolean(password)) {
    throw new UsageError('Give both LABEL_STUDIO_EMAIL and LABEL_STUDIO_PASSWORD, or neither.')
  }
  if (deprovisioning !== undefined && !isDeprovisioning(deprovisioning)) {
    throw new UsageError(
      'LABEL_STUDIO_DEPROVISIONING must be admin, gate, soft-delete or hard-delete.',
    )
  }
  if (firstSignIn !== undefined && firstSignIn !== 'password' && firstSignIn !== 'invite') {
    throw new UsageError('LABEL_STUDIO_FIRST_SIGN_IN must be password or invite.')
  }
  if (!email && deprovisioning === 'admin') throw needsOwner('LABEL_STUDIO_DEPROVISIONING=admin')
  if (!email && firstSignIn === 'password') throw needsOwner('LABEL_STUDIO_FIRST_SIGN_IN=password')
  return {
    url,
    token,
    ...(email && password && { owner: { email, password } }),
    ...(deprovisioning && { deprovisioning }),
    ...(firstSignIn && { firstSignIn }),
  }
}

/** The Label Studio in the environment, for commands that need one. */
export function requireLabelStudio(environment: Environment): LabelStudioEnvironment {
  const found = environment.LABEL_STUDIO_TOKEN ? readLabelStudio(environment) : undefined
  if (!found) throw new UsageError('Set LABEL_STUDIO_URL and LABEL_STUDIO_TOKEN.')
  return found
}

function needsOwner(setting: string): UsageError {
  return new UsageError(
    `${setting} needs the owner’s sign-in: LABEL_STUDIO_EMAIL and LABEL_STUDIO_PASSWORD.`,
  )
}

function isDeprovisioning(text: string): text is CommunityDeprovisioning {
  return Object.hasOwn(deprovisioningEffects, text)
}
