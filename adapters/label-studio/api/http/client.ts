import { isLabelStudioError, LabelStudioError } from '../errors.js'
import type { HttpSettings } from '../options.js'
import { readRecord, readString } from '../read.js'
import { type ApiRequest, type AttemptContext, attempt } from './attempt.js'
import { type Credentials, fixedCredentials, refreshingCredentials } from './credentials.js'
import { limiter } from './limiter.js'
import { apiPath } from './path.js'
import { retrying } from './retry.js'
import { tokenForm } from './token.js'

/** Sends calls to one Label Studio as one account. */
export interface HttpClient {
  /**
   * Sends `request`, with retries if that is safe and useful, and returns the answer's JSON
   * (`undefined` for an empty one).
   *
   * @throws LabelStudioError
   * @throws the reason of `request.signal` when that aborted it
   */
  request(request: ApiRequest): Promise<unknown>
}

/** Called with the outcome of each call: its path without ids, and the error if it failed. */
export type CallObserver = (call: { readonly template: string; readonly error?: unknown }) => void

/** Makes a client for one base URL and one token. */
export function httpClient(settings: HttpSettings, observe: CallObserver = () => {}): HttpClient {
  const limit = limiter(settings.maxConcurrent, settings.maxQueued)
  const context: AttemptContext = { ...settings, redact: redactor(settings.token) }
  const credentials = credentialsFor(settings.token, context)

  return {
    request(request) {
      const { signal, repeatable = request.method !== 'POST' } = request
      const { template } = request.path
      const once = () => authorized(request, credentials, context)
      return limit.run(
        () =>
          retrying(once, { ...settings, repeatable, signal }).then(
            (answer) => {
              observe({ template })
              return answer
            },
            (error: unknown) => {
              observe({ template, error })
              throw error
            },
          ),
        signal,
      )
    },
  }
}

/** Makes one attempt; if Label Studio refuses the access token, renews it and tries once more. */
async function authorized(
  request: ApiRequest,
  credentials: Credentials | undefined,
  context: AttemptContext,
): Promise<unknown> {
  if (credentials === undefined) return attempt(request, undefined, context)
  const authorization = await credentials.authorization()
  try {
    return await attempt(request, authorization, context)
  } catch (error) {
    if (!isLabelStudioError(error, 'unauthorized')) throw error
    if (!credentials.refused(authorization)) throw error
  }
  return attempt(request, await credentials.authorization(), context)
}

function credentialsFor(
  token: string | undefined,
  context: AttemptContext,
): Credentials | undefined {
  if (token === undefined) return undefined
  if (tokenForm(token) !== 'personalAccess') return fixedCredentials(token)
  return refreshingCredentials(() => accessToken(token, context), context.clock)
}

async function accessToken(personalAccessToken: string, context: AttemptContext): Promise<string> {
  const path = apiPath`/api/token/refresh/`
  const request: ApiRequest = { method: 'POST', path, body: { refresh: personalAccessToken } }
  const answer = await attempt(request, undefined, context).catch((error: unknown) => {
    throw isLabelStudioError(error) ? beforeTheCall(error) : error
  })
  return readString(readRecord(answer, 'token refresh'), 'access', 'token refresh')
}

/**
 * Without an access token the call itself was never sent, so it may be repeated whatever its
 * method.
 */
function beforeTheCall({ kind, message, status, detail, retryAfterSeconds }: LabelStudioError) {
  return new LabelStudioError(kind, message, {
    ...(status !== undefined && { status }),
    ...(detail !== undefined && { detail }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    maybeDone: false,
  })
}

/** Removes the token from a text of Label Studio. */
function redactor(token: string | undefined): (text: string) => string {
  return (text) => (token === undefined ? text : text.replaceAll(token, '[redacted]'))
}
