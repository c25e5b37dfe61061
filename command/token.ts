import { digestToken, generateToken } from 'label-studio-scim'
import type { CommandCall } from './command.js'

/** Makes a token and its digest. Neither is stored. */
export async function token({ tell }: CommandCall): Promise<number> {
  const made = generateToken()
  const digest = digestToken(made)
  const text = `token   ${made}
digest  ${digest}

The token is shown only once: enter it in the identity provider. The digest is for the host:
SCIM_TOKEN_DIGEST of "label-studio-scim serve", or "digest" of bearerTokens([{ name, digest }]).`
  tell(text, { token: made, digest })
  return 0
}
