/**
 * The account that a JSON Web Token names (claim `user_id`). The signature is not checked: the
 * application itself refuses a forged token.
 */
export function accountOfToken(token: string): string | undefined {
  const [, payload] = token.split('.')
  if (payload === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    const id: unknown = claims?.user_id
    return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
  } catch {
    return undefined
  }
}
