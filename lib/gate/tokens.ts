/**
 * The account that a JSON Web Token names (claim `user_id`), without a look at its signature: a
 * token that is not genuine is refused by the application itself, and one that is genuine tells the
 * truth.
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
