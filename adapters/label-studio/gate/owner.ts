import {
  type Authenticator,
  forbidden,
  optionTable,
  readOptions,
  sentToken,
  text,
  unauthorized,
  unavailable,
} from '../../../lib/adapter/index.js'
import type { OwnerTokenOptions, OwnerTokenVerdict } from '../api/sessions/owner.js'
import { ownerTokenRows, ownerTokenVerifier } from '../api/sessions/owner.js'

/** Options of `labelStudioOwner`. */
export interface LabelStudioOwnerOptions extends OwnerTokenOptions {
  /** The tenant whose data the owner's token can reach. Default `default`. */
  readonly tenant?: string
}

/** The options of `labelStudioOwner`. */
export const ownerTable = optionTable<LabelStudioOwnerOptions>()(
  'labelStudioOwner',
  'ERR_SCIM_LABEL_STUDIO_OPTION',
  { ...ownerTokenRows, tenant: { type: text(), default: 'default' } },
)

/**
 * An authenticator with which the IdP can use the token of Label Studio's owner as bearer token, as
 * with Label Studio Enterprise's own SCIM. The token is checked against Label Studio and cached for
 * a limited time. Prefer separate tokens (`bearerTokens`), because an owner's token can do
 * everything in Label Studio.
 *
 * @throws ConfigurationError when an option cannot work
 */
export function labelStudioOwner(options: LabelStudioOwnerOptions): Authenticator {
  const { tenant, ...connection } = readOptions(ownerTable, options)
  const verify = ownerTokenVerifier(connection)
  return async (request) => {
    const verdict = await asked(verify(sentToken(request)))
    if (verdict.outcome === 'refused') {
      throw unauthorized('Label Studio does not accept this token.', 'invalid_token')
    }
    if (verdict.outcome === 'notOwner') {
      throw forbidden(
        'The token is valid in Label Studio, but is not the owner’s: only the owner may provision.',
      )
    }
    const scopes = ['scim:read', 'scim:write']
    return { tenant, name: `Label Studio owner ${verdict.accountId}`, scopes }
  }
}

async function asked(verdict: Promise<OwnerTokenVerdict>): Promise<OwnerTokenVerdict> {
  try {
    return await verdict
  } catch (cause) {
    const error = unavailable('Label Studio cannot be asked about the token now.')
    error.cause = cause
    throw error
  }
}
