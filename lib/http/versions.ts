import { ScimError } from '../errors.js'

const versionSegment = /^v[0-9]+(?:\.[0-9]+)?$/i

/** A path without its version segment. */
export interface VersionedPath {
  readonly segments: readonly string[]
  /** The text to append to the base URL: `/v2` as the client wrote it, or nothing. */
  readonly suffix: string
}

/**
 * Removes the version segment from a path (RFC 7644 §3.13): `v2` may precede an endpoint unless the
 * mount path already ends in a version.
 *
 * @throws ScimError 400 `invalidVers` for a version that is not served
 */
export function readVersion(segments: readonly string[], mountPath: string): VersionedPath {
  const [first = ''] = segments
  if (!versionSegment.test(first) || isVersioned(mountPath)) return { segments, suffix: '' }
  if (first.toLowerCase() === 'v2') return { segments: segments.slice(1), suffix: `/${first}` }
  throw new ScimError(400, 'This SCIM version is not served here. Use version 2, "/v2".', {
    scimType: 'invalidVers',
  })
}

function isVersioned(mountPath: string): boolean {
  return versionSegment.test(mountPath.slice(mountPath.lastIndexOf('/') + 1))
}
