import { isLabelStudioError, LabelStudioError } from './errors.js'
import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { readArray, readRecord, readString } from './read.js'
import { orUndefined } from './users.js'

/**
 * Revokes all personal access tokens of the account that `http` is used as. Label Studio shows them
 * without their signatures, and revokes them so.
 */
export async function revokePersonalTokens(http: HttpClient, signal?: AbortSignal): Promise<void> {
  try {
    await revokeAll(http, signal)
  } catch (error) {
    if (!isLabelStudioError(error, 'unauthorized', 'forbidden')) throw error
    // It is not the adapter's own token that is refused.
    throw new LabelStudioError('unexpected', 'Label Studio keeps the tokens of an account.')
  }
}

async function revokeAll(http: HttpClient, signal: AbortSignal | undefined): Promise<void> {
  // It answers 404 for one that is revoked already.
  for (const refresh of await list(http, signal)) await revoke(http, refresh, signal)
  // The list may leave tokens out: with PyJWT 2.15 it is always empty. But Label Studio makes no
  // second token for anybody, so that it makes one shows that none is left.
  const made = await make(http, signal)
  if (await revoke(http, made, signal)) return
  throw new LabelStudioError('unexpected', 'Label Studio does not revoke a token that it made.')
}

/** Makes a token. @throws LabelStudioError `unexpected` if the account has one already */
async function make(http: HttpClient, signal: AbortSignal | undefined): Promise<string> {
  const path = apiPath`/api/token/`
  try {
    const answer = await http.request({ method: 'POST', path, body: {}, signal })
    return readString(readRecord(answer, 'token'), 'token', 'token')
  } catch (error) {
    if (!isLabelStudioError(error, 'conflict')) throw error
    throw new LabelStudioError(
      'unexpected',
      'Label Studio has a personal access token of the former person that it does not show, as ' +
        'with PyJWT 2.15, so it cannot be revoked. Nobody gets the account until it can: install ' +
        'PyJWT 2.13 where Label Studio runs.',
    )
  }
}

/** Returns whether the token was valid until now. */
async function revoke(
  http: HttpClient,
  refresh: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const path = apiPath`/api/token/blacklist/`
  const request = { method: 'POST', path, body: { refresh }, signal, repeatable: true } as const
  const done = http.request(request).then(() => true)
  return (await orUndefined(done)) ?? false
}

async function list(http: HttpClient, signal: AbortSignal | undefined): Promise<string[]> {
  const answer = await http.request({ method: 'GET', path: apiPath`/api/token/`, signal })
  return readArray(answer, 'tokens').map((each) =>
    readString(readRecord(each, 'token'), 'token', 'token'),
  )
}
