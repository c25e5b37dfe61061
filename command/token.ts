import { digestToken, generateToken } from 'label-studio-scim'
import type { CommandCall } from './command.js'

/** Makes a token and its digest. Neither is stored. */
export async function token({ tell }: CommandCall): Promise<number> {
  const made = generateToken()
  const digest = digestToken(made)
  const text = `token   ${made}
digest  ${digest}

The token is shown only once: enter it in the identity provider, and give it to the host as
SCIM_TOKEN, or as "token" of bearerTokens([{ name, token }]). The digest can take its place there:
SCIM_TOKEN_DIGEST, or "digest".`
  tell(text, { token: made, digest })
  return 0
}
