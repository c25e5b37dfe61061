import { LabelStudioError } from '../errors.js'
import type { HttpSettings } from '../options.js'
import { readRecord, readString } from '../read.js'
import { type ApiRequest, type AttemptContext, AttemptFailure, attempt } from './attempt.js'
import { type Credentials, fixedCredentials, refreshingCredentials } from './credentials.js'
import { limiter } from './limiter.js'
import { apiPath } from './path.js'
import { retryDelay } from './retry.js'
import { tokenForm } from './token.js'

/** Sends calls to one Label Studio as one account. */
export interface HttpClient {
  /**
   * Sends `request`, again where that is safe and useful, and returns the answer's JSON (`undefined`
   * for an empty one).
   *
   * @throws LabelStudioError
   * @throws the reason of `request.signal` when that ended it
   */
  request(request: ApiRequest): Promise<unknown>
}

/** A client for one base URL and one token. */
export function httpClient(settings: HttpSettings): HttpClient {
  const limit = limiter(settings.maxConcurrent, settings.maxQueued)
  const context: AttemptContext = { ...settings, redact: redactor([settings.token]) }
  const credentials = credentialsFor(settings, context)

  return {
    request: (request) =>
      limit.run(
        () => withRetries(request, credentials, { ...context, ...settings }),
        request.signal,
      ),
  }
}

type RetryContext = AttemptContext & HttpSettings

async function withRetries(
  request: ApiRequest,
  credentials: Credentials | undefined,
  context: RetryContext,
): Promise<unknown> {
  const repeatable = request.repeatable ?? request.method !== 'POST'
  for (let failed = 1; ; failed += 1) {
    request.signal?.throwIfAborted()
    const failure = await authorized(request, credentials, context).then(
      (answer) => ({ answer }),
      asFailure,
    )
    if ('answer' in failure) return failure.answer
    const delay = retryDelay(
      failure.failure,
      { attempt: failed, repeatable },
      context,
      context.random(),
    )
    if (delay === undefined) throw failure.error
    await context.sleep(delay, request.signal).catch((error: unknown) => {
      request.signal?.throwIfAborted()
      throw error
    })
  }
}

function asFailure(error: unknown): AttemptFailure {
  if (error instanceof AttemptFailure) return error
  throw error
}

/** One attempt; an access token that Label Studio refuses is renewed and tried once more. */
async function authorized(
  request: ApiRequest,
  credentials: Credentials | undefined,
  context: AttemptContext,
): Promise<unknown> {
  const authorization = await credentials?.authorization()
  try {
    return await attempt(request, authorization, context)
  } catch (error) {
    if (authorization === undefined || !(error instanceof AttemptFailure)) throw error
    const refused = error.error.status === 401 && credentials?.refused(authorization)
    if (!refused) throw error
    return attempt(request, await credentials?.authorization(), context)
  }
}

function credentialsFor(settings: HttpSettings, context: AttemptContext): Credentials | undefined {
  const { token } = settings
  if (token === undefined) return undefined
  if (tokenForm(token) !== 'personalAccess') return fixedCredentials(token)
  return refreshingCredentials(() => accessToken(token, context), settings.clock)
}

async function accessToken(personalAccessToken: string, context: AttemptContext): Promise<string> {
  const path = apiPath`/api/token/refresh/`
  const request: ApiRequest = { method: 'POST', path, body: { refresh: personalAccessToken } }
  const answer = await attempt(request, undefined, context).catch((error: unknown) => {
    throw error instanceof AttemptFailure ? beforeTheCall(error) : error
  })
  return readString(readRecord(answer, 'token refresh'), 'access', 'token refresh')
}

/** Without an access token the call itself was never sent, so it may be repeated whatever its verb. */
function beforeTheCall({ error, failure }: AttemptFailure): AttemptFailure {
  const passing = error.kind === 'unavailable'
  return new AttemptFailure(
    new LabelStudioError(error.kind, error.message, {
      ...(error.status !== undefined && { status: error.status }),
      ...(error.detail !== undefined && { detail: error.detail }),
    }),
    { ...failure, neverSent: passing },
  )
}

/** Takes secrets out of a text Label Studio sent. */
function redactor(secrets: (string | undefined)[]): (text: string) => string {
  return (text) =>
    secrets.reduce<string>(
      (clean, secret) => (secret === undefined ? clean : clean.replaceAll(secret, '[redacted]')),
      text,
    )
}

export type { ApiRequest }
