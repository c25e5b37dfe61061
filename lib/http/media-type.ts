import { ScimError } from '../errors.js'

/** The media type of SCIM (RFC 7644 §8.1). */
export const scimJson = 'application/scim+json'

const json = 'application/json'

/**
 * Refuses a body that is not JSON in UTF-8. A body without `Content-Type` counts as SCIM.
 *
 * @throws ScimError 415
 */
export function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || contentType === scimJson || contentType === json) return
  if (contentType.trim() === '') return
  const [type, ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^charset\s*=\s*"?([^"\s]*)"?$/.exec(parameter.trim())?.[1])
    .find((value) => value !== undefined)
  if (![scimJson, json].includes(type?.trim() ?? '')) {
    throw new ScimError(415, `The media type of a request body must be ${scimJson}.`, {
      headers: { Accept: `${scimJson}, ${json}` },
    })
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new ScimError(415, 'The charset of a request body must be UTF-8.')
  }
}

/**
 * The media type of the answer: `application/json` if `Accept` prefers it, else SCIM's, even if
 * `Accept` excludes both (RFC 9110 §12.4.1 allows a server to disregard it).
 */
export function responseType(accept: string | undefined): string {
  if (accept === undefined || accept === '*/*' || accept === scimJson) return scimJson
  const ranges = accept.toLowerCase().split(',').map(readRange)
  return weightOf(json, ranges) > weightOf(scimJson, ranges) ? json : scimJson
}

interface Range {
  readonly type: string
  readonly weight: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
  const weight = parameters.flatMap(
    (each) => /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(each)?.[1] ?? [],
  )
  return { type, weight: Math.min(1, Number(weight[0] ?? 1)) }
}

/** The weight of the most specific range that matches a type (RFC 9110 §12.5.1); 0 if none does. */
function weightOf(type: string, ranges: readonly Range[]): number {
  const names = [type, 'application/*', '*/*']
  for (const name of names) {
    const range = ranges.find((each) => each.type === name)
    if (range) return range.weight
  }
  return 0
}
