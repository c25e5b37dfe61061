import { ScimError } from '../errors.js'

/** The media type of SCIM (RFC 7644 §8.1). */
export const scimJson = 'application/scim+json'

const json = 'application/json'

/**
 * Refuses a body that is no JSON in UTF-8. A body without `Content-Type` counts as SCIM.
 *
 * @throws ScimError 415
 */
export function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || contentType === scimJson || contentType === json) return
  if (contentType.trim() === '') return
  const [type, ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
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
 * The media type to answer with: `application/json` when that is all `Accept` names, else SCIM's, also where `Accept`
 * excludes both (RFC 9110 §12.4.1 allows to disregard it).
 */
export function responseType(accept: string | undefined): string {
  if (accept === undefined) return scimJson
  const ranges = accept
    .toLowerCase()
    .split(',')
    .filter((range) => !/;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(range))
    .map((range) => range.split(';', 1)[0]?.trim())
  const takesScim = ranges.some((range) => [scimJson, '*/*', 'application/*'].includes(range ?? ''))
  return !takesScim && ranges.includes(json) ? json : scimJson
}
