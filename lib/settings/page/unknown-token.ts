import { createHash } from 'node:crypto'
import type { SettingsContext } from '../options.js'

/**
 * Why nobody can sign in with this token. Only whoever has a token of an identity provider learns
 * that it is one, which SCIM would tell them as well.
 */
export async function whyUnknown(
  { tokens }: Pick<SettingsContext, 'tokens'>,
  token: string,
): Promise<string> {
  const digest = createHash('sha256').update(token).digest('hex')
  // The form says the rest, so it does not depend on the store.
  const found = await tokens?.find(digest).catch(() => undefined)
  return found
    ? 'This is the token of an identity provider, which opens SCIM alone. ' +
        'Enter the administrator’s token.'
    : 'This token is not known here. It must be the administrator’s, ' +
        'not the one that the identity provider has.'
}
