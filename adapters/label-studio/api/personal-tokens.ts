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
  for (const refresh of await list(http, signal)) {
    const path = apiPath`/api/token/blacklist/`
    const request = { method: 'POST', path, body: { refresh }, signal, repeatable: true } as const
    // It answers 404 for one that is revoked already.
    await orUndefined(http.request(request))
  }
  if ((await list(http, signal)).length === 0) return
  throw new LabelStudioError('unexpected', 'Label Studio shows a token that was revoked.')
}

async function list(http: HttpClient, signal: AbortSignal | undefined): Promise<string[]> {
  const answer = await http.request({ method: 'GET', path: apiPath`/api/token/`, signal })
  return readArray(answer, 'tokens').map((each) =>
    readString(readRecord(each, 'token'), 'token', 'token'),
  )
}
