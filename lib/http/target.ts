import { ScimError } from '../errors.js'

/** The target of a request below the mount path, not yet decoded. */
export interface RequestTarget {
  /**
   * Path segments as sent. One trailing slash and one extra leading slash are ignored, because
   * people paste base URLs with a slash.
   */
  readonly segments: readonly string[]
  /** Without the question mark. */
  readonly query: string
}

/**
 * Splits a request's URL, which may be absolute (RFC 9112 §3.2.2). Dot segments and empty segments
 * are kept.
 */
export function splitTarget(url: string): RequestTarget {
  const relative = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const mark = relative.indexOf('?')
  const path = mark < 0 ? relative : relative.slice(0, mark)
  const segments = path.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  if (segments.length > 1 && segments[0] === '') segments.shift()
  return { segments, query: mark < 0 ? '' : relative.slice(mark + 1) }
}

/**
 * Path segments percent-decoded, exactly once: an encoded slash is part of its segment.
 *
 * @throws ScimError 400 for a malformed escape or one that is not UTF-8
 */
export function decodeSegments(segments: readonly string[]): string[] {
  try {
    return segments.map((segment) =>
      segment.includes('%') ? decodeURIComponent(segment) : segment,
    )
  } catch {
    throw new ScimError(400, 'The URL contains a malformed percent-encoding.')
  }
}

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
