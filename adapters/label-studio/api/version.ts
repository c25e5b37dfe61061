import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { readRecord, textOf } from './read.js'

/** Community is the open-source edition (1.x), Enterprise the commercial one (2.x). */
export type Edition = 'community' | 'enterprise'

/** The edition and release behind the URL. */
export interface LabelStudioVersion {
  edition: Edition
  /** E.g. `1.23.2`; '' if unknown. */
  release: string
}

/** Reads edition and version; needs no token. */
export async function getVersion(
  http: HttpClient,
  signal?: AbortSignal,
): Promise<LabelStudioVersion> {
  const answer = await http.request({ method: 'GET', path: apiPath`/api/version/`, signal })
  const body = readRecord(answer, 'version')
  const enterprise = textOf(body, 'edition').toLowerCase() === 'enterprise'
  return { edition: enterprise ? 'enterprise' : 'community', release: textOf(body, 'release') }
}

/** Whether Label Studio answers its health check; never throws if the check fails. */
export async function isHealthy(http: HttpClient, signal?: AbortSignal): Promise<boolean> {
  try {
    await http.request({ method: 'GET', path: apiPath`/health`, signal })
    return true
  } catch {
    signal?.throwIfAborted()
    return false
  }
}
